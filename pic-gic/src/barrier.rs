// SPDX-License-Identifier: MIT OR Apache-2.0
//! The barriers that acknowledge, end and send need. One instruction each.

macro_rules! barrier {
    ($(#[$doc:meta])* $name:ident, $instruction:literal) => {
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name() {
            #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
            // SAFETY: a barrier changes no register; not `nomem`, so the compiler keeps memory
            // accesses on their sides too.
            unsafe {
                core::arch::asm!($instruction, options(nostack, preserves_flags))
            };
            #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
            core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        }
    };
}

barrier!(
    /// Everything before is complete before anything after starts.
    complete, "dsb sy");
barrier!(
    /// Accesses before are observed before accesses after.
    order, "dmb sy");
barrier!(
    /// System register writes before take effect for the instructions after.
    context, "isb");
