// SPDX-License-Identifier: MIT OR Apache-2.0
//! Access to the registers: whole words, byte order applied to the value.

use core::ptr::NonNull;

use crate::StartError;
#[cfg(doc)]
use crate::registers;
use crate::registers::Register;

/// How the driver reaches its registers. [`Mmio`] on hardware, the model on the host.
///
/// Accesses of one CPU reach the controller in program order.
pub trait Bus: Sync {
    /// Reads a register.
    fn read(&self, register: Register) -> u32;
    /// Writes a register.
    fn write(&self, register: Register, value: u32);
    /// Writes a register; a full barrier of the caller already lies behind everything that has to come first.
    #[inline(always)]
    fn write_after_barrier(&self, register: Register, value: u32) {
        self.write(register, value);
    }
}

/// Byte order of the registers, as a type: [`BigEndian`] or [`LittleEndian`] where it is known when the
/// board is built (costs nothing), [`ByteOrder`] where it is learned at run time (costs a test per access).
pub trait Order: Copy + Send + Sync {
    /// From the register's bytes, read in the CPU's order, to the value, and back.
    fn convert(self, word: u32) -> u32;
}

/// Big endian registers: Freescale MPIC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BigEndian;

/// Little endian registers: OpenPIC on PCI, KeyLargo, EPIC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LittleEndian;

/// Byte order as a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteOrder {
    /// As [`BigEndian`].
    Big,
    /// As [`LittleEndian`].
    Little,
}

impl Order for BigEndian {
    #[inline(always)]
    fn convert(self, word: u32) -> u32 {
        u32::from_be(word)
    }
}

impl Order for LittleEndian {
    #[inline(always)]
    fn convert(self, word: u32) -> u32 {
        u32::from_le(word)
    }
}

impl Order for ByteOrder {
    #[inline(always)]
    fn convert(self, word: u32) -> u32 {
        match self {
            Self::Big => u32::from_be(word),
            Self::Little => u32::from_le(word),
        }
    }
}

/// The controller in the CPU's address space.
#[derive(Clone, Copy, Debug)]
#[repr(C)] // `base` first: an instruction less on the hot path
pub struct Mmio<O> {
    base: NonNull<u32>,
    order: O,
}

// SAFETY: by the contract of `new` the registers are mapped for every CPU that uses the value, and volatile
// word accesses to a device from several CPUs are not data races; what they mean is the driver's affair.
unsafe impl<O: Order> Send for Mmio<O> {}
// SAFETY: as for `Send`.
unsafe impl<O: Order> Sync for Mmio<O> {}

impl<O: Order> Mmio<O> {
    /// The registers at `base`. [`StartError::Unaligned`] if `base` is not a multiple of 4096.
    ///
    /// # Safety
    ///
    /// * `base` is the address of an OpenPIC's or MPIC's first register, and [`registers::SIZE`] bytes from it
    ///   are mapped for as long as the value lives, caching-inhibited and guarded, at the same address on
    ///   every CPU that uses it.
    /// * Nobody else uses the controller.
    pub unsafe fn new(base: *mut u32, order: O) -> Result<Self, StartError> {
        match NonNull::new(base) {
            Some(pointer) if base.addr().is_multiple_of(0x1000) => Ok(Self { base: pointer, order }),
            _ => Err(StartError::Unaligned { base: base.addr() }),
        }
    }

    #[inline(always)]
    fn address(&self, register: Register) -> *mut u32 {
        // Wrapping: no claim about an allocation is made for a device.
        self.base.as_ptr().wrapping_byte_add(register.offset())
    }
}

impl<O: Order> Bus for Mmio<O> {
    #[inline(always)]
    fn read(&self, register: Register) -> u32 {
        // Guarded, caching-inhibited storage keeps stores among themselves in order, not a load behind a store.
        order_io();
        // SAFETY: mapped by the contract of `new`; a `Register` is below SIZE and aligned.
        self.order.convert(unsafe { self.address(register).read_volatile() })
    }

    #[inline(always)]
    fn write(&self, register: Register, value: u32) {
        // What was read before (a device's status, another register) comes before this store.
        order_io();
        self.write_after_barrier(register, value);
    }

    #[inline(always)]
    fn write_after_barrier(&self, register: Register, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.address(register).write_volatile(self.order.convert(value)) }
    }
}

/// Orders accesses to devices before it and after it.
#[inline(always)]
pub(crate) fn order_io() {
    #[cfg(target_arch = "powerpc")]
    // SAFETY: `eieio` (Book E: `mbar 0`, the same encoding) only orders; it touches no register. Not
    // `nomem`: the compiler must not move accesses across it either.
    unsafe {
        core::arch::asm!(
            "eieio", // enforce in-order execution of I/O
            options(nostack, preserves_flags)
        );
    }
    #[cfg(not(target_arch = "powerpc"))]
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

/// Keeps what follows from starting before a load whose value was already branched on.
#[inline(always)]
pub(crate) fn after_branch() {
    #[cfg(target_arch = "powerpc")]
    // SAFETY: `isync` only waits. Not `nomem`, for the compiler's order.
    unsafe {
        core::arch::asm!(
            "isync", // discard what was fetched or loaded ahead
            options(nostack, preserves_flags)
        );
    }
    #[cfg(not(target_arch = "powerpc"))]
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

/// Makes everything before it visible to the other CPUs and performed at the devices.
#[inline(always)]
pub(crate) fn complete() {
    #[cfg(target_arch = "powerpc")]
    // SAFETY: `sync` (Book E: `msync`, the same encoding) only waits. Not `nomem`, for the compiler's order.
    unsafe {
        core::arch::asm!(
            "sync", // wait until all accesses are performed
            options(nostack, preserves_flags)
        );
    }
    #[cfg(not(target_arch = "powerpc"))]
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(4096))]
    struct Page([u32; 0x400]);

    #[test]
    fn words_in_both_orders() {
        let mut page = Page([0; 0x400]);
        let base = page.0.as_mut_ptr();
        // SAFETY: a page of memory stands for the first registers; only they are used.
        let (big, little, value) = unsafe {
            (
                Mmio::new(base, BigEndian).unwrap(),
                Mmio::new(base, LittleEndian).unwrap(),
                Mmio::new(base, ByteOrder::Little).unwrap(),
            )
        };
        let first = crate::registers::BRR1;
        big.write(first, 0x0123_4567);
        assert_eq!(big.read(first), 0x0123_4567);
        assert_eq!(little.read(first), 0x6745_2301);
        assert_eq!(value.read(first), 0x6745_2301);
        // SAFETY: inside the page.
        assert_eq!(unsafe { base.cast::<[u8; 4]>().read_volatile() }, [0x01, 0x23, 0x45, 0x67]);
    }

    #[test]
    fn unaligned_base() {
        let bad = 0x1234_5004usize;
        // SAFETY: refused, never accessed.
        let error = unsafe { Mmio::new(core::ptr::without_provenance_mut(bad), BigEndian) }.unwrap_err();
        assert_eq!(error, StartError::Unaligned { base: bad });
        // SAFETY: refused, never accessed.
        let null = unsafe { Mmio::new(core::ptr::null_mut(), BigEndian) }.unwrap_err();
        assert_eq!(null, StartError::Unaligned { base: 0 });
    }
}
