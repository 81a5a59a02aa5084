// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device registers at an effective address.

/// A block of device registers. Whole-register volatile accesses, each followed by `eieio` (the encoding of
/// `mbar` on Book E), so that the device sees loads and stores in program order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mmio(usize);

impl Mmio {
    /// Registers at `base`.
    ///
    /// # Safety
    /// * `base` is mapped, caching inhibited and guarded where translation or caches are on, as long as the
    ///   value or a copy of it is used.
    /// * The registers behind it can be read and written without harm to memory that Rust code owns.
    #[must_use]
    pub const unsafe fn new(base: usize) -> Self {
        Self(base)
    }

    /// The effective address.
    #[must_use]
    pub const fn base(self) -> usize {
        self.0
    }

    /// The registers `offset` bytes further.
    #[must_use]
    pub const fn at(self, offset: usize) -> Self {
        Self(self.0 + offset)
    }

    /// Reads the byte at `offset`.
    #[must_use]
    pub fn read8(self, offset: usize) -> u8 {
        // SAFETY: `new` promises a readable device register.
        let value = unsafe { ((self.0 + offset) as *const u8).read_volatile() };
        eieio();
        value
    }

    /// Writes the byte at `offset`.
    pub fn write8(self, offset: usize, value: u8) {
        // SAFETY: `new` promises a writable device register.
        unsafe { ((self.0 + offset) as *mut u8).write_volatile(value) };
        eieio();
    }

    /// Reads the big-endian word at `offset`.
    #[must_use]
    pub fn read32(self, offset: usize) -> u32 {
        // SAFETY: `new` promises a readable device register.
        let value = unsafe { ((self.0 + offset) as *const u32).read_volatile() };
        eieio();
        u32::from_be(value)
    }

    /// Writes the big-endian word at `offset`.
    pub fn write32(self, offset: usize, value: u32) {
        // SAFETY: `new` promises a writable device register.
        unsafe { ((self.0 + offset) as *mut u32).write_volatile(value.to_be()) };
        eieio();
    }

    /// Reads the little-endian word at `offset`, as PCI has them.
    #[must_use]
    pub fn read32_le(self, offset: usize) -> u32 {
        self.read32(offset).swap_bytes()
    }

    /// Writes the little-endian word at `offset`, as PCI has them.
    pub fn write32_le(self, offset: usize, value: u32) {
        self.write32(offset, value.swap_bytes());
    }
}

/// Orders device accesses before it and after it.
fn eieio() {
    #[cfg(target_arch = "powerpc")]
    // SAFETY: a barrier, no operands. Not `nomem`: the compiler must not move device accesses across it.
    unsafe {
        core::arch::asm!("eieio", options(nostack, preserves_flags));
    }
}
