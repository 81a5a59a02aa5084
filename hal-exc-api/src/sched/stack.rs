// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is the interrupt stack big enough?
//!
//! Two checks that cost the hot path nothing. A nested entry compares its stack pointer with the lower bound (that is
//! part of the wrapper's nested path). And the lowest word of the stack holds [`GUARD_WORD`], which is looked at on the way
//! to the scheduler and by whoever calls [`InterruptFrame::check_stack`], a tick's handler for example: that finds a
//! single handler that went too deep.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::frame::InterruptFrame;
use crate::percpu::PerCpu;

/// What the lowest word of the interrupt stack holds as long as nobody overran it.
pub const GUARD_WORD: u32 = 0x57AC_C0DE;

/// The lowest word of the interrupt stack of `cpu`; `None` before an install.
fn lowest(cpu: &PerCpu) -> Option<&AtomicU32> {
    let low = cpu.words.interrupt_stack_low.load(Ordering::Relaxed);
    let bottom = low.checked_sub(crate::install::GUARD)?;
    // A host's addresses do not fit the word: there is no stack to look at.
    if bottom == 0 || cfg!(not(target_arch = "powerpc")) {
        return None;
    }
    // SAFETY: an install stored the bounds of a stack that is writable memory for ever; the lowest word is used for
    // nothing but the guard, and a word is 4-byte aligned there because stacks are 16-byte aligned.
    Some(unsafe { AtomicU32::from_ptr(bottom as usize as *mut u32) })
}

/// Marks the stack; called by the install.
pub(crate) fn arm(cpu: &PerCpu) {
    if let Some(word) = lowest(cpu) {
        word.store(GUARD_WORD, Ordering::Relaxed);
    }
}

/// Whether the guard word of `cpu` is what it should be.
fn intact(cpu: &PerCpu) -> bool {
    lowest(cpu).is_none_or(|word| word.load(Ordering::Relaxed) == GUARD_WORD)
}

impl PerCpu {
    /// Whether the interrupt stack's guard word is intact. Always so on a CPU without an install.
    #[must_use]
    pub fn interrupt_stack_intact(&self) -> bool {
        intact(self)
    }
}

impl InterruptFrame {
    /// Checks the guard word of the interrupt stack: four instructions. When the stack was overrun, this ends in the
    /// fatal report.
    pub fn check_stack(&mut self) {
        // SAFETY: a handler runs only after an install, and stays on its CPU.
        if !intact(unsafe { super::this_cpu() }) {
            #[cfg(target_arch = "powerpc")]
            crate::fatal::interrupt_stack_overflow(self);
        }
    }
}
