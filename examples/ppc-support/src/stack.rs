// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stack of `main`, for reports that say who called what was interrupted.

use hal_exc_api::backtrace::{Backtrace, Mapped, StackRange};
use hal_exc_api::report::AnyFrame;

/// No program calls deeper than that; a report stays short.
const MOST: u32 = 20;

/// The memory of the stack of `main`.
#[derive(Debug)]
pub struct MainStack {
    range: StackRange,
    memory: Mapped,
}

impl MainStack {
    /// Where the linker put it.
    #[must_use]
    pub fn new() -> Self {
        unsafe extern "C" {
            static __stack_bottom: u8;
            static __stack_top: u8;
        }
        let range = StackRange { low: &raw const __stack_bottom as u32, high: &raw const __stack_top as u32 };
        // SAFETY: memory of this image, mapped by every board.
        Self { range, memory: unsafe { Mapped::new(range) } }
    }

    /// Who called the code that `frame` interrupted; nobody if that did not run on this stack.
    #[must_use]
    pub fn callers(&self, frame: &AnyFrame<'_>) -> Backtrace<'_, Mapped> {
        Backtrace::new(&self.memory, self.range, frame.stack_pointer(), MOST)
    }
}

impl Default for MainStack {
    fn default() -> Self {
        Self::new()
    }
}
