// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaving an image: cache off and clean, coherency left, translation off, jump. One piece of assembly per core type.
//!
//! The sequence serves both sides. A victim leaves for the pen, with the registers that [`Area::departure`] names; a
//! requester that holds an `ImageExclusive` leaves for code outside the image that overwrites it.
//!
//! Each core type names its steps as a list that `hal_smp_api::victim::follows` checks at compile time. What comes before
//! `CacheOff` (end of interrupt, masks, `Entered`, quiet timers and interrupt interface) is Rust code of the board,
//! since it names the board's devices.
//!
//! [`Area::departure`]: crate::pen::Area::departure

#[cfg(target_arch = "arm")]
pub mod a32;
#[cfg(target_arch = "aarch64")]
pub mod armv8;
#[cfg(target_arch = "arm")]
pub mod cortex_a15;
#[cfg(target_arch = "arm")]
pub mod cortex_a9;

use core::fmt;

/// Where a core goes when it leaves, and what it takes along in registers: it has no memory to look things up in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Departure {
    /// Physical address of the first instruction, outside everything that will be overwritten. Bit 0 chooses T32.
    pub target: usize,
    /// What the target finds in r0 to r5 (AArch64: x0 to x5).
    pub args: [usize; 6],
}

/// What to do about the coherency domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Coherency {
    /// Leave it: the core is in Secure state, or firmware made the control bit writable (NSACR bit 18 on Cortex-A9, A15).
    Leave,
    /// Stay: the control bit is firmware's. With its cache off and clean the core holds no line that could reach the
    /// image, but nobody may switch its power off.
    Keep,
}

/// How much is cleaned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Levels {
    /// What a victim has for itself. In the cores with a sequence of their own here, and in Cortex-A35, A53, A57, A72 and A73, that is the
    /// level 1 data cache; those that it shares stay as they are, and stay coherent with the requester. No register says how
    /// many levels are private (CLIDR's LoUIS speaks of unification, and is 0 or 1 beside a private level 2 in later cores), so in
    /// any other core it is all levels.
    Own,
    /// All levels up to the point of coherency (CLIDR.LoC), for a requester that goes on with its caches off: lines of a
    /// shared cache would hide what is in memory, and be written back over it later. Only with every other core
    /// stopped: cleaning by set and way is meant for one core alone (DDI 0406C, B2.2.6).
    All,
}

/// The choices of a leaving sequence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Manner {
    /// The coherency domain.
    pub coherency: Coherency,
    /// The caches.
    pub levels: Levels,
}

impl Manner {
    /// Bit of [`flags`](Self::flags): stay in the coherency domain.
    pub const KEEP: u32 = 1;
    /// Bit of [`flags`](Self::flags): all levels.
    pub const ALL: u32 = 2;

    /// As the assembly takes it.
    #[must_use]
    pub const fn flags(self) -> u32 {
        let keep = if matches!(self.coherency, Coherency::Keep) { Self::KEEP } else { 0 };
        let all = if matches!(self.levels, Levels::All) { Self::ALL } else { 0 };
        keep | all
    }
}

/// No leaving sequence is known for this core; carries its MIDR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownCore(pub u32);

impl fmt::Display for UnknownCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no leaving sequence for the core with MIDR {:#010x}", self.0)
    }
}

impl core::error::Error for UnknownCore {}
