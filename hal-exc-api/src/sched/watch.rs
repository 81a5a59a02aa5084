// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that take the CPU away for good end in a report, not in silence.
//!
//! Two things can happen. A device that is not quieted interrupts again as soon as its handler has left: no thread
//! gets an instruction done ([`InterruptFrame::watch_storm`]). And a handler that lets others in may not end: only
//! nested interrupts come through ([`InterruptFrame::watch_progress`]). A handler that never ends *and* keeps interrupts
//! masked can be seen by a critical interrupt only; its handler may watch progress too.

use core::sync::atomic::Ordering;

use crate::percpu::PerCpu;

#[cfg(target_arch = "powerpc")]
use crate::{fatal::Cause, frame::InterruptFrame};

/// Counts an interrupt; whether there were more than `limit` since the last tick.
#[cfg_attr(not(target_arch = "powerpc"), allow(dead_code, reason = "called by handlers"))]
fn storms(cpu: &PerCpu, limit: u32) -> bool {
    let before = cpu.words.interrupts.load(Ordering::Relaxed);
    cpu.words.interrupts.store(before.saturating_add(1), Ordering::Relaxed);
    before >= limit
}

/// Counts a tick; whether more than `limit` in a row hit an interrupt handler.
#[cfg_attr(not(target_arch = "powerpc"), allow(dead_code, reason = "called by handlers"))]
fn sticks(cpu: &PerCpu, limit: u32) -> bool {
    cpu.words.interrupts.store(0, Ordering::Relaxed);
    // The tick's own level is one.
    let late = if cpu.nest_level() > 1 { cpu.words.late_ticks.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
    cpu.words.late_ticks.store(late, Ordering::Relaxed);
    late > limit
}

#[cfg(target_arch = "powerpc")]
impl InterruptFrame {
    /// To be called by the handlers of devices: counts interrupts between two ticks (whose handler calls
    /// [`watch_progress`](Self::watch_progress)). More than `limit` end in the fatal report, with the frame of the last.
    pub fn watch_storm(&mut self, limit: u32) {
        // SAFETY: a handler runs only after an install, and stays on its CPU.
        if storms(unsafe { PerCpu::current() }, limit) {
            crate::fatal::interrupts_are_wrong(Cause::InterruptStorm, self);
        }
    }

    /// To be called by the handler of the tick. When more than `limit` ticks in a row hit another interrupt handler, this
    /// ends in the fatal report, with the frame of the tick: its PC is where that handler is.
    pub fn watch_progress(&mut self, limit: u32) {
        // SAFETY: a handler runs only after an install, and stays on its CPU.
        if sticks(unsafe { PerCpu::current() }, limit) {
            crate::fatal::interrupts_are_wrong(Cause::HandlerStuck, self);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_between_two_ticks_is_a_storm() {
        let cpu = PerCpu::new();
        cpu.words.nest.store(1, Ordering::Relaxed);
        for _ in 0..2 {
            for _ in 0..3 {
                assert!(!storms(&cpu, 3));
            }
            assert!(!sticks(&cpu, 0));
        }
        for _ in 0..3 {
            assert!(!storms(&cpu, 3));
        }
        assert!(storms(&cpu, 3));
    }

    #[test]
    fn ticks_in_a_row_inside_a_handler_mean_that_it_sticks() {
        let cpu = PerCpu::new();
        cpu.words.nest.store(2, Ordering::Relaxed);
        assert!(!sticks(&cpu, 2));
        assert!(!sticks(&cpu, 2));
        cpu.words.nest.store(1, Ordering::Relaxed);
        assert!(!sticks(&cpu, 2));
        cpu.words.nest.store(2, Ordering::Relaxed);
        assert!(!sticks(&cpu, 2));
        assert!(!sticks(&cpu, 2));
        assert!(sticks(&cpu, 2));
    }
}
