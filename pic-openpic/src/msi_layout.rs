// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the shared message-signalled interrupts of a Freescale MPIC are, and what sets them.

use crate::registers::{Register, banked_msi, shared_msi_index, shared_msi_index_1};

/// First source position of registers 0 to 7 of all banks.
const LOW: u16 = 224;
/// First source position of registers 8 to 15 of all banks (MPIC 4.3).
const HIGH: u16 = 256;
/// Most banks.
const BANKS: u8 = 4;

/// Banks of registers of 32 bits, each bank with an index register that devices write to. Registers are counted through the
/// banks. More than four banks count as four.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MsiLayout {
    /// None.
    None,
    /// MPIC up to 4.2: eight registers a bank, sources 224 and up, index register MSIIR.
    Msiir {
        /// Banks, 1 to 4.
        banks: u8,
    },
    /// MPIC 4.3: sixteen registers a bank, index register MSIIR1. The first eight of bank *b* are sources 224 + 8·*b* and up,
    /// the other eight 256 + 8·*b* and up.
    ///
    /// Places and fields are what Linux's driver and device trees use; they could not be held against a manual.
    Msiir1 {
        /// Banks, 1 to 4.
        banks: u8,
    },
}

impl MsiLayout {
    const fn banks(self) -> u8 {
        let banks = match self {
            Self::None => 0,
            Self::Msiir { banks } | Self::Msiir1 { banks } => banks,
        };
        if banks < BANKS { banks } else { BANKS }
    }

    const fn per_bank(self) -> u8 {
        if let Self::Msiir1 { .. } = self { 16 } else { 8 }
    }

    /// Registers of all banks.
    pub const fn registers(self) -> u8 {
        self.banks() * self.per_bank()
    }

    const fn split(self, number: u8) -> (u8, u8) {
        (number / self.per_bank(), number % self.per_bank())
    }

    /// The position after the last one.
    pub(crate) const fn end(self) -> u16 {
        let first = if let Self::Msiir1 { .. } = self { HIGH } else { LOW };
        first + 8 * self.banks() as u16
    }

    /// Source position of register `number`, below [`registers`](Self::registers).
    pub(crate) const fn source(self, number: u8) -> u16 {
        let (bank, index) = self.split(number);
        let first = if index < 8 { LOW } else { HIGH };
        first + 8 * bank as u16 + (index % 8) as u16
    }

    /// The register whose source is at `position`.
    pub(crate) fn number(self, position: u16) -> Option<u8> {
        if position < LOW {
            return None;
        }
        let (first, upper) = if position < HIGH { (LOW, 0) } else { (HIGH, 8) };
        let offset = position - first;
        if upper >= self.per_bank() || offset >= 8 * u16::from(self.banks()) {
            return None;
        }
        Some((offset / 8) as u8 * self.per_bank() + upper + (offset % 8) as u8)
    }

    /// Register `number`.
    pub(crate) const fn register(self, number: u8) -> Register {
        let (bank, index) = self.split(number);
        banked_msi(bank, index)
    }

    /// The index register that register `number` is set through.
    pub(crate) const fn index_register(self, number: u8) -> Register {
        let (bank, _) = self.split(number);
        if let Self::Msiir1 { .. } = self { shared_msi_index_1(bank) } else { shared_msi_index(bank) }
    }

    /// The word for the index register that sets `bit` (0 to 31) of register `number`.
    pub(crate) const fn data(self, number: u8, bit: u16) -> u32 {
        let (_, index) = self.split(number);
        if let Self::Msiir1 { .. } = self {
            // Nine bits, defined as a PCI device sends them: lowest byte first, which here is the highest.
            (index as u32 | (bit as u32) << 4).swap_bytes()
        } else {
            (index as u32) << 29 | (bit as u32) << 24
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const LAYOUTS: [MsiLayout; 5] = [
        MsiLayout::None,
        MsiLayout::Msiir { banks: 1 },
        MsiLayout::Msiir { banks: 3 },
        MsiLayout::Msiir1 { banks: 4 },
        MsiLayout::Msiir1 { banks: 9 },
    ];

    /// The interrupts of the four banks in the device tree of MPIC 4.3, register by register.
    #[test]
    fn sources_of_4_3() {
        let layout = MsiLayout::Msiir1 { banks: 4 };
        for (number, source) in [(0, 0xE0), (7, 0xE7), (8, 0x100), (15, 0x107), (16, 0xE8), (24, 0x108), (63, 0x11F)] {
            assert_eq!(layout.source(number), source, "{number}");
        }
        assert_eq!(layout.end(), 0x120);
    }

    /// Every register has a source, a place and words of its own, and the source leads back to it.
    #[test]
    fn no_collisions() {
        for layout in LAYOUTS {
            let (mut sources, mut places, mut words) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for number in 0..layout.registers() {
                assert_eq!(layout.number(layout.source(number)), Some(number));
                assert!(sources.insert(layout.source(number)) && layout.source(number) < layout.end());
                assert!(places.insert(layout.register(number)));
                for bit in 0..32 {
                    assert!(words.insert((layout.index_register(number), layout.data(number, bit))));
                }
            }
            for position in (0..=u16::MAX).filter(|position| !sources.contains(position)) {
                assert_eq!(layout.number(position), None, "{layout:?} {position}");
            }
        }
    }
}
