// SPDX-License-Identifier: MIT OR Apache-2.0
//! Set/clear flag registers, as on ARM's Versatile Express motherboard (DUI 0447, SYS_FLAGS and SYS_NVFLAGS).
//!
//! A store to the set side ORs bits in, one to the clear side removes them, both done by the device. So several cores
//! may set bits by plain stores, without a lock and without coherency: SYS_NVFLAGS is a second channel for
//! acknowledgements. SYS_FLAGS holds the address at which the boot firmware lets the secondary cores go.

use hal_smp_api::ack::SetClear;

use crate::barrier;

/// A register pair: reads and sets at its address, clears at the next word.
#[derive(Debug)]
pub struct FlagRegister {
    base: usize,
}

impl FlagRegister {
    /// Takes the pair.
    ///
    /// # Safety
    /// * `base` is the address of the set register, 4-byte aligned, mapped as Device memory; the clear register follows
    ///   at `base + 4`.
    /// * Nobody else clears bits while this value lives; bits are set by this value or by pens.
    #[must_use]
    pub const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    /// Where bits are set: the witness address of a pen.
    #[must_use]
    pub const fn set_address(&self) -> usize {
        self.base
    }

    /// Sets these bits.
    pub fn set(&mut self, bits: u32) {
        // SAFETY: a device register by the contract of `new`.
        unsafe { (self.base as *mut u32).write_volatile(bits) };
        barrier::complete();
    }

    /// Lets cores go that wait in a boot pen which reads the entry address here (SYS_FLAGS), once they are interrupted.
    ///
    /// The old content is cleared first, since writing only adds bits. Clear the register again before any core can
    /// come back to that pen: it would leave at once, into an image that may be gone.
    pub fn release_to(&mut self, entry: u32) {
        self.clear(u32::MAX);
        self.set(entry);
    }
}

// SAFETY: the device merges stores to the set side; `clear` goes to the clear side; pens only set (contract of `new`).
unsafe impl SetClear for FlagRegister {
    fn read(&self) -> u32 {
        // SAFETY: a device register by the contract of `new`.
        unsafe { (self.base as *const u32).read_volatile() }
    }

    fn clear(&mut self, bits: u32) {
        // SAFETY: the clear side follows by the contract of `new`.
        unsafe { ((self.base + 4) as *mut u32).write_volatile(bits) };
        // Gone before a pen may set them anew.
        barrier::complete();
    }
}
