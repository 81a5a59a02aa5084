// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flavors: how an exception saves and returns, and classes: who may interrupt whom.
//!
//! A *flavor* is the pair of save/restore registers with its return instruction; it decides which
//! instructions a wrapper is made of. A *class* is the level at which a handler runs; it decides the stack,
//! and whether the scheduler may be reached from it. Machine check has the class of that name on every
//! core, but its flavor differs: SRR0/1 on classic cores, SRR2/3 on the 405, CSRR0/1 on a 440GP, MCSRR0/1 on an e500.

use core::fmt;

/// The save/restore pair and the return instruction of an exception.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Flavor {
    /// SRR0/1 (SPR 26/27), `rfi`.
    Classic,
    /// 405 critical: SRR2/3 (SPR 990/991), `rfci`.
    Critical405,
    /// Book E critical: CSRR0/1 (SPR 58/59), `rfci`; also critical input of G2_LE and e300.
    Critical,
    /// e500 and 440A machine check: MCSRR0/1 (SPR 570/571), `rfmci`.
    MachineCheck,
    /// Enhanced debug: DSRR0/1 (SPR 574/575), `rfdi`.
    Debug,
    /// SRR0/1 and no wrapper at all: the vector branches straight to the board's own assembly.
    Naked,
}

impl Flavor {
    /// The SPR numbers (decimal, as in the manuals) of the pair that holds PC and MSR.
    #[must_use]
    pub const fn save_pair(self) -> (u16, u16) {
        match self {
            Self::Classic | Self::Naked => (26, 27),
            Self::Critical405 => (990, 991),
            Self::Critical => (58, 59),
            Self::MachineCheck => (570, 571),
            Self::Debug => (574, 575),
        }
    }

    /// The encoding of the instruction that returns from it.
    #[must_use]
    pub const fn return_instruction(self) -> u32 {
        match self {
            Self::Classic | Self::Naked => 0x4C00_0064,
            Self::Critical405 | Self::Critical => 0x4C00_0066,
            Self::MachineCheck => 0x4C00_004C,
            Self::Debug => 0x4C00_004E,
        }
    }

    /// The name as machine-readable output prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Critical405 => "critical-405",
            Self::Critical => "critical",
            Self::MachineCheck => "machine-check",
            Self::Debug => "debug",
            Self::Naked => "naked",
        }
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The level at which a handler runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Masked by MSR\[EE\], or synchronous.
    Standard,
    /// Masked by MSR\[CE\]; interrupts standard ones at any instruction.
    Critical,
    /// Masked by MSR\[DE\]; own stack, never reaches the scheduler.
    Debug,
    /// Never masked; own stack, never reaches the scheduler when asynchronous. System reset belongs here too.
    MachineCheck,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Standard => "standard",
            Self::Critical => "critical",
            Self::Debug => "debug",
            Self::MachineCheck => "machine check",
        })
    }
}
