// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine state register: one typed name per meaning, and which meaning a bit has on which core.
//!
//! A bit number is not a meaning: 0x0002_0000 switches the shadow registers of a 603 on, and enables critical
//! interrupts on a 405. Code that wants a bit takes the constant of the meaning it wants; code that prints a
//! value asks the core's [`MsrLayout`] what the bits are called there.
//!
//! Masks count from the least significant bit. The manuals count from the left: bit *n* of a 32-bit manual is
//! `0x8000_0000 >> n`, and manuals in 64-bit numbering (Power ISA, e500mc) call it *n* + 32.

use core::fmt;

use crate::cpu::{Features, Group, Model};

/// Which meanings the MSR bits have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum MsrLayout {
    /// 60x, 7xx, 74xx, 5xx, 8xx (Programming Environments Manual, section 2.3.1).
    Classic,
    /// 603 type: TGPR besides.
    Classic603,
    /// G2_LE, e300: TGPR and the critical enable bit besides.
    ClassicCritical,
    /// 403, 405 (PPC405 User's Manual, MSR).
    Ppc405,
    /// 440, 460 (PPC440 User's Manual, MSR).
    Ppc440,
    /// e200z0 to z7.
    E200,
    /// e500v1, e500v2 (PowerPC e500 Core Family Reference Manual, section 2.5.1).
    E500,
    /// e500mc, e5500, e6500 (e500mc Core Reference Manual, section 2.6.1).
    E500mc,
}

impl MsrLayout {
    /// All layouts.
    pub const ALL: &'static [Self] = &[
        Self::Classic,
        Self::Classic603,
        Self::ClassicCritical,
        Self::Ppc405,
        Self::Ppc440,
        Self::E200,
        Self::E500,
        Self::E500mc,
    ];

    /// The layout of a model.
    #[must_use]
    pub const fn of(model: &Model) -> Self {
        match model.group {
            Group::G2Le | Group::E300 => Self::ClassicCritical,
            Group::Ppc603 => Self::Classic603,
            Group::Ppc403 | Group::Ppc405 => Self::Ppc405,
            Group::Ppc440 => Self::Ppc440,
            Group::E200 => Self::E200,
            Group::E500 => Self::E500,
            Group::E500mc | Group::E6500 => Self::E500mc,
            // A core with shadow registers has TGPR whatever its group is called.
            _ if model.core.features.contains(Features::TGPR) => Self::Classic603,
            _ => Self::Classic,
        }
    }

    /// The mask of `meaning` on this core, if the core has it.
    #[must_use]
    pub fn mask(self, meaning: MsrBit) -> Option<u32> {
        self.bits().find(|bit| *bit == meaning).map(MsrBit::mask)
    }

    /// Which meaning `mask`, a single bit, has on this core.
    #[must_use]
    pub fn meaning(self, mask: u32) -> Option<MsrBit> {
        self.bits().find(|bit| bit.mask() == mask)
    }

    /// The bits of this core, from the left.
    pub fn bits(self) -> impl Iterator<Item = MsrBit> {
        MsrBit::ALL.iter().copied().filter(move |bit| bit.layouts() & (1 << self as u8) != 0)
    }
}

const CLASSIC: u8 = 1 << MsrLayout::Classic as u8 | SHADOW;
const SHADOW: u8 = 1 << MsrLayout::Classic603 as u8 | CRITICAL;
const CRITICAL: u8 = 1 << MsrLayout::ClassicCritical as u8;
const M405: u8 = 1 << MsrLayout::Ppc405 as u8;
const M440: u8 = 1 << MsrLayout::Ppc440 as u8;
const E200: u8 = 1 << MsrLayout::E200 as u8;
const E500: u8 = 1 << MsrLayout::E500 as u8;
const E500MC: u8 = 1 << MsrLayout::E500mc as u8;
const BOOKE: u8 = M440 | E200 | E500 | E500MC;
const ALL: u8 = CLASSIC | M405 | BOOKE;

macro_rules! bits {
    ($($(#[$doc:meta])* $name:ident = $manual:literal, $mask:literal, $text:literal, $layouts:expr;)+) => {
        /// A meaning of an MSR bit.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum MsrBit {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nManual: bit ", stringify!($manual), ". Mask: `", stringify!($mask), "`.")]
                $name,
            )+
        }

        impl MsrBit {
            /// All meanings, from the left.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The bit as a mask, counted from the least significant bit.
            #[must_use]
            pub const fn mask(self) -> u32 {
                match self { $(Self::$name => $mask,)+ }
            }

            /// The bit's number as 32-bit manuals count, 0 being the most significant.
            #[must_use]
            pub const fn manual_bit(self) -> u8 {
                match self { $(Self::$name => $manual,)+ }
            }

            /// The name as the manuals write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            const fn layouts(self) -> u8 {
                match self { $(Self::$name => $layouts,)+ }
            }
        }
    };
}

bits! {
    /// Computation mode: 64 bit (e5500, e6500).
    ComputationMode = 0, 0x8000_0000, "CM", E500MC;
    /// Guest state.
    GuestState = 3, 0x1000_0000, "GS", E500MC;
    /// Cache locking in user mode.
    UserCacheLock = 5, 0x0400_0000, "UCLE", E200 | E500 | E500MC;
    /// AltiVec available (74xx).
    Vector = 6, 0x0200_0000, "VEC", CLASSIC;
    /// Auxiliary processor available.
    Auxiliary = 6, 0x0200_0000, "AP", M405;
    /// SPE available (e500v1, e500v2, e200). On the e6500 the same bit is AltiVec.
    Spe = 6, 0x0200_0000, "SPE", E200 | E500;
    /// AltiVec available (e6500).
    VectorE6500 = 6, 0x0200_0000, "VEC", E500MC;
    /// Auxiliary processor exceptions enabled.
    AuxiliaryException = 12, 0x0008_0000, "APE", M405;
    /// Power management enable.
    Power = 13, 0x0004_0000, "POW", CLASSIC;
    /// Wait state enable.
    Wait = 13, 0x0004_0000, "WE", M405 | M440 | E200 | E500;
    /// r0 to r3 are the shadow registers.
    ShadowGprs = 14, 0x0002_0000, "TGPR", SHADOW;
    /// Critical interrupts enabled.
    Critical = 14, 0x0002_0000, "CE", M405 | BOOKE;
    /// Byte order that exceptions switch to.
    ExceptionLittleEndian = 15, 0x0001_0000, "ILE", CLASSIC;
    /// External interrupts enabled.
    External = 16, 0x0000_8000, "EE", ALL;
    /// Problem state (user mode).
    Problem = 17, 0x0000_4000, "PR", ALL;
    /// Floating point available.
    FloatingPoint = 18, 0x0000_2000, "FP", ALL;
    /// Machine checks enabled; when clear, a machine check stops the core.
    MachineCheck = 19, 0x0000_1000, "ME", ALL;
    /// Floating-point exception mode, upper bit.
    FpMode0 = 20, 0x0000_0800, "FE0", ALL;
    /// Single step.
    SingleStep = 21, 0x0000_0400, "SE", CLASSIC;
    /// Debug wait enable.
    DebugWait = 21, 0x0000_0400, "DWE", M405 | M440;
    /// User branch-buffer lock enable.
    UserBranchLock = 21, 0x0000_0400, "UBLE", E500;
    /// Branch trace.
    BranchTrace = 22, 0x0000_0200, "BE", CLASSIC;
    /// Debug interrupts enabled.
    Debug = 22, 0x0000_0200, "DE", M405 | BOOKE;
    /// Floating-point exception mode, lower bit.
    FpMode1 = 23, 0x0000_0100, "FE1", ALL;
    /// Critical interrupts enabled (G2_LE, e300).
    CriticalClassic = 24, 0x0000_0080, "CE", CRITICAL;
    /// Exception prefix: vectors at 0xFFF0_0000 instead of 0.
    Prefix = 25, 0x0000_0040, "IP", CLASSIC;
    /// Instruction address translation on.
    InstructionRelocate = 26, 0x0000_0020, "IR", CLASSIC | M405;
    /// Instruction address space.
    InstructionSpace = 26, 0x0000_0020, "IS", BOOKE;
    /// Data address translation on.
    DataRelocate = 27, 0x0000_0010, "DR", CLASSIC | M405;
    /// Data address space.
    DataSpace = 27, 0x0000_0010, "DS", BOOKE;
    /// Performance monitor mark.
    PerformanceMark = 29, 0x0000_0004, "PMM", CLASSIC | E200 | E500 | E500MC;
    /// The state is recoverable after an exception.
    Recoverable = 30, 0x0000_0002, "RI", CLASSIC | E200 | E500MC;
    /// Little-endian mode.
    LittleEndian = 31, 0x0000_0001, "LE", CLASSIC;
}

const _: () = {
    let mut i = 0;
    while i < MsrBit::ALL.len() {
        let a = MsrBit::ALL[i];
        assert!(a.mask() == 0x8000_0000 >> a.manual_bit(), "mask and manual number of an MSR bit disagree");
        let mut j = 0;
        while j < i {
            let b = MsrBit::ALL[j];
            assert!(a.mask() != b.mask() || a.layouts() & b.layouts() == 0, "an MSR bit has two meanings on one core");
            j += 1;
        }
        i += 1;
    }
};

/// An MSR value together with what its bits mean; prints as the names of the bits that are set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MsrNames {
    layout: MsrLayout,
    value: u32,
}

impl MsrNames {
    /// `value` as a core with `layout` understands it.
    #[must_use]
    pub const fn new(layout: MsrLayout, value: u32) -> Self {
        Self { layout, value }
    }
}

impl fmt::Display for MsrNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.value;
        let mut first = true;
        for bit in self.layout.bits().filter(|bit| self.value & bit.mask() != 0) {
            let gap = if first { "" } else { " " };
            write!(f, "{gap}{}", bit.name())?;
            first = false;
            rest &= !bit.mask();
        }
        match (first, rest) {
            (true, 0) => f.write_str("-"),
            (false, 0) => Ok(()),
            (true, _) => write!(f, "unnamed {rest:08x}"),
            (false, _) => write!(f, " unnamed {rest:08x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Written down from the manuals' pictures, apart from the table: (layout, manual bit, mask, name).
    const FROM_MANUALS: &[(MsrLayout, u8, u32, &str)] = &[
        (MsrLayout::Classic, 6, 0x0200_0000, "VEC"),
        (MsrLayout::Classic, 13, 0x0004_0000, "POW"),
        (MsrLayout::Classic603, 14, 0x0002_0000, "TGPR"),
        (MsrLayout::ClassicCritical, 14, 0x0002_0000, "TGPR"),
        (MsrLayout::ClassicCritical, 24, 0x0000_0080, "CE"),
        (MsrLayout::Classic, 21, 0x0000_0400, "SE"),
        (MsrLayout::Classic, 22, 0x0000_0200, "BE"),
        (MsrLayout::Classic, 25, 0x0000_0040, "IP"),
        (MsrLayout::Classic, 26, 0x0000_0020, "IR"),
        (MsrLayout::Classic, 27, 0x0000_0010, "DR"),
        (MsrLayout::Classic, 30, 0x0000_0002, "RI"),
        (MsrLayout::Classic, 31, 0x0000_0001, "LE"),
        (MsrLayout::Ppc405, 13, 0x0004_0000, "WE"),
        (MsrLayout::Ppc405, 14, 0x0002_0000, "CE"),
        (MsrLayout::Ppc405, 21, 0x0000_0400, "DWE"),
        (MsrLayout::Ppc405, 26, 0x0000_0020, "IR"),
        (MsrLayout::Ppc440, 26, 0x0000_0020, "IS"),
        (MsrLayout::Ppc440, 27, 0x0000_0010, "DS"),
        (MsrLayout::E500, 6, 0x0200_0000, "SPE"),
        (MsrLayout::E500, 14, 0x0002_0000, "CE"),
        (MsrLayout::E500, 16, 0x0000_8000, "EE"),
        (MsrLayout::E500, 17, 0x0000_4000, "PR"),
        (MsrLayout::E500, 19, 0x0000_1000, "ME"),
        (MsrLayout::E500, 21, 0x0000_0400, "UBLE"),
        (MsrLayout::E500, 22, 0x0000_0200, "DE"),
        (MsrLayout::E500mc, 3, 0x1000_0000, "GS"),
        (MsrLayout::E500mc, 18, 0x0000_2000, "FP"),
        (MsrLayout::E500mc, 30, 0x0000_0002, "RI"),
        (MsrLayout::E500mc, 6, 0x0200_0000, "VEC"),
    ];

    #[test]
    fn both_numberings_lead_to_the_same_bit() {
        for &(layout, manual, mask, name) in FROM_MANUALS {
            let by_mask = layout.meaning(mask).unwrap();
            assert_eq!((by_mask.manual_bit(), by_mask.name()), (manual, name), "{layout:?}");
            let by_number = layout.bits().find(|bit| bit.manual_bit() == manual).unwrap();
            assert_eq!((by_number.mask(), by_number.name()), (mask, name), "{layout:?}");
            assert_eq!(layout.mask(by_mask), Some(mask));
        }
    }

    #[test]
    fn one_bit_has_one_meaning_per_core() {
        assert_eq!(MsrLayout::Classic.meaning(0x0002_0000), None);
        assert_eq!(MsrLayout::Classic603.meaning(0x0002_0000), Some(MsrBit::ShadowGprs));
        assert_eq!(MsrLayout::Ppc405.meaning(0x0002_0000), Some(MsrBit::Critical));
        assert_eq!(MsrLayout::E500.meaning(2), None);
        assert_eq!(MsrLayout::Classic603.mask(MsrBit::CriticalClassic), None);
    }

    #[test]
    fn values_print_as_names() {
        assert_eq!(MsrNames::new(MsrLayout::E500, 0x0202_9000).to_string(), "SPE CE EE ME");
        assert_eq!(MsrNames::new(MsrLayout::Classic603, 0x0002_9032).to_string(), "TGPR EE ME IR DR RI");
        assert_eq!(MsrNames::new(MsrLayout::E500, 0).to_string(), "-");
        assert_eq!(MsrNames::new(MsrLayout::E500, 0x8000_0008).to_string(), "unnamed 80000008");
        assert_eq!(MsrNames::new(MsrLayout::Ppc440, 0x0000_8008).to_string(), "EE unnamed 00000008");
    }
}
