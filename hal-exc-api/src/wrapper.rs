// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wrappers: the assembly that saves, calls the handler, dispatches and restores. It exists once, here, as
//! macros; a family expands them for the flavors that it owns.
//!
//! There are four kinds:
//!
//! * [`synchronous_wrapper!`](crate::synchronous_wrapper): full frame on the interrupted stack.
//! * [`interrupt_wrapper!`](crate::interrupt_wrapper): minimal frame on the interrupted stack, handler on the interrupt
//!   stack, dispatch when the last level leaves.
//! * [`critical_wrapper!`](crate::critical_wrapper): minimal frame and handler on the critical stack; dispatches unless it
//!   interrupted another interrupt or a debug exception (see [`critical`](crate::critical)), from a copy of its frame on the
//!   interrupted stack.
//! * [`isolated_wrapper!`](crate::isolated_wrapper): full frame and handler on a stack of its own, never dispatches
//!   (machine check, system reset, debug).
//!
//! Parameters: `name` (the symbol; `name_far` is the entry behind a trampoline, `name_end` the end), `pair` (SPR numbers of the
//! save/restore pair), `ret` (the return instruction), `fault` and `syndrome` (SPR numbers captured at entry),
//! `enter` (text after everything is saved and before the handler: classic cores turn translation and RI on),
//! `leave` (text after the handler: masks everything that could dispatch), `recoverable` (text that
//! branches to `7f` when the interrupted state cannot be returned to; r4 holds the interrupted PC, r5 its MSR). `enter` and
//! `leave` may use r4 to r12, `recoverable` r6 to r12; r3 is the vector word first and the handler's answer after it. The texts may use
//! the `HX_` symbols: distances of per-CPU words from r13, and of fields from the frame at r1.
//!
//! # Why an interrupt needs so little
//!
//! * The vector word is the distance from r13 to the handler's slot: one load finds the handler.
//! * `Handled` is 0 and the dispatch word is not 0 in the ordinary case, so *one* unsigned comparison decides
//!   "handled, and no dispatch needed"; the zero that came back also clears the nesting level.
//! * The outermost level is known from the level it found at entry, and nested levels have an exit of their own.
//! * r3 is saved below the stack pointer where the frame will be. That is safe because whoever interrupts at
//!   that point (critical, debug, machine check) does not use the interrupted stack.
//!
//! # Order on the way out
//!
//! Handler, mask (EE, CE), test the dispatch word, restore, save/restore pair, the last loads, return. Between the mask
//! and the return nothing can come that would dispatch (founding design, epilogue rule); what can come, debug and machine
//! check, puts the pair back or is reported as unrecoverable.

mod critical;
mod guarded;
mod interrupt;
mod isolated;
mod registers;
mod symbols;
mod synchronous;
