// SPDX-License-Identifier: MIT OR Apache-2.0
//! The atomics that [`super::list`] is written with. The model test compiles the same file over
//! loom's.

pub(super) use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, fence};

/// Keeps the compiler from moving memory accesses across it.
#[inline(always)]
pub(super) fn compiler_barrier() {
    // For PowerPC a `compiler_fence` is compiled to a real `sync`.
    #[cfg(target_arch = "powerpc")]
    // SAFETY: no instruction; not `nomem`, which is its purpose.
    unsafe {
        core::arch::asm!("", options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "powerpc"))]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// The same number, of which the compiler knows nothing any more. A mask that it would leave out because of an earlier
/// comparison then stays one, and on PowerPC one instruction masks, shifts and inserts.
#[inline(always)]
pub(super) fn forget_range(number: u32) -> u32 {
    #[cfg(target_arch = "powerpc")]
    {
        let mut number = number;
        // SAFETY: no instruction.
        unsafe { core::arch::asm!("/* {0} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags)) };
        number
    }
    #[cfg(not(target_arch = "powerpc"))]
    number
}

/// Loads a pointer through which the caller then reads.
///
/// Every CPU that this crate runs on orders a load behind the load that its address came from; only Acquire says so to
/// the language, and on PowerPC it costs three instructions. So there it is a relaxed load that the compiler must
/// not move things across, as other lock-free libraries' `load_consume` is.
#[inline(always)]
pub(super) fn load_dependent<T>(cell: &AtomicPtr<T>) -> *mut T {
    if cfg!(any(target_arch = "powerpc", target_arch = "arm", target_arch = "aarch64")) {
        let pointer = cell.load(Ordering::Relaxed);
        compiler_barrier();
        pointer
    } else {
        cell.load(Ordering::Acquire)
    }
}
