// SPDX-License-Identifier: MIT OR Apache-2.0
//! Units and abilities of a core, as a set of flags.

use core::fmt;
use core::ops::BitOr;

/// A set of units and abilities.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Features(u32);

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)+) => {
        impl Features {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)+

            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text),)+];
        }
    };
}

features! {
    /// Floating-point unit with FPRs, switched by MSR\[FP\].
    FPU = 0, "fpu";
    /// AltiVec, switched by MSR bit 0x0200_0000.
    ALTIVEC = 1, "altivec";
    /// Signal processing engine: 64-bit GPRs, switched by MSR bit 0x0200_0000.
    SPE = 2, "spe";
    /// The hardware walks the page table.
    HW_TABLE_WALK = 3, "hw-table-walk";
    /// r0 to r3 are shadow registers in the TLB-miss vectors (MSR\[TGPR\], 0x0002_0000).
    TGPR = 4, "tgpr";
    /// `isel`.
    ISEL = 5, "isel";
    /// `rfmci`, the return of the machine-check pair.
    RFMCI = 6, "rfmci";
    /// `rfdi`, the return of the debug pair.
    RFDI = 7, "rfdi";
    /// MSR\[RI\] tells whether an exception can be returned from.
    RI = 8, "ri";
    /// The CPU can be one of several (PIR is meaningful).
    SMP = 9, "smp";
    /// Implements 64-bit mode too; used in 32-bit mode here.
    PPC64 = 10, "ppc64";
    /// `lwsync` is a lighter barrier here, not an illegal instruction.
    LWSYNC = 11, "lwsync";
    /// `wrteei`.
    WRTEEI = 12, "wrteei";
    /// Performance monitor with an exception of its own.
    PERFORMANCE_MONITOR = 13, "performance-monitor";
    /// Made with and without an FPU under the same PVR: only an instruction tells (see [`probe`](super::probe)).
    FPU_OPTIONAL = 14, "fpu-optional";
    /// Address translation.
    MMU = 15, "mmu";
    /// Time base that `mftb` reads (the 601 has a real-time clock instead).
    TIME_BASE = 16, "time-base";
    /// MMU assist register MAS7: physical addresses of more than 32 bits.
    MAS7 = 17, "mas7";
}

impl Features {
    /// No unit at all.
    pub const NONE: Self = Self(0);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every flag of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the flags in this set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| *name)
    }
}

impl BitOr for Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}
