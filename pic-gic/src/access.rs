// SPDX-License-Identifier: MIT OR Apache-2.0
//! How registers are reached: device memory, or a model of it.
//!
//! Drivers are generic over [`Registers`], so that exactly the code that runs on hardware runs
//! against the behaving model on the host. Offsets are bytes from the block's base; values are in
//! the CPU's byte order, whatever that is (GIC registers are little endian).

use core::ptr::NonNull;

/// One block of device registers.
///
/// Accesses are never merged, split (but for the 64-bit ones on a 32-bit CPU) or left out.
pub trait Registers {
    /// Reads the word at `offset`.
    fn read(&self, offset: usize) -> u32;
    /// Writes the word at `offset`.
    fn write(&self, offset: usize, value: u32);
    /// Writes one byte; the GIC allows it for priorities and targets only (IHI 0048B, 4.1.4).
    fn write8(&self, offset: usize, value: u8);

    /// Reads a 64-bit register. As two words, low one first: allowed where AArch32 exists.
    fn read64(&self, offset: usize) -> u64 {
        u64::from(self.read(offset)) | u64::from(self.read(offset + 4)) << 32
    }

    /// Writes a 64-bit register. As two words, high one first.
    fn write64(&self, offset: usize, value: u64) {
        self.write(offset + 4, (value >> 32) as u32);
        self.write(offset, value as u32);
    }
}

impl<T: Registers + ?Sized> Registers for &T {
    fn read(&self, offset: usize) -> u32 {
        (**self).read(offset)
    }
    fn write(&self, offset: usize, value: u32) {
        (**self).write(offset, value);
    }
    fn write8(&self, offset: usize, value: u8) {
        (**self).write8(offset, value);
    }
    fn read64(&self, offset: usize) -> u64 {
        (**self).read64(offset)
    }
    fn write64(&self, offset: usize, value: u64) {
        (**self).write64(offset, value);
    }
}

/// Registers in device memory.
#[derive(Debug)]
pub struct Mmio {
    base: NonNull<u8>,
}

// SAFETY: the pointer names device memory that every core maps alike; `Registers` only makes
// volatile accesses through it.
unsafe impl Send for Mmio {}
// SAFETY: as above; the drivers say which of their methods callers serialise.
unsafe impl Sync for Mmio {}

impl Mmio {
    /// A register block at `base`; `None` for a null address. [`Mmio::at`] tests the alignment too.
    ///
    /// # Safety
    ///
    /// * `base` is a multiple of 8, as every block of a GIC is.
    /// * `base` is the start of the register block that the driver it is given to describes, of
    ///   at least the size that driver states, mapped as device memory for as long as it is used.
    /// * The mapping gives whole, unmerged accesses (Device or Strongly-ordered).
    /// * Nothing but GIC drivers of this crate writes to the block, or its writes do not disturb
    ///   what those drivers own.
    pub const unsafe fn new(base: *mut u8) -> Option<Self> {
        match NonNull::new(base) {
            Some(base) => Some(Self { base }),
            None => None,
        }
    }

    /// [`Mmio::new`] for an address; `None` for 0 or one that is not a multiple of 8.
    ///
    /// # Safety
    ///
    /// As [`Mmio::new`].
    pub unsafe fn at(address: usize) -> Option<Self> {
        if !address.is_multiple_of(8) {
            return None;
        }
        NonNull::new(address as *mut u8).map(|base| Self { base })
    }

    #[inline(always)]
    fn word(&self, offset: usize) -> *mut u32 {
        self.base.as_ptr().wrapping_add(offset).cast()
    }
}

impl Registers for Mmio {
    #[inline(always)]
    fn read(&self, offset: usize) -> u32 {
        // SAFETY: `new` promises the mapping; offsets are those of the block's registers.
        u32::from_le(unsafe { self.word(offset).read_volatile() })
    }

    #[inline(always)]
    fn write(&self, offset: usize, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.word(offset).write_volatile(value.to_le()) }
    }

    #[inline(always)]
    fn write8(&self, offset: usize, value: u8) {
        // SAFETY: as in `read`.
        unsafe { self.base.as_ptr().wrapping_add(offset).write_volatile(value) }
    }

    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn read64(&self, offset: usize) -> u64 {
        // SAFETY: as in `read`; 64-bit registers are 8-byte aligned.
        u64::from_le(unsafe { self.word(offset).cast::<u64>().read_volatile() })
    }

    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn write64(&self, offset: usize, value: u64) {
        // SAFETY: as in `read64`.
        unsafe { self.word(offset).cast::<u64>().write_volatile(value.to_le()) }
    }
}
