// SPDX-License-Identifier: MIT OR Apache-2.0
//! TLB entries of 405 and 440 cores: 64 of them, written by software, a word at a time (PPC405 Core User's Manual, chapter 7;
//! PPC440x5 CPU Core User's Manual, chapter 5).
//!
//! A 405 starts in real mode and translates when it is told to; a 440 always translates, and its loader has mapped
//! memory and devices.

#[cfg(target_arch = "powerpc")]
pub use hardware::*;

/// Size of a page: the one code that both cores have for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Size {
    /// 4 KiB.
    K4 = 1,
    /// 16 MiB.
    M16 = 7,
    /// 256 MiB; a 405 has no page of this size.
    M256 = 9,
}

/// What may be done with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// All; the page is memory.
    Execute,
}

/// A translation for every process, of supervisor state (440) or both states (405).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Effective address, a multiple of the size.
    pub ea: u32,
    /// Physical address, a multiple of the size; 36 bits on a 440, 32 on a 405.
    pub pa: u64,
    /// The size.
    pub size: Size,
    /// What may be done.
    pub rights: Rights,
    /// Caching inhibited.
    pub uncached: bool,
    /// Guarded: a device.
    pub guarded: bool,
}

impl Page {
    /// Memory at `pa`, cached.
    #[must_use]
    pub const fn memory(ea: u32, pa: u64, size: Size, rights: Rights) -> Self {
        Self { ea, pa, size, rights, uncached: false, guarded: false }
    }

    /// Devices at `pa`.
    #[must_use]
    pub const fn device(ea: u32, pa: u64, size: Size) -> Self {
        Self { ea, pa, size, rights: Rights::Write, uncached: true, guarded: true }
    }

    /// TLB words 0, 1 and 2 of a 440.
    #[must_use]
    pub const fn words_440(&self) -> [u32; 3] {
        const VALID: u32 = 1 << 9;
        const INHIBITED: u32 = 1 << 10;
        const GUARDED: u32 = 1 << 8;
        // SX, SW, SR.
        let rights = match self.rights {
            Rights::Read => 0b001,
            Rights::Write => 0b011,
            Rights::Execute => 0b111,
        };
        let attributes = if self.uncached { INHIBITED } else { 0 } | if self.guarded { GUARDED } else { 0 };
        // ERPN, the four bits above 32, stands in the low bits of word 1.
        [self.ea | VALID | (self.size as u32) << 4, self.pa as u32 | (self.pa >> 32) as u32 & 0xF, attributes | rights]
    }

    /// TLBHI and TLBLO of a 405, zone 0.
    #[must_use]
    pub const fn words_405(&self) -> [u32; 2] {
        const VALID: u32 = 1 << 6;
        const EXECUTE: u32 = 1 << 9;
        const WRITE: u32 = 1 << 8;
        const INHIBITED: u32 = 1 << 2;
        const GUARDED: u32 = 1 << 0;
        let rights = match self.rights {
            Rights::Read => 0,
            Rights::Write => WRITE,
            Rights::Execute => WRITE | EXECUTE,
        };
        let attributes = if self.uncached { INHIBITED } else { 0 } | if self.guarded { GUARDED } else { 0 };
        [self.ea | (self.size as u32) << 7 | VALID, self.pa as u32 | rights | attributes]
    }
}

#[cfg(target_arch = "powerpc")]
mod hardware;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_440() {
        let devices = Page::device(0xE000_0000, 0x4_E000_0000, Size::M256);
        assert_eq!(devices.words_440(), [0xE000_0290, 0xE000_0004, 0x503]);
        let memory = Page::memory(0xA000_0000, 0x0012_3000, Size::K4, Rights::Read);
        assert_eq!(memory.words_440(), [0xA000_0210, 0x0012_3000, 0x001]);
    }

    #[test]
    fn words_of_a_405() {
        let memory = Page::memory(0, 0, Size::M16, Rights::Execute);
        assert_eq!(memory.words_405(), [0x0000_03C0, 0x0000_0300]);
        let devices = Page::device(0xEF00_0000, 0xEF00_0000, Size::M16);
        assert_eq!(devices.words_405(), [0xEF00_03C0, 0xEF00_0105]);
        let page = Page { uncached: true, ..Page::memory(0xA000_0000, 0x0012_3000, Size::K4, Rights::Read) };
        assert_eq!(page.words_405(), [0xA000_00C0, 0x0012_3004]);
    }
}
