// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the manager needs from the CPU and the board.

use super::IrqEvent;
use crate::pic::CpuId;

/// The CPU side of the interrupt manager. Usually a unit struct of the board; everything inlines.
///
/// Wrong answers cannot make memory unsafe, but they make the manager wrong: two CPUs that say
/// they are the same one lose counts, and a removal may be reported complete too early.
pub trait Platform: Sync {
    /// A free-running counter (time base, cycle counter) for the longest time in a handler. `None`:
    /// nothing is measured and nothing is spent. Differences are taken modulo 2³².
    const CLOCK: Option<fn() -> u32> = None;

    /// The executing CPU; less than the manager's `CPUS`.
    fn cpu(&self) -> CpuId;

    /// Whether the executing CPU is in an interrupt handler of any level.
    fn in_interrupt(&self) -> bool;

    /// Masks the interrupts that this manager dispatches, on the executing CPU; answers the
    /// former state. For a configuration that is changed from critical handlers too, those as well.
    fn mask_local(&self) -> u32;

    /// Restores what [`mask_local`](Self::mask_local) answered.
    fn restore_local(&self, saved: u32);

    /// Whether `cpu` runs and takes interrupts.
    fn is_online(&self, cpu: CpuId) -> bool;

    /// Called before the handlers of an acknowledged interrupt: lets more urgent ones interrupt
    /// them (set `MSR[EE]`). Does nothing by default: handlers are not preempted.
    #[inline(always)]
    fn allow_preemption(&self) {}

    /// Called after the handlers, before the end of interrupt: undoes
    /// [`allow_preemption`](Self::allow_preemption).
    #[inline(always)]
    fn forbid_preemption(&self) {}

    /// A hint between two looks at something that another CPU will change.
    #[inline]
    fn relax(&self) {
        core::hint::spin_loop();
    }

    /// Something that should not happen did. Called in interrupt context on the cold path; counting
    /// is already done. Ignored by default.
    fn report(&self, event: IrqEvent) {
        let _ = event;
    }
}
