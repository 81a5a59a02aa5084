// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens to an exception that nobody handles, and to one that cannot be returned from.
//!
//! A handler that declines passes the exception to the CPU's *global handler*. When there is none, or it
//! declines too, the exception is fatal: the CPU masks EE and CE, moves to the fatal stack and calls the
//! board's *fatal hook* with the frame. Nothing returns from there; without a hook the CPU stands still. An exception
//! inside a report is reported once more, with [`Fatal::nested`], and the third stands still.
//!
//! The hook runs with machine checks on and other CPUs running, on a stack of its own; all it may rely on is what it brought
//! along. `write!` of the [`Fatal`] gives the whole report. On a classic core the report of a machine check or system
//! reset runs with MSR\[RI\] off: whatever comes then, a trap of the hook too, is the report inside a report.

#![cfg_attr(not(target_arch = "powerpc"), allow(dead_code, reason = "called by the wrappers"))]

use core::fmt;
use core::sync::atomic::Ordering;

use crate::cpu::{Cpu, Pvr, identify};
use crate::frame::{Frame, InterruptFrame, IsolatedFrame};
use crate::handler::Handled;
use crate::percpu::PerCpu;
use crate::report::AnyFrame;

/// A frame of any kind, for handlers that take all exceptions.
#[derive(Debug)]
pub enum FrameMut<'a> {
    /// An interrupt; only the volatile registers are saved.
    Interrupt(&'a mut InterruptFrame),
    /// A synchronous exception.
    Synchronous(&'a mut Frame),
    /// Machine check, system reset or debug.
    Isolated(&'a mut IsolatedFrame),
}

impl FrameMut<'_> {
    /// The frame, to read.
    #[must_use]
    pub fn as_any(&self) -> AnyFrame<'_> {
        match self {
            Self::Interrupt(frame) => AnyFrame::Interrupt(frame),
            Self::Synchronous(frame) => AnyFrame::Full(frame),
            Self::Isolated(frame) => AnyFrame::Isolated(frame),
        }
    }
}

/// Takes every exception that no handler handled.
pub type GlobalHandler = fn(FrameMut<'_>) -> Handled;

/// Prints the last words of a CPU and stops it.
pub type FatalHook = fn(&Fatal<'_>) -> !;

/// Why it is fatal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// Nobody handled it.
    Unhandled,
    /// MSR\[RI\] was off (or the equivalent): the state it interrupted is lost.
    Unrecoverable,
    /// The interrupt stack is used up.
    InterruptStackOverflow,
    /// An interrupt handler has not ended while many ticks came.
    HandlerStuck,
    /// More interrupts came between two ticks than anybody can mean.
    InterruptStorm,
    /// The push of a frame raised it: the interrupted stack pointer leads nowhere. PC and MSR are those of the entry
    /// code; what it wanted to save is lost.
    StackLost,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unhandled => "nobody handled it",
            Self::Unrecoverable => "it interrupted a state that cannot be resumed",
            Self::InterruptStackOverflow => "the interrupt stack is used up",
            Self::HandlerStuck => "it interrupted an interrupt handler that does not end",
            Self::InterruptStorm => "interrupts do not cease",
            Self::StackLost => "the stack pointer leads nowhere",
        })
    }
}

/// A fatal exception, as the hook gets it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Fatal<'a> {
    /// Why.
    pub cause: Cause,
    /// The frame.
    pub frame: AnyFrame<'a>,
    /// The CPU; `None` when the block's PVR is damaged.
    pub cpu: Option<Cpu>,
    /// Its index.
    pub index: u32,
    /// It happened inside a fatal report of this CPU: say so in one line and stop, do not begin another report. The next
    /// one stands still without asking.
    pub nested: bool,
}

fn hand_to_global(cpu: &PerCpu, frame: FrameMut<'_>) -> Handled {
    match cpu.global_handler() {
        Some(handler) => handler(frame),
        None => Handled::NotHandled,
    }
}

/// Reports and never returns. The caller masked what can be masked and is on the fatal stack.
fn report(cpu: &PerCpu, cause: Cause, frame: AnyFrame<'_>) -> ! {
    let depth = cpu.words.fatal_depth.fetch_add(1, Ordering::Relaxed);
    // A third level means that even the short line faults: nothing is left but to stand still.
    if depth < 2
        && let Some(hook) = cpu.fatal_hook()
    {
        hook(&Fatal {
            cause,
            frame,
            cpu: identify(Pvr(cpu.words.pvr.load(Ordering::Relaxed))).ok(),
            index: cpu.index(),
            nested: depth > 0,
        });
    }
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(target_arch = "powerpc")]
mod entry {
    //! What the wrappers call. Each takes the frame where the wrapper put it.

    use super::{AnyFrame, Cause, FrameMut, Handled, Ordering, PerCpu, hand_to_global, report};
    use crate::frame::{Frame, InterruptFrame, IsolatedFrame};
    use crate::msr::MsrBit;
    use crate::percpu::offset;

    const UNHANDLED: u32 = 0;
    const UNRECOVERABLE: u32 = 1;
    const OVERFLOW: u32 = 2;
    const STUCK: u32 = 3;
    const STORM: u32 = 4;
    const LOST: u32 = 5;

    const INTERRUPT: u32 = 0;
    const SYNCHRONOUS: u32 = 1;
    const ISOLATED: u32 = 2;

    /// Masks EE and the critical enable of either kind, moves to the fatal stack and goes on in [`last`]. Where handlers
    /// have an MSR of their own the report runs with it: untranslated accesses are cached, also those to devices. The frame
    /// of a machine check has a fixed place and is still to be read: then RI stays off, see [`with_msr_of_handlers`].
    #[unsafe(naked)]
    unsafe extern "C" fn enter(cause: u32, kind: u32, frame: *mut ()) -> ! {
        core::arch::naked_asm!(
            "lwz 10, {handler}(13)",  // MSR of handlers: enables off
            "cmpwi 10, 0",
            "bne 2f",
            "lwz 9, {mask}(13)",      // none: MSR bits that may stay, all but EE and this core's CE
            "mfmsr 10",
            "and 10, 10, 9",
            "b 3f",
            "2: cmpwi 4, {isolated}",
            "bne 3f",
            "rlwinm 10, 10, 0, 31, 29", // without RI
            "3: mtmsr 10",
            "isync",
            "lwz 9, {fatal_depth}(13)",
            "li 0, 0",
            "cmpwi 9, 0",
            "bne 2f",                   // inside a report: its stack holds the frame, so stay above that
            "lwz 1, {fatal_stack}(13)", // whatever stack we came from may be the reason
            "2:",
            "stwu 0, -16(1)",         // end of the back chain
            "b {last}",
            handler = const offset::MSR_HANDLER,
            isolated = const ISOLATED,
            mask = const offset::MSR_KEEP,
            fatal_stack = const offset::FATAL_STACK,
            fatal_depth = const offset::FATAL_DEPTH,
            last = sym last,
        )
    }

    /// The wrappers come here with the MSR of their exit. The global handler runs with that of handlers, like them: on
    /// classic cores translation on, and RI but for a machine check or system reset, whose frame a second one would
    /// overwrite.
    fn with_msr_of_handlers(cpu: &PerCpu, kind: u32) {
        let msr = cpu.words.msr_handler.load(Ordering::Relaxed);
        if msr != 0 {
            let msr = if kind == ISOLATED { msr & !MsrBit::Recoverable.mask() } else { msr };
            // SAFETY: what was mapped and recoverable for the handler that declined still is; the enables stay off.
            unsafe { core::arch::asm!("mtmsr {0}", "isync", in(reg) msr, options(nostack, preserves_flags)) };
        }
    }

    unsafe extern "C" fn last(cause: u32, kind: u32, frame: *mut ()) -> ! {
        // SAFETY: wrappers run only after an install, and nothing dispatches any more.
        let cpu = unsafe { PerCpu::current() };
        let cause = match cause {
            UNHANDLED => Cause::Unhandled,
            UNRECOVERABLE => Cause::Unrecoverable,
            STUCK => Cause::HandlerStuck,
            STORM => Cause::InterruptStorm,
            LOST => Cause::StackLost,
            _ => Cause::InterruptStackOverflow,
        };
        // SAFETY: each caller below passes the frame that belongs to its `kind`, and never touches it again.
        let frame = unsafe {
            match kind {
                INTERRUPT => AnyFrame::Interrupt(&*frame.cast()),
                SYNCHRONOUS => AnyFrame::Full(&*frame.cast()),
                _ => AnyFrame::Isolated(&*frame.cast()),
            }
        };
        report(cpu, cause, frame)
    }

    macro_rules! entries {
        ($unhandled:ident, $unrecoverable:ident, $frame:ty, $variant:ident, $kind:ident) => {
            #[doc(hidden)]
            pub extern "C" fn $unhandled(frame: &mut $frame) {
                // SAFETY: wrappers run only after an install; no dispatch happens between here and the return.
                let cpu = unsafe { PerCpu::current() };
                with_msr_of_handlers(cpu, $kind);
                if hand_to_global(cpu, FrameMut::$variant(frame)) == Handled::NotHandled {
                    // SAFETY: `frame` is of the kind that goes with it.
                    unsafe { enter(UNHANDLED, $kind, (frame as *mut $frame).cast()) }
                }
            }

            #[doc(hidden)]
            pub extern "C" fn $unrecoverable(frame: &mut $frame) -> ! {
                // SAFETY: `frame` is of the kind that goes with it.
                unsafe { enter(UNRECOVERABLE, $kind, (frame as *mut $frame).cast()) }
            }
        };
    }

    entries!(unhandled_interrupt, unrecoverable_interrupt, InterruptFrame, Interrupt, INTERRUPT);
    entries!(unhandled, unrecoverable, Frame, Synchronous, SYNCHRONOUS);
    entries!(unhandled_isolated, unrecoverable_isolated, IsolatedFrame, Isolated, ISOLATED);

    /// Ends in the report of an interrupt that found something wrong with interrupts.
    pub(crate) fn interrupts_are_wrong(cause: Cause, frame: &mut InterruptFrame) -> ! {
        let cause = if cause == Cause::HandlerStuck { STUCK } else { STORM };
        // SAFETY: the frame is an interrupt's.
        unsafe { enter(cause, INTERRUPT, (frame as *mut InterruptFrame).cast()) }
    }

    #[doc(hidden)]
    pub extern "C" fn stack_lost(frame: &mut Frame) -> ! {
        // SAFETY: the frame is a synchronous exception's.
        unsafe { enter(LOST, SYNCHRONOUS, (frame as *mut Frame).cast()) }
    }

    #[doc(hidden)]
    pub extern "C" fn interrupt_stack_overflow(frame: &mut InterruptFrame) -> ! {
        // SAFETY: the frame is an interrupt's.
        unsafe { enter(OVERFLOW, INTERRUPT, (frame as *mut InterruptFrame).cast()) }
    }
}

#[cfg(target_arch = "powerpc")]
pub(crate) use entry::interrupts_are_wrong;
#[cfg(target_arch = "powerpc")]
#[doc(hidden)]
pub use entry::{
    interrupt_stack_overflow, stack_lost, unhandled, unhandled_interrupt, unhandled_isolated, unrecoverable,
    unrecoverable_interrupt, unrecoverable_isolated,
};
