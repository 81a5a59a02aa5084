// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handlers: what a board or an operating system hangs on an exception.
//!
//! A handler says whether it handled the exception. One that did not passes it on to the global handler
//! of the CPU; when there is none, or it declines too, a full report is printed and the CPU stops: an exception
//! is never dropped.

use crate::frame::{Frame, InterruptFrame, IsolatedFrame};

/// What a handler did about the exception.
///
/// The values are part of the wrapper's contract: zero and all ones let one unsigned comparison decide
/// both "handled" and "no dispatch needed".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u32)]
#[must_use]
pub enum Handled {
    /// The interrupted program goes on, with the registers as the frame now holds them.
    Handled = 0,
    /// Somebody else must look at it.
    NotHandled = u32::MAX,
}

/// Handler of a synchronous exception: runs on the interrupted stack with all registers in the frame, may
/// change any of them, and may block.
pub type Handler = extern "C" fn(&mut Frame) -> Handled;

/// Handler of an asynchronous exception: runs on the interrupt stack (or the critical one) with the volatile
/// registers in the frame; may ready threads, must not block.
pub type InterruptHandler = extern "C" fn(&mut InterruptFrame) -> Handled;

/// Handler of machine check, system reset and debug: runs on a stack of its own with all registers in the
/// frame; cannot reach the scheduler.
///
/// The frame has a fixed place, so the same exception must not come again before the return. On Book E and e500 MSR\[ME\] or
/// MSR\[DE\] stays off until then. On classic cores MSR\[RI\] does: a second machine check or system reset is reported as
/// unrecoverable, and so is a synchronous exception that the handler raises, because RI cannot tell the two apart. The
/// 601 has no RI and notices neither.
pub type IsolatedHandler = extern "C" fn(&mut IsolatedFrame) -> Handled;
