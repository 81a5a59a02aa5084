// SPDX-License-Identifier: MIT OR Apache-2.0
//! Back-chain walk over a stack that may be damaged.
//!
//! Every PowerPC stack frame starts with the address of its caller's frame, and the word behind that holds the
//! LR that the caller's frame was given to save. A report walks it after something went wrong, so nothing it
//! finds is believed: each step is checked for alignment, range and direction before it is read, the number of
//! steps is bounded, and the walk says why it ended. A fault in the fault printer would be the worst report.
//!
//! ```
//! use hal_exc_api::backtrace::{Backtrace, ReadMemory, StackRange};
//!
//! struct Words(&'static [u32]);
//! impl ReadMemory for Words {
//!     fn read_word(&self, address: u32) -> Option<u32> {
//!         self.0.get((address as usize - 0x1000) / 4).copied()
//!     }
//! }
//!
//! let stack = Words(&[0x1008, 0, 0, 0x0010_0234]);
//! let walk = Backtrace::new(&stack, StackRange { low: 0x1000, high: 0x1010 }, 0x1000, 32);
//! assert_eq!(walk.to_string(), "called from: 00100234 (outermost frame)\n");
//! ```

use core::fmt;

/// Reads the memory that a walk looks at.
pub trait ReadMemory {
    /// The aligned word at `address`, or `None` when it cannot be read.
    fn read_word(&self, address: u32) -> Option<u32>;
}

/// The addresses that a stack occupies: `low` is the first byte, `high` the first one behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StackRange {
    /// First byte.
    pub low: u32,
    /// First byte behind the stack.
    pub high: u32,
}

impl StackRange {
    /// Whether a frame header of two words fits at `address`.
    #[must_use]
    pub const fn holds_header(self, address: u32) -> bool {
        match address.checked_add(8) {
            Some(end) => address >= self.low && end <= self.high,
            None => false,
        }
    }
}

/// One step of a walk: a frame and the address at which its function will go on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// The frame's address.
    pub frame: u32,
    /// The LR saved in it: behind the call that the function in this frame made.
    pub return_address: u32,
}

/// Why a walk ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum End {
    /// A zero back chain: the outermost frame.
    Outermost,
    /// A frame address that is not a multiple of 8 (the embedded ABI's stack alignment).
    Misaligned(u32),
    /// A frame address outside the stack.
    OutOfRange(u32),
    /// A back chain that does not lead upwards.
    NotUpwards {
        /// The frame that holds it.
        frame: u32,
        /// Where it leads.
        to: u32,
    },
    /// A word that the memory would not give.
    Unreadable(u32),
    /// More frames than asked for; the number of those that were given.
    TooDeep(u32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outermost => f.write_str("outermost frame"),
            Self::Misaligned(frame) => write!(f, "frame {frame:08x} is not aligned to 8 bytes"),
            Self::OutOfRange(frame) => write!(f, "frame {frame:08x} is outside the stack"),
            Self::NotUpwards { frame, to } => {
                write!(f, "back chain of frame {frame:08x} does not lead upwards, but to {to:08x}")
            }
            Self::Unreadable(address) => write!(f, "word at {address:08x} cannot be read"),
            Self::TooDeep(steps) => write!(f, "stopped after {steps} frames"),
        }
    }
}

/// A walk; an iterator over its steps.
#[derive(Clone, Copy, Debug)]
pub struct Backtrace<'m, M> {
    memory: &'m M,
    stack: StackRange,
    frame: u32,
    steps: u32,
    limit: u32,
    end: Option<End>,
}

impl<'m, M: ReadMemory> Backtrace<'m, M> {
    /// A walk from `stack_pointer` (r1 of the interrupted program) upwards, of at most `limit` steps.
    ///
    /// The first step is the caller of the interrupted function; where the interrupted function itself is, the
    /// frame of the exception says (PC, and LR when it has not saved it yet).
    pub const fn new(memory: &'m M, stack: StackRange, stack_pointer: u32, limit: u32) -> Self {
        Self { memory, stack, frame: stack_pointer, steps: 0, limit, end: None }
    }

    /// Why the walk ended, once it has given its last step.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    const fn check(&self, frame: u32) -> Result<u32, End> {
        if !frame.is_multiple_of(8) {
            Err(End::Misaligned(frame))
        } else if !self.stack.holds_header(frame) {
            Err(End::OutOfRange(frame))
        } else {
            Ok(frame)
        }
    }

    fn step(&self) -> Result<Step, End> {
        let from = self.check(self.frame)?;
        let to = self.memory.read_word(from).ok_or(End::Unreadable(from))?;
        if to == 0 {
            return Err(End::Outermost);
        }
        if to <= from {
            return Err(End::NotUpwards { frame: from, to });
        }
        let to = self.check(to)?;
        if self.steps == self.limit {
            return Err(End::TooDeep(self.limit));
        }
        let return_address = self.memory.read_word(to + 4).ok_or(End::Unreadable(to + 4))?;
        Ok(Step { frame: to, return_address })
    }
}

impl<M: ReadMemory> Iterator for Backtrace<'_, M> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.end.is_some() {
            return None;
        }
        match self.step() {
            Ok(step) => {
                self.frame = step.frame;
                self.steps += 1;
                Some(step)
            }
            Err(end) => {
                self.end = Some(end);
                None
            }
        }
    }
}

/// Prints the whole walk: return addresses five to a line, then why it ended.
impl<M: ReadMemory> fmt::Display for Backtrace<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut walk = Backtrace { memory: self.memory, ..*self };
        f.write_str("called from:")?;
        let mut n = 0;
        for step in walk.by_ref() {
            let gap = if n > 0 && n % 5 == 0 { "\n            " } else { "" };
            write!(f, "{gap} {:08x}", step.return_address)?;
            n += 1;
        }
        match walk.end() {
            Some(end) if n == 0 => writeln!(f, " nobody ({end})"),
            Some(end) => writeln!(f, " ({end})"),
            None => writeln!(f),
        }
    }
}

/// The memory of this machine, between two addresses.
#[derive(Clone, Copy, Debug)]
pub struct Mapped {
    range: StackRange,
}

impl Mapped {
    /// The memory in `range`.
    ///
    /// # Safety
    /// * Every byte of `range` is mapped readable for as long as the value is used.
    /// * Reading it has no side effect: it is memory, not a device.
    #[must_use]
    pub const unsafe fn new(range: StackRange) -> Self {
        Self { range }
    }
}

impl ReadMemory for Mapped {
    fn read_word(&self, address: u32) -> Option<u32> {
        let end = address.checked_add(4)?;
        if !address.is_multiple_of(4) || address < self.range.low || end > self.range.high {
            return None;
        }
        // SAFETY: aligned and inside the range that the caller of `new` promised to be readable memory.
        Some(unsafe { core::ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() })
    }
}
