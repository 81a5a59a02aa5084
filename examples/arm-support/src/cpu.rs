// SPDX-License-Identifier: MIT OR Apache-2.0
//! CPU helpers that are the same for AArch32 and AArch64 callers.
//!
//! On a host target the functions exist, so that the crate type-checks, and do nothing.

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
use core::arch::asm;

macro_rules! read {
    ($(#[$doc:meta])* $name:ident, $a32:literal, $a64:literal) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name() -> usize {
            #[allow(unused_mut, unused_assignments)]
            let mut value = 0usize;
            #[cfg(target_arch = "arm")]
            // SAFETY: reads a register; no memory, no stack, flags kept.
            unsafe { asm!($a32, out(reg) value, options(nomem, nostack, preserves_flags)) };
            #[cfg(target_arch = "aarch64")]
            // SAFETY: reads a register; no memory, no stack, flags kept.
            unsafe { asm!($a64, out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }
    };
}

macro_rules! run {
    ($(#[$doc:meta])* $name:ident, $a32:literal, $a64:literal) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name() {
            #[cfg(target_arch = "arm")]
            // SAFETY: changes no register; not `nomem`, so that memory accesses stay in order.
            unsafe { asm!($a32, options(nostack, preserves_flags)) };
            #[cfg(target_arch = "aarch64")]
            // SAFETY: changes no register; not `nomem`, so that memory accesses stay in order.
            unsafe { asm!($a64, options(nostack, preserves_flags)) };
        }
    };
}

read!(/// MPIDR, all affinity fields.
    mpidr, "mrc p15, 0, {}, c0, c0, 5", "mrs {}, mpidr_el1");
read!(/// Interrupt masks: CPSR, or DAIF.
    masks, "mrs {}, cpsr", "mrs {}, daif");
read!(/// What the last data or synchronous exception was: DFSR, or ESR_EL1.
    fault_syndrome, "mrc p15, 0, {}, c5, c0, 0", "mrs {}, esr_el1");
read!(/// Its address: DFAR, or FAR_EL1.
    fault_address, "mrc p15, 0, {}, c6, c0, 0", "mrs {}, far_el1");
read!(/// ID_PFR1, or ID_AA64PFR0_EL1: which extensions the CPU has.
    feature_word, "mrc p15, 0, {}, c0, c1, 1", "mrs {}, id_aa64pfr0_el1");

read!(/// ISR, or ISR_EL1: interrupts that are pending, bit 7 IRQ, bit 6 FIQ, masked or not.
    pending, "mrc p15, 0, {}, c12, c1, 0", "mrs {}, isr_el1");
read!(/// L2CTLR of Cortex-A15 and Cortex-A53 (TRMs DDI 0438, 4.3.38, and DDI 0500, 4.3.59).
    l2_control, "mrc p15, 1, {}, c9, c0, 2", "mrs {}, S3_1_C11_C0_2");

run!(/// Waits for an interrupt; may return at any time.
    wfi, "wfi", "wfi");
run!(/// Data synchronisation barrier, full system.
    dsb, "dsb", "dsb sy");
run!(/// Instruction synchronisation barrier.
    isb, "isb", "isb");
run!(/// Wakes cores that wait for an event.
    sev, "sev", "sev");
run!(/// Masks IRQ.
    mask_irq, "cpsid i", "msr daifset, #2");
run!(/// Masks FIQ.
    mask_fiq, "cpsid f", "msr daifset, #1");
run!(/// Masks IRQ, FIQ and asynchronous aborts.
    mask_all, "cpsid aif", "msr daifset, #0xf");

/// Opens IRQ.
///
/// # Safety
///
/// * An IRQ handler is set and the interrupt controller is in a known state.
/// * The caller is in no critical section that relies on the mask.
#[inline(always)]
pub unsafe fn unmask_irq() {
    #[cfg(target_arch = "arm")]
    // SAFETY: the caller's promise; not `nomem`, what handlers touch must be in memory.
    unsafe {
        asm!("cpsie i", options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the caller's promise; not `nomem`, what handlers touch must be in memory.
    unsafe {
        asm!("msr daifclr, #2", options(nostack, preserves_flags))
    };
}

/// Opens FIQ.
///
/// # Safety
///
/// As [`unmask_irq`], for the FIQ handler.
#[inline(always)]
pub unsafe fn unmask_fiq() {
    #[cfg(target_arch = "arm")]
    // SAFETY: the caller's promise; not `nomem`, what handlers touch must be in memory.
    unsafe {
        asm!("cpsie f", options(nostack, preserves_flags))
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the caller's promise; not `nomem`, what handlers touch must be in memory.
    unsafe {
        asm!("msr daifclr, #1", options(nostack, preserves_flags))
    };
}

/// Index of this core: MPIDR.Aff0, which numbers the cores of every board here.
pub fn index() -> usize {
    mpidr() & 0xff
}

/// The affinity fields of MPIDR, without the flag bits: what PSCI and GICv3 identify a core by.
pub fn affinity() -> u64 {
    mpidr() as u64 & 0xff_00ff_ffff
}

/// Number of cores in this core's cluster: L2CTLR\[25:24\] + 1. Cortex-A15 and Cortex-A53 only.
pub fn cluster_size() -> usize {
    (l2_control() >> 24 & 3) + 1
}

/// Whether the CPU has EL3 (the security extension): ID_PFR1\[7:4\], or ID_AA64PFR0_EL1.EL3.
pub fn has_el3() -> bool {
    let shift = if cfg!(target_arch = "aarch64") { 12 } else { 4 };
    feature_word() >> shift & 0xf != 0
}
