// SPDX-License-Identifier: MIT OR Apache-2.0
//! CPU identification: from the processor version register to a model and what it can do.
//!
//! [`identify`] is a pure lookup. It keeps nothing, so an unknown CPU is an error every time it is asked, and
//! it needs no hardware, so a host can answer for any PVR. Everything that entry code or an install
//! step depends on is data of the model's [`Core`]; nobody else compares PVRs.

mod e500;
mod features;

use core::fmt;

pub use features::Features;

use crate::flavor::Flavor;

/// The processor version register (SPR 287).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Pvr(pub u32);

impl fmt::Display for Pvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for Pvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pvr({self})")
    }
}

/// CPU groups: all models of a group have the same vectors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Group {
    /// 601.
    Ppc601,
    /// MPC5xx.
    Mpc5xx,
    /// 602, 603, 603e/ev, G2: software table walk with shadow registers.
    Ppc603,
    /// G2_LE: as 603, and critical input.
    G2Le,
    /// e300c1 to c4.
    E300,
    /// 604, 604e, 604r.
    Ppc604,
    /// 620 (64 bit, refused).
    Ppc620,
    /// 740, 750 and descendants with a hardware table walk.
    Ppc750,
    /// 745, 755: as 750, and software table walk vectors.
    Ppc755,
    /// 7400, 7410.
    Ppc7400,
    /// 7440 to 7457, 7447A, 7448, e600.
    Ppc7450,
    /// MPC8xx.
    Mpc8xx,
    /// 403.
    Ppc403,
    /// 405.
    Ppc405,
    /// 440, 460, 464.
    Ppc440,
    /// e200z0 to z7.
    E200,
    /// e500v1, e500v2.
    E500,
    /// e500mc, e5500.
    E500mc,
    /// e6500.
    E6500,
    /// 970 (64 bit, refused).
    Ppc970,
}

/// Which register moves the vectors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VectorBase {
    /// MSR\[IP\]: 0x0000_0000 or 0xFFF0_0000.
    MsrIp,
    /// EVPR, upper 16 bits (405); on the 403 likewise.
    Evpr,
    /// IVPR, upper 16 bits, and one IVOR per exception.
    Ivpr,
    /// IVPR, and IVORs that are wired to steps of 16 bytes (e200z0, e200z1).
    IvprFixed,
}

/// Which timer makes the tick.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TickTimer {
    /// Decrementer without reload: the handler re-arms it.
    Decrementer,
    /// Decrementer with DECAR and TCR\[ARE\].
    DecrementerReload,
    /// Programmable interval timer with TCR\[ARE\].
    Pit,
}

/// What a core is made of, as far as exceptions depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Core {
    /// Units and abilities.
    pub features: Features,
    /// Bytes of a cache line: 16, 32 or 64.
    pub cache_line: u8,
    /// Pairs of block address translation registers for instructions (and as many for data); 0 = none.
    pub bats: u8,
    /// MSR mask of the critical enable bit, 0 where the core has no critical class.
    /// Book E and 405: 0x0002_0000; G2_LE and e300: 0x0000_0080.
    pub critical_enable: u32,
    /// Flavor of critical exceptions, where there are any.
    pub critical: Option<Flavor>,
    /// Flavor of machine check.
    pub machine_check: Flavor,
    /// Flavor of debug exceptions, where there are any.
    pub debug: Option<Flavor>,
    /// Which register moves the vectors.
    pub vector_base: VectorBase,
    /// Which timer makes the tick.
    pub tick: TickTimer,
}

/// A model: one or more PVRs, its group and its core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Model {
    /// The name, as its manual writes it.
    pub name: &'static str,
    /// PVR value under `mask`.
    pub value: u32,
    /// PVR bits that decide; the others hold the revision.
    pub mask: u32,
    /// The group.
    pub group: Group,
    /// What it is made of.
    pub core: Core,
}

impl Model {
    const fn matches(&self, pvr: u32) -> bool {
        pvr & self.mask == self.value
    }
}

/// An identified CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cpu {
    pvr: Pvr,
    model: &'static Model,
}

impl Cpu {
    /// The PVR it was identified by.
    #[must_use]
    pub const fn pvr(&self) -> Pvr {
        self.pvr
    }

    /// Its model.
    #[must_use]
    pub const fn model(&self) -> &'static Model {
        self.model
    }

    /// Its group.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.model.group
    }

    /// What it is made of.
    #[must_use]
    pub const fn core(&self) -> &'static Core {
        &self.model.core
    }

    /// Its units and abilities.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.model.core.features
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (PVR {}): {}", self.model.name, self.pvr, self.model.core.features)
    }
}

/// The PVR belongs to no CPU in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownCpu(
    /// The PVR.
    pub Pvr,
);

impl fmt::Display for UnknownCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PVR {} belongs to no 32-bit PowerPC that this crate knows", self.0)
    }
}

impl core::error::Error for UnknownCpu {}

/// The models by table; within a table the more specific row stands first.
const TABLES: &[&[Model]] = &[e500::MODELS];

/// All models, for tools and tests.
pub fn models() -> impl Iterator<Item = &'static Model> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// Which CPU has this PVR.
///
/// # Errors
/// [`UnknownCpu`] with the PVR, as often as it is asked.
pub fn identify(pvr: Pvr) -> Result<Cpu, UnknownCpu> {
    models().find(|model| model.matches(pvr.0)).map(|model| Cpu { pvr, model }).ok_or(UnknownCpu(pvr))
}
