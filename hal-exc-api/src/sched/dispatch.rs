// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way from an exit, or from a thread, to the scheduler.

use core::sync::atomic::Ordering;

use super::{Dispatch, Masked, MayBlock, this_cpu};
use crate::percpu::PerCpu;

/// The scheduler of a CPU that has none: a request from nowhere comes to nothing.
unsafe extern "C" fn nobody(cpu: &'static PerCpu, _interrupted_msr: u32) {
    // SAFETY: called in the place of a scheduler, everything masked.
    unsafe { cpu.clear_dispatch_request() };
}

/// Gives the CPU to whoever should run, if a dispatch was asked for and is allowed; returns when this thread runs again and
/// nothing more is due. This is what a thread calls after it made another one ready, or itself not ready.
pub fn dispatch_if_needed(token: &mut MayBlock<'_>) {
    let _ = token;
    // SAFETY: a token exists only where exceptions are installed.
    let masked = unsafe { Masked::new() };
    loop {
        // Asked anew each time: the thread may have come back on another CPU.
        // SAFETY: installed, and masked, so this CPU is ours until the scheduler is called.
        let cpu = unsafe { this_cpu() };
        if !cpu.dispatch_due() {
            break;
        }
        let dispatch = cpu.words.scheduler.load(Ordering::Acquire);
        // SAFETY: `set_scheduler` is the only one that stores here, a `Dispatch`; null is `None`.
        let dispatch = unsafe { core::mem::transmute::<*mut (), Option<Dispatch>>(dispatch) }.unwrap_or(nobody);
        // SAFETY: masked, in a thread (the token), a request pending, the disable level 0.
        unsafe { dispatch(cpu, masked.before()) };
    }
}

#[cfg(target_arch = "powerpc")]
mod entry {
    use crate::fatal::interrupt_stack_overflow;
    use crate::frame::InterruptFrame;
    use crate::install::GUARD;
    use crate::percpu::{PerCpu, offset};
    use crate::sched::GUARD_WORD;

    /// Called by the exits of asynchronous exceptions: r3 is the interrupted MSR, r1 the interrupted frame, everything is
    /// masked. Tail-calls the scheduler, so that the walk back from a switched-away thread has one frame less.
    #[unsafe(naked)]
    pub(super) unsafe extern "C" fn entry(interrupted_msr: u32) {
        core::arch::naked_asm!(
            "lwz 5, {low}(13)",         // lower bound of the interrupt stack
            "lis 6, {guard_high}",      // what the guard word must be
            "lwz 5, -{guard}(5)",       // what it is
            "ori 6, 6, {guard_low}",
            "mr 4, 3",                  // second argument: the interrupted MSR
            "cmplw 5, 6",
            "lwz 7, {msr_handler}(13)", // MSR for Rust code, where the exits leave another one
            "bne- 2f",
            "lwz 12, {scheduler}(13)",
            "cmpwi 7, 0",
            "addi 3, 13, -{words}",     // first argument: the per-CPU block
            "cmpwi 1, 12, 0",           // is there a scheduler?
            "mtctr 12",
            "beq 3f",                   // no MSR of its own: the present one will do
            "mtmsr 7",                  // translation and RI on, enables stay off
            "isync",                    // translation changed
            "3: bnectr 1",
            "b {nobody}",
            "2: mr 3, 1",               // the interrupt stack was overrun: report with the interrupted frame
            "b {overflow}",
            low = const offset::INTERRUPT_STACK_LOW,
            guard = const GUARD,
            guard_high = const (GUARD_WORD >> 16) as i32,
            guard_low = const GUARD_WORD & 0xFFFF,
            msr_handler = const offset::MSR_HANDLER,
            scheduler = const offset::SCHEDULER,
            words = const core::mem::offset_of!(PerCpu, words),
            nobody = sym super::nobody,
            overflow = sym overflow,
        )
    }

    extern "C" fn overflow(frame: &mut InterruptFrame) -> ! {
        interrupt_stack_overflow(frame)
    }
}

/// What the exits call for a dispatch.
#[cfg(target_arch = "powerpc")]
pub(crate) const ENTRY: unsafe extern "C" fn(u32) = entry::entry;
/// What the exits call for a dispatch; on a host nothing does.
#[cfg(not(target_arch = "powerpc"))]
pub(crate) const ENTRY: Dispatch = nobody;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_scheduler_a_request_comes_to_nothing() {
        static CPU: PerCpu = PerCpu::new();
        // SAFETY: a block of this test's own, on a host.
        unsafe { CPU.request_dispatch() };
        assert!(CPU.dispatch_due());
        // SAFETY: the default one only clears the request.
        unsafe { nobody(&CPU, 0) };
        assert!(!CPU.dispatch_due());
    }
}
