// SPDX-License-Identifier: MIT OR Apache-2.0
//! Barriers, and what a slot access needs beyond a plain load or store.
//!
//! On a host target the functions are compiler fences only, so that the crate can be tested there.

use hal_smp_api::slots::Maintain;

macro_rules! instruction {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name() {
            #[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
            // SAFETY: changes no register; not `nomem`, so the compiler keeps memory accesses on their sides too.
            unsafe {
                core::arch::asm!($text, options(nostack, preserves_flags))
            };
            #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
            core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        }
    };
}

instruction!(
    /// `DSB SY`: all earlier accesses and maintenance of this core are complete.
    complete, "dsb sy");
instruction!(
    /// `ISB`: later instructions are fetched anew and see all earlier system register writes.
    context, "isb");
instruction!(
    /// `SEV`: wakes every core that waits by `WFE`. Call [`complete`] first, or the woken core may look too early.
    event, "sev");

/// Cleans and invalidates the line that holds `address`, to the point of coherency, and waits for it.
///
/// On a Cortex-A9 this does not reach the PL310: an outer cache is not in the core's hierarchy.
#[inline(always)]
fn clean_invalidate(address: usize) {
    #[cfg(target_arch = "arm")]
    // SAFETY: DCCIMVAC by virtual address (DDI 0406C, B4.2.1) loses no data; the address was or will be accessed.
    unsafe {
        core::arch::asm!("mcr p15, 0, {}, c7, c14, 1", in(reg) address, options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: DC CIVAC (DDI 0487, C5.3) loses no data; the address was or will be accessed.
    unsafe {
        core::arch::asm!("dc civac, {}", in(reg) address, options(nostack, preserves_flags))
    };
    #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
    let _ = address;
    complete();
}

/// For memory that both sides access uncached: Device, Strongly-ordered, or Normal Non-cacheable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Uncached;

impl Maintain for Uncached {
    fn before_read(&self, _: usize) {}
    fn after_write(&self, _: usize) {}
    fn barrier(&self) {
        complete();
    }
}

/// For memory that the requester maps cached while parked cores, with translation off, access it uncached.
///
/// Use a slot layout of the cache write-back granule (`4 << CTR.CWG`). Not for a Cortex-A9 with its PL310 on, which
/// maintenance by address does not reach: there the slots belong into SRAM mapped as Device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Cached;

impl Maintain for Cached {
    fn before_read(&self, address: usize) {
        clean_invalidate(address);
    }
    fn after_write(&self, address: usize) {
        clean_invalidate(address);
    }
    fn barrier(&self) {
        complete();
    }
}

/// Makes code that was written as data visible to instruction fetch on all cores of the inner shareable domain.
/// The writes must be at the point of coherency already.
pub fn refetch() {
    #[cfg(target_arch = "arm")]
    // SAFETY: invalidates instruction caches and branch predictors only (DDI 0406C, B4.2.1); nothing is lost.
    unsafe {
        core::arch::asm!(
            "dsb sy",                   // the code is in memory
            "mcr p15, 0, {0}, c7, c1, 0", // ICIALLUIS: instruction caches of all cores
            "mcr p15, 0, {0}, c7, c1, 6", // BPIALLIS: branch predictors of all cores
            "dsb sy",                   // both are done
            "isb",                      // nothing fetched before is used
            in(reg) 0u32, options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: invalidates instruction caches only (DDI 0487, C5.3); nothing is lost.
    unsafe {
        core::arch::asm!(
            "dsb sy",     // the code is in memory
            "ic ialluis", // instruction caches of all cores
            "dsb sy",     // it is done
            "isb",        // nothing fetched before is used
            options(nostack, preserves_flags)
        )
    };
}
