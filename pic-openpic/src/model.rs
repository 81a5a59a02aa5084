// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between the controllers of the family, as data.

use crate::msi_layout::MsiLayout;

/// A run of source registers that exist: first position, how many.
pub type Run = (u16, u16);

/// The positions of the Freescale message registers' sources.
pub(crate) const MESSAGE_SOURCES: Run = (176, 8);

/// One member of the family. The constants are the known ones; a board with a relative of
/// them changes a field: `Model { missing_sources: 2, ..Model::OPENPIC }`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Model {
    /// Name for reports.
    pub name: &'static str,
    /// Bits of the vector field: 8 (Open PIC) or 16 (Freescale).
    pub vector_bits: u8,
    /// Freescale's extensions: block revision, message registers, shared MSI, timer control, critical
    /// routing.
    pub freescale: bool,
    /// Where the source registers are. Empty: positions 0 to the feature register's count.
    pub runs: &'static [Run],
    /// Sources that the feature register forgets.
    pub missing_sources: u16,
    /// Inter-processor interrupts: 4, or 0 on the single-CPU EPIC.
    pub ipis: u8,
    /// Timers that may be touched: 8 (two groups), 4, or 0.
    pub timers: u8,
    /// Shared message-signalled interrupts (Freescale).
    pub msi: MsiLayout,
    /// Serial interrupt mode (EPIC): the clock ratio, 1 to 7.
    pub serial_ratio: Option<u8>,
    /// Whether it can be reset. Firmware's settings that nobody can restore (pass-through, vendor
    /// registers) are a reason not to.
    pub can_reset: bool,
}

impl Model {
    /// A plain Open PIC 1.2.
    pub const OPENPIC: Self = Self {
        name: "OpenPIC",
        vector_bits: 8,
        freescale: false,
        runs: &[],
        missing_sources: 0,
        ipis: 4,
        timers: 4,
        msi: MsiLayout::None,
        serial_ratio: None,
        can_reset: true,
    };

    /// Apple KeyLargo. Its timers are never touched: the emulated one does not survive it.
    pub const KEYLARGO: Self = Self { name: "KeyLargo", timers: 0, ..Self::OPENPIC };

    /// Motorola Raven and Hawk: the feature register reports one source too few.
    pub const RAVEN_HAWK: Self = Self { name: "Raven/Hawk", missing_sources: 1, ..Self::OPENPIC };

    /// EPIC of the MPC107, MPC8240 and MPC8245, five direct interrupts: sources 16 to 20 are the inputs, 129 is
    /// I²C, 130 and 131 are DMA, 134 is the message unit. One CPU, no inter-processor interrupts.
    pub const EPIC: Self = Self { name: "EPIC", runs: &[(16, 5), (129, 3), (134, 1)], ipis: 0, ..Self::OPENPIC };

    /// The same in serial mode: sources 16 to 31 are the chain. The clock ratio is the slowest one. To be started
    /// with the [`Delayed`](crate::Delayed) handshake.
    pub const EPIC_SERIAL: Self =
        Self { name: "EPIC, serial", runs: &[(16, 16), (129, 3), (134, 1)], serial_ratio: Some(7), ..Self::EPIC };

    /// Freescale MPIC 2.x to 4.2 (MPC85xx, QorIQ P series): source 0 to 15 are external, 16 and up
    /// internal, 176 to 183 message registers, 224 to 231 shared message-signalled interrupts. Where there are more banks
    /// of those, as the three of the P4080: `Model { msi: MsiLayout::Msiir { banks: 3 }, ..Model::FREESCALE }`.
    pub const FREESCALE: Self = Self {
        name: "MPIC",
        vector_bits: 16,
        freescale: true,
        runs: &[],
        missing_sources: 0,
        ipis: 4,
        timers: 8,
        msi: MsiLayout::Msiir { banks: 1 },
        serial_ratio: None,
        can_reset: true,
    };

    /// Freescale MPIC 4.3 (QorIQ T series and B4): source 0 to 15 are external, 16 to 175 internal, 176 to 183 message registers, 224
    /// to 287 shared message-signalled interrupts, 384 to 479 the second part of the internal ones. The positions are
    /// taken from here and not from the feature register, whose count does not tell of gaps; that a source is missing on
    /// a smaller member shows when it is enabled. The map could not be held against a manual: it is what Linux's
    /// device trees and RTEMS's register map agree on.
    pub const FREESCALE_4_3: Self =
        Self { name: "MPIC 4.3", runs: &[(0, 176), (384, 96)], msi: MsiLayout::Msiir1 { banks: 4 }, ..Self::FREESCALE };
}

/// What was found at start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Identity {
    /// Feature register.
    pub frr: u32,
    /// Block revision register 1; 0 if it is no Freescale MPIC.
    pub brr1: u32,
    /// Sources by the feature register, with those that it forgets.
    pub sources: u16,
    /// CPUs.
    pub cpus: u8,
}

impl Identity {
    /// Major and minor version of an MPIC.
    pub const fn mpic_version(self) -> Option<(u8, u8)> {
        if self.brr1 == 0 { None } else { Some(((self.brr1 >> 8) as u8, self.brr1 as u8)) }
    }
}

/// How an MPIC routes a source to the critical input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CriticalStyle {
    /// It does not.
    None,
    /// Bits in the destination register (2.x, 3.x).
    DestinationBits,
    /// A level register beside it (4.x).
    LevelRegister,
}
