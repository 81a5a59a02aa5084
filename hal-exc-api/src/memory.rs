// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words of code in memory: written, read back, and made visible to instruction fetch.

/// Memory into which vectors are written. The host's tests bring their own.
pub trait CodeMemory {
    /// Writes the word at `address` (a multiple of four).
    fn write(&mut self, address: u32, word: u32);
    /// Reads the word at `address` (a multiple of four).
    fn read(&self, address: u32) -> u32;
    /// Makes what was written in `len` bytes from `start` visible to instruction fetch; `line` is the cache line in
    /// bytes.
    fn publish(&mut self, start: u32, len: u32, line: u32);
}

#[cfg(target_arch = "powerpc")]
mod real {
    use core::arch::asm;

    use super::CodeMemory;

    /// Reads a word; unlike a pointer, the address may be 0.
    ///
    /// # Safety
    /// The address is mapped and reading it has no side effect.
    pub(crate) unsafe fn load(address: u32) -> u32 {
        let word;
        // SAFETY: a plain load; the caller answers for the address. Not `nomem`: it reads memory.
        unsafe {
            asm!("lwz {0}, 0({1})", out(reg) word, in(reg_nonzero) address, options(nostack, readonly, preserves_flags))
        };
        word
    }

    /// The vector area of this CPU.
    ///
    /// Only an install makes one, for an area whose owner promised that nobody else uses it.
    #[derive(Debug)]
    pub(crate) struct VectorMemory(pub(crate) ());

    impl CodeMemory for VectorMemory {
        fn write(&mut self, address: u32, word: u32) {
            // SAFETY: the install passes only addresses inside the area that the board gave it.
            unsafe {
                asm!("stw {0}, 0({1})", in(reg) word, in(reg_nonzero) address, options(nostack, preserves_flags))
            };
        }

        fn read(&self, address: u32) -> u32 {
            // SAFETY: as for `write`.
            unsafe { load(address) }
        }

        fn publish(&mut self, start: u32, len: u32, line: u32) {
            let first = start & !(line - 1);
            let mut address = first;
            while address < start + len {
                // SAFETY: cleans a line of the area; `sync` orders the clean before the invalidate below.
                unsafe { asm!("dcbst 0, {0}", in(reg) address, options(nostack, preserves_flags)) };
                address += line;
            }
            // SAFETY: barrier only: all lines are in memory before the first one is invalidated.
            unsafe { asm!("sync", options(nostack, preserves_flags)) };
            address = first;
            while address < start + len {
                // SAFETY: invalidates the instruction cache's copy of a line of the area.
                unsafe { asm!("icbi 0, {0}", in(reg) address, options(nostack, preserves_flags)) };
                address += line;
            }
            // SAFETY: `sync` waits for the invalidations, `isync` drops what was prefetched.
            unsafe { asm!("sync", "isync", options(nostack, preserves_flags)) };
        }
    }
}

#[cfg(target_arch = "powerpc")]
pub(crate) use real::{VectorMemory, load};
