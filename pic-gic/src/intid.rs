// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupt ids: which classes there are, and the numbers that are no interrupts.

use crate::Error;
use core::fmt;

/// Id of an interrupt (INTID): never one of the special numbers 1020 to 1023.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct IntId(u32);

/// Class of an interrupt id (IHI 0069, 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// Software-generated, 0 to 15, private to a core.
    Sgi,
    /// Private peripheral, 16 to 31.
    Ppi,
    /// Shared peripheral, 32 to 1019.
    Spi,
    /// Extended private peripheral, 1056 to 1119 (GICv3.1).
    ExtendedPpi,
    /// Extended shared peripheral, 4096 to 5119 (GICv3.1).
    ExtendedSpi,
    /// Locality-specific, 8192 and above: messages through tables in memory (GICv3).
    Lpi,
}

/// The numbers that an acknowledge register answers when there is no interrupt to give.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
pub enum Special {
    /// 1020: pending, but to be handled at Secure EL1 (read at EL3, GICv3).
    ForSecureEl1 = 1020,
    /// 1021: pending, but to be handled in the Non-secure state (read at EL3, GICv3).
    ForNonSecure = 1021,
    /// 1022: the pending interrupt is of the other group; taking it needs the other acknowledge
    /// register or AckCtl. Left alone, the exception is taken again at once.
    OtherGroup = 1022,
    /// 1023: nothing is pending (any more).
    None = 1023,
}

impl Special {
    /// Whether `id` is one of the four, in one comparison.
    #[inline(always)]
    pub(crate) const fn is(id: u32) -> bool {
        id & !3 == 1020
    }

    /// Which of the four `id` is, by its low bits.
    #[inline]
    pub(crate) const fn of(id: u32) -> Self {
        match id & 3 {
            0 => Self::ForSecureEl1,
            1 => Self::ForNonSecure,
            2 => Self::OtherGroup,
            _ => Self::None,
        }
    }

    /// The special number `id`, if it is one.
    pub const fn from_id(id: u32) -> Option<Self> {
        if Self::is(id) { Some(Self::of(id)) } else { None }
    }
}

impl IntId {
    /// Software-generated interrupt `n`, 0 to 15.
    pub const fn sgi(n: u32) -> Option<Self> {
        if n < 16 { Some(Self(n)) } else { None }
    }

    /// Private peripheral interrupt `n`, 0 to 15: id 16 + n.
    pub const fn ppi(n: u32) -> Option<Self> {
        if n < 16 { Some(Self(16 + n)) } else { None }
    }

    /// Shared peripheral interrupt `n`, 0 to 987: id 32 + n.
    pub const fn spi(n: u32) -> Option<Self> {
        if n < 988 { Some(Self(32 + n)) } else { None }
    }

    /// Extended private peripheral interrupt `n`, 0 to 63: id 1056 + n.
    pub const fn extended_ppi(n: u32) -> Option<Self> {
        if n < 64 { Some(Self(1056 + n)) } else { None }
    }

    /// Extended shared peripheral interrupt `n`, 0 to 1023: id 4096 + n.
    pub const fn extended_spi(n: u32) -> Option<Self> {
        if n < 1024 { Some(Self(4096 + n)) } else { None }
    }

    /// Any id by its number; [`Error::Reserved`] for numbers that name no interrupt.
    pub const fn new(id: u32) -> Result<Self, Error> {
        match id {
            0..=1019 | 1056..=1119 | 4096..=5119 | 8192..=0xff_ffff => Ok(Self(id)),
            _ => Err(Error::Reserved { id }),
        }
    }

    /// The number.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The class.
    pub const fn class(self) -> Class {
        match self.0 {
            0..=15 => Class::Sgi,
            16..=31 => Class::Ppi,
            32..=1019 => Class::Spi,
            1056..=1119 => Class::ExtendedPpi,
            4096..=5119 => Class::ExtendedSpi,
            _ => Class::Lpi,
        }
    }

    /// Whether each core has an interrupt of its own with this id.
    pub const fn is_private(self) -> bool {
        matches!(self.class(), Class::Sgi | Class::Ppi | Class::ExtendedPpi)
    }

    /// For ids that hardware has just handed out and that were checked not to be special.
    #[inline(always)]
    pub(crate) const fn from_hardware(id: u32) -> Self {
        Self(id)
    }
}

impl fmt::Debug for IntId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class() {
            Class::Sgi => write!(f, "SGI {}", self.0),
            Class::Ppi => write!(f, "PPI {} (id {})", self.0 - 16, self.0),
            Class::Spi => write!(f, "SPI {} (id {})", self.0 - 32, self.0),
            Class::ExtendedPpi => write!(f, "extended PPI {} (id {})", self.0 - 1056, self.0),
            Class::ExtendedSpi => write!(f, "extended SPI {} (id {})", self.0 - 4096, self.0),
            Class::Lpi => write!(f, "LPI {}", self.0),
        }
    }
}

/// Group of an interrupt. What the core is told depends on it: group 0 is signalled as FIQ where
/// that is armed, group 1 as IRQ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// Group 0.
    Zero,
    /// Group 1, of the security state that the driver runs in.
    One,
}

/// When an input counts as asserted. The GIC has no choice of polarity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trigger {
    /// As long as the input is active.
    Level,
    /// Once for each activation.
    Edge,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn constructors_check_their_range() {
        assert_eq!(IntId::sgi(15).map(IntId::number), Some(15));
        assert_eq!(IntId::sgi(16), None);
        assert_eq!(IntId::ppi(15).map(IntId::number), Some(31));
        assert_eq!(IntId::ppi(16), None);
        assert_eq!(IntId::spi(987).map(IntId::number), Some(1019));
        assert_eq!(IntId::spi(988), None);
        assert_eq!(IntId::extended_ppi(63).map(IntId::number), Some(1119));
        assert_eq!(IntId::extended_ppi(64), None);
        assert_eq!(IntId::extended_spi(1023).map(IntId::number), Some(5119));
        assert_eq!(IntId::extended_spi(1024), None);
    }

    #[test]
    fn reserved_numbers_are_refused_with_the_number() {
        for id in [1020, 1021, 1022, 1023, 1024, 1055, 1120, 4095, 5120, 8191, u32::MAX] {
            assert_eq!(IntId::new(id), Err(Error::Reserved { id }));
        }
        for id in [0, 31, 32, 1019, 1056, 1119, 4096, 5119, 8192] {
            assert_eq!(IntId::new(id).map(IntId::number), Ok(id));
        }
    }

    #[test]
    fn special_numbers_have_their_own_meaning_each() {
        assert_eq!(Special::from_id(1020), Some(Special::ForSecureEl1));
        assert_eq!(Special::from_id(1021), Some(Special::ForNonSecure));
        assert_eq!(Special::from_id(1022), Some(Special::OtherGroup));
        assert_eq!(Special::from_id(1023), Some(Special::None));
        assert_eq!(Special::from_id(1019), None);
        assert_eq!(Special::from_id(1024), None);
    }

    #[test]
    fn debug_says_what_an_engineer_would() {
        assert_eq!(format!("{:?}", IntId::new(4).unwrap()), "SGI 4");
        assert_eq!(format!("{:?}", IntId::new(27).unwrap()), "PPI 11 (id 27)");
        assert_eq!(format!("{:?}", IntId::new(37).unwrap()), "SPI 5 (id 37)");
        assert_eq!(format!("{:?}", IntId::new(1056).unwrap()), "extended PPI 0 (id 1056)");
    }
}
