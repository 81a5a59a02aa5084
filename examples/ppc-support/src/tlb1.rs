// SPDX-License-Identifier: MIT OR Apache-2.0
//! Windows of e500 cores: entries of TLB1 (PowerPC e500 Core Family Reference Manual, chapter 12).
//!
//! The e500 always translates. QEMU and boot loaders map memory, each in its own way, and nobody maps the
//! devices where this image wants them.

use core::fmt;

#[cfg(target_arch = "powerpc")]
pub use hardware::*;

/// Effective address of what [`own_layout`] maps: [`RAM_SIZE`] bytes at 0.
pub const RAM_SIZE: u32 = 64 << 20;

/// Size of a window; the discriminant is MAS1\[TSIZE\].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Size {
    /// 4 KiB.
    K4 = 1,
    /// 1 MiB.
    M1 = 5,
    /// 16 MiB.
    M16 = 7,
    /// 64 MiB.
    M64 = 8,
}

impl Size {
    /// Bytes: 4 to the power of TSIZE, in KiB.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        1024 << (2 * self as u32)
    }
}

/// What lies behind a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Memory: cached, coherent, may be executed.
    Ram,
    /// Memory that is never executed.
    Data,
    /// Memory that is neither written nor executed.
    Constant,
    /// Devices: caching inhibited, guarded, never executed.
    Device,
}

/// A translation for supervisor state, address space 0, every PID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Effective address, a multiple of the size.
    pub ea: u32,
    /// Physical address (36 bits), a multiple of the size.
    pub pa: u64,
    /// The size.
    pub size: Size,
    /// What lies behind.
    pub kind: Kind,
}

/// Why a window could not be mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TlbError {
    /// The effective or the physical address is no multiple of the size, or is beyond 36 bits.
    Address {
        /// Effective address.
        ea: u32,
        /// Physical address.
        pa: u64,
    },
    /// A part of the window is mapped already.
    Overlap(
        /// The effective address that translates.
        u32,
    ),
    /// All entries of TLB1 are in use.
    Full(
        /// Number of entries.
        u32,
    ),
}

impl fmt::Display for TlbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { ea, pa } => write!(f, "{ea:#010x} or {pa:#011x} does not suit the window's size"),
            Self::Overlap(ea) => write!(f, "{ea:#010x} is mapped already"),
            Self::Full(entries) => write!(f, "all {entries} entries of TLB1 are in use"),
        }
    }
}

impl core::error::Error for TlbError {}

/// The MAS words of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// MAS1: V, IPROT, TSIZE.
    pub mas1: u32,
    /// MAS2: effective page, WIMGE.
    pub mas2: u32,
    /// MAS3: low real page, permissions.
    pub mas3: u32,
    /// MAS7: high real page.
    pub mas7: u32,
}

const VALID: u32 = 1 << 31;
const PROTECTED: u32 = 1 << 30;
const TSIZE_SHIFT: u32 = 8;
/// MAS2: I and G.
const DEVICE: u32 = 0x8 | 0x2;
/// MAS2: M.
const COHERENT: u32 = 0x4;
/// MAS3: SR.
const READ: u32 = 0x1;
/// MAS3: SW and SR.
const READ_WRITE: u32 = 0x4 | READ;
/// MAS3: SX.
const EXECUTE: u32 = 0x10;

impl Window {
    /// The entry's MAS words.
    ///
    /// # Errors
    /// [`TlbError::Address`].
    pub const fn entry(&self) -> Result<Entry, TlbError> {
        let mask = self.size.bytes() - 1;
        if self.ea & mask != 0 || self.pa & mask as u64 != 0 || self.pa >> 36 != 0 {
            return Err(TlbError::Address { ea: self.ea, pa: self.pa });
        }
        let (attributes, permissions) = match self.kind {
            Kind::Ram => (COHERENT, READ_WRITE | EXECUTE),
            Kind::Data => (COHERENT, READ_WRITE),
            Kind::Constant => (COHERENT, READ),
            Kind::Device => (DEVICE, READ_WRITE),
        };
        Ok(Entry {
            mas1: VALID | PROTECTED | (self.size as u32) << TSIZE_SHIFT,
            mas2: self.ea | attributes,
            mas3: self.pa as u32 | permissions,
            mas7: (self.pa >> 32) as u32,
        })
    }
}

#[cfg(target_arch = "powerpc")]
mod hardware;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn sizes() {
        assert_eq!(Size::K4.bytes(), 4 << 10);
        assert_eq!(Size::M1.bytes(), 1 << 20);
        assert_eq!(Size::M16.bytes(), 16 << 20);
        assert_eq!(Size::M64.bytes(), RAM_SIZE);
    }

    #[test]
    fn words() {
        let ccsr = Window { ea: 0xE000_0000, pa: 0xF_E000_0000, size: Size::M1, kind: Kind::Device };
        let entry = Entry { mas1: 0xC000_0500, mas2: 0xE000_000A, mas3: 0xE000_0005, mas7: 0xF };
        assert_eq!(ccsr.entry(), Ok(entry));
        let ram = Window { ea: 0x0400_0000, pa: 0x0400_0000, size: Size::M64, kind: Kind::Ram };
        let entry = Entry { mas1: 0xC000_0800, mas2: 0x0400_0004, mas3: 0x0400_0015, mas7: 0 };
        assert_eq!(ram.entry(), Ok(entry));
        for (kind, permissions) in [(Kind::Data, 0x5), (Kind::Constant, 0x1)] {
            let mas3 = 0x0400_0000 | permissions;
            assert_eq!(Window { kind, ..ram }.entry(), Ok(Entry { mas3, ..entry }));
        }
    }

    #[test]
    fn bad_addresses() {
        for (ea, pa) in [(0x1000, 0), (0, 0x1000), (0, 1 << 36)] {
            let window = Window { ea, pa, size: Size::M1, kind: Kind::Ram };
            assert_eq!(window.entry(), Err(TlbError::Address { ea, pa }));
        }
        assert_eq!(TlbError::Full(16).to_string(), "all 16 entries of TLB1 are in use");
        assert_eq!(TlbError::Overlap(0x1000).to_string(), "0x00001000 is mapped already");
        let error = TlbError::Address { ea: 1, pa: 0xF_E000_0000 };
        assert_eq!(error.to_string(), "0x00000001 or 0xfe0000000 does not suit the window's size");
    }
}
