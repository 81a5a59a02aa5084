// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known about a stopped core, as types: `Quiesced < Parked < Off`.
//!
//! None of them can be made by hand: a [`Stop`](crate::stop::Stop) hands them out.

use crate::cpus::Cpu;
use crate::word::Generation;

/// Where a parked core sits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PenKind {
    /// In our pen: it acknowledged from there and answered the challenge.
    Ours,
    /// In the pen where power-on left it; the platform vouches for it.
    Boot,
}

/// Why a core is off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum OffProof {
    /// Firmware says so (PSCI `AFFINITY_INFO` = OFF).
    Firmware,
    /// A status register says that it is held in reset.
    InReset,
    /// A status register says that its power is gone.
    PowerGated,
    /// It was never started, and hardware holds it.
    NeverStarted,
}

/// The core runs its stop handler inside the old image: enough before a reset of the whole machine, no more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Quiesced {
    pub(crate) cpu: Cpu,
    pub(crate) generation: Generation,
}

/// The core executes in a pen outside every image: enough to replace the image.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Parked {
    pub(crate) cpu: Cpu,
    pub(crate) generation: Generation,
    pub(crate) pen: PenKind,
}

/// The core does not execute: enough to give the pen's memory away too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Off {
    pub(crate) cpu: Cpu,
    pub(crate) generation: Generation,
    pub(crate) proof: OffProof,
}

impl Quiesced {
    /// The core.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        self.cpu
    }
    /// The stop in which it was seen.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }
}

impl Parked {
    /// The core.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        self.cpu
    }
    /// Where it sits.
    #[must_use]
    pub const fn pen(&self) -> PenKind {
        self.pen
    }
    /// The weaker statement.
    #[must_use]
    pub const fn quiesced(&self) -> Quiesced {
        Quiesced { cpu: self.cpu, generation: self.generation }
    }
}

impl Off {
    /// The core.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        self.cpu
    }
    /// Why it is off.
    #[must_use]
    pub const fn proof(&self) -> OffProof {
        self.proof
    }
    /// The weaker statement.
    #[must_use]
    pub const fn quiesced(&self) -> Quiesced {
        Quiesced { cpu: self.cpu, generation: self.generation }
    }
}

/// Evidence that suffices for replacing the image. There is no way from [`Quiesced`] to here:
///
/// ```compile_fail,E0277
/// use hal_smp_api::evidence::{Confirmed, Quiesced};
/// fn promote(weak: Quiesced) -> Confirmed { weak.into() }
/// ```
///
/// and none from nothing:
///
/// ```compile_fail,E0451
/// use hal_smp_api::{cpus::Cpu, word::Generation, evidence::{Confirmed, Parked, PenKind}};
/// let forged = Parked { cpu: Cpu::new(1).unwrap(), generation: Generation::FIRST, pen: PenKind::Ours };
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Confirmed {
    /// In a pen.
    Parked(Parked),
    /// Not executing.
    Off(Off),
}

impl Confirmed {
    /// The core.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        match self {
            Self::Parked(parked) => parked.cpu,
            Self::Off(off) => off.cpu,
        }
    }

    /// The stop that produced it.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        match self {
            Self::Parked(parked) => parked.generation,
            Self::Off(off) => off.generation,
        }
    }
}

impl From<Parked> for Confirmed {
    fn from(parked: Parked) -> Self {
        Self::Parked(parked)
    }
}

impl From<Off> for Confirmed {
    fn from(off: Off) -> Self {
        Self::Off(off)
    }
}
