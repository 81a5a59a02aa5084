// SPDX-License-Identifier: MIT OR Apache-2.0
//! The generic timer's virtual timer, which every state of every CPU here may use. A Cortex-A9
//! has none: its board has its own timers.

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
use core::arch::asm;

/// PPI of the virtual timer, on every board here that has it.
pub const PPI: u32 = 27;

/// Counter frequency in Hz: CNTFRQ.
pub fn frequency() -> u32 {
    #[allow(unused_mut, unused_assignments)]
    let mut value = 1usize;
    #[cfg(target_arch = "arm")]
    // SAFETY: reads CNTFRQ; no memory, no stack, flags kept.
    unsafe {
        asm!("mrc p15, 0, {}, c14, c0, 0", out(reg) value, options(nomem, nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads CNTFRQ; no memory, no stack, flags kept.
    unsafe {
        asm!("mrs {}, cntfrq_el0", out(reg) value, options(nomem, nostack, preserves_flags))
    };
    value as u32
}

/// The virtual count: CNTVCT.
pub fn now() -> u64 {
    #[cfg(target_arch = "arm")]
    {
        let (low, high): (u32, u32);
        // SAFETY: reads CNTVCT; the isb keeps the read from running ahead of earlier code.
        unsafe {
            asm!("isb", "mrrc p15, 1, {}, {}, c14", out(reg) low, out(reg) high, options(nostack, preserves_flags))
        };
        u64::from(high) << 32 | u64::from(low)
    }
    #[cfg(target_arch = "aarch64")]
    {
        let value: u64;
        // SAFETY: reads CNTVCT; the isb keeps the read from running ahead of earlier code.
        unsafe { asm!("isb", "mrs {}, cntvct_el0", out(reg) value, options(nostack, preserves_flags)) };
        value
    }
    #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
    0
}

/// Starts this core's virtual timer: its PPI rises after `ticks` and stays up until [`stop`] or
/// the next `start`.
pub fn start(ticks: u32) {
    #[cfg(target_arch = "arm")]
    // SAFETY: writes CNTV_TVAL and CNTV_CTL (enable, not masked) of this core.
    unsafe {
        asm!(
            "mcr p15, 0, {ticks}, c14, c3, 0", // CNTV_TVAL
            "mcr p15, 0, {on}, c14, c3, 1",    // CNTV_CTL
            "isb",                             // the line moves before anything that follows
            ticks = in(reg) ticks, on = in(reg) 1u32, options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: writes CNTV_TVAL and CNTV_CTL (enable, not masked) of this core.
    unsafe {
        asm!(
            "msr cntv_tval_el0, {ticks}", // ticks from now
            "msr cntv_ctl_el0, {on}",     // enable
            "isb",                        // the line moves before anything that follows
            ticks = in(reg) u64::from(ticks), on = in(reg) 1u64, options(nostack, preserves_flags))
    };
    #[cfg(not(any(target_arch = "arm", target_arch = "aarch64")))]
    let _ = ticks;
}

/// Stops this core's virtual timer; its PPI falls.
pub fn stop() {
    #[cfg(target_arch = "arm")]
    // SAFETY: writes CNTV_CTL of this core.
    unsafe {
        asm!("mcr p15, 0, {}, c14, c3, 1", "isb", in(reg) 0u32, options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: writes CNTV_CTL of this core.
    unsafe {
        asm!("msr cntv_ctl_el0, {}", "isb", in(reg) 0u64, options(nostack, preserves_flags))
    };
}
