// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be asked of, and set on, single lines. All of it is serialised by the caller.

use super::{CpuId, CpuMask, Line, PicError, Priority, PriorityRange, TriggerMode};

/// What kind of thing a line is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LineKind {
    /// A device's input.
    Source,
    /// An inter-processor interrupt.
    InterProcessor,
    /// A timer of the controller itself, or one that is private to a CPU.
    Timer,
    /// A message register (a CPU writes, the reader's CPU is interrupted).
    Message,
    /// A message-signalled interrupt.
    Msi,
}

/// The base of every controller.
pub trait InterruptController: Sync {
    /// Number of line numbers, `0..line_count`; there may be holes. At least 1.
    fn line_count(&self) -> u16;

    /// What `line` is, or `None` if the controller has no such line.
    fn line_kind(&self, line: Line) -> Option<LineKind>;

    /// Number of CPUs that it serves; 1 to 32.
    fn cpu_count(&self) -> u8;

    /// Errors with [`PicError::NoSuchLine`] if the controller has no such line.
    fn check_line(&self, line: Line) -> Result<(), PicError> {
        match self.line_kind(line) {
            Some(_) => Ok(()),
            None => Err(PicError::NoSuchLine { line, count: self.line_count() }),
        }
    }

    /// Errors with [`PicError::NoSuchCpu`] if the controller does not serve `cpu`.
    fn check_cpu(&self, cpu: CpuId) -> Result<(), PicError> {
        if cpu.index() < usize::from(self.cpu_count()) {
            Ok(())
        } else {
            Err(PicError::NoSuchCpu { cpu, count: self.cpu_count() })
        }
    }
}

/// Masking of lines.
pub trait LineMask: InterruptController {
    /// Lets the line interrupt.
    fn enable(&self, line: Line) -> Result<(), PicError>;

    /// Keeps the line from interrupting. On return no CPU will start to take it any more (one
    /// that has already acknowledged it goes on).
    fn disable(&self, line: Line) -> Result<(), PicError>;

    /// Whether the line may interrupt.
    fn is_enabled(&self, line: Line) -> Result<bool, PicError>;
}

/// The pending state of lines. A controller that can do only a part of it answers
/// [`PicError::Unsupported`] for the rest.
pub trait LinePending: InterruptController {
    /// Whether the line has an interrupt that is not yet acknowledged.
    fn is_pending(&self, line: Line) -> Result<bool, PicError>;

    /// Makes the line pending by software. For inter-processor lines: on the CPU `from` that
    /// executes this.
    fn raise(&self, from: CpuId, line: Line) -> Result<(), PicError>;

    /// Forgets a pending interrupt. A level line whose device still asserts it stays pending.
    fn clear(&self, line: Line) -> Result<(), PicError>;
}

/// Priorities of lines; greater is more urgent.
pub trait LinePriority: InterruptController {
    /// The priorities that are implemented.
    fn priority_range(&self) -> PriorityRange;

    /// Sets the priority, exactly; one outside the range is refused
    /// ([`PicError::BadPriority`]).
    fn set_priority(&self, line: Line, priority: Priority) -> Result<(), PicError>;

    /// The priority as [`set_priority`](Self::set_priority) would take it.
    fn priority(&self, line: Line) -> Result<Priority, PicError>;
}

/// Trigger modes of lines.
pub trait LineTrigger: InterruptController {
    /// Sets the trigger mode; at any time, also while the line is enabled. A wait for the line
    /// to become idle is bounded ([`PicError::Timeout`], nothing changed).
    fn set_trigger(&self, line: Line, mode: TriggerMode) -> Result<(), PicError>;

    /// The trigger mode.
    fn trigger(&self, line: Line) -> Result<TriggerMode, PicError>;
}

/// Which CPUs a line may interrupt. Each interrupt goes to **one** CPU of the set.
pub trait LineAffinity: InterruptController {
    /// Sets the CPUs; [`PicError::NotRoutable`] for a set that the line cannot be routed to
    /// (empty, too many, absent ones), and then nothing has changed.
    fn set_affinity(&self, line: Line, cpus: CpuMask) -> Result<(), PicError>;

    /// The CPUs that it goes to.
    fn affinity(&self, line: Line) -> Result<CpuMask, PicError>;
}

/// What can be done with one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LineAttributes {
    /// What it is.
    pub kind: LineKind,
    /// It can be enabled and disabled.
    pub can_mask: bool,
    /// Its pending state can be read.
    pub can_read_pending: bool,
    /// It can be raised by software on the executing CPU.
    pub can_raise: bool,
    /// It can be raised by software on another CPU.
    pub can_raise_on: bool,
    /// A pending interrupt can be forgotten.
    pub can_clear: bool,
    /// Its priority can be set.
    pub can_set_priority: bool,
    /// Its trigger mode can be set.
    pub can_set_trigger: bool,
    /// The CPUs that it goes to can be set.
    pub can_set_affinity: bool,
    /// It can be routed to another input than the normal one.
    pub can_set_output: bool,
}

impl LineAttributes {
    /// A line of which nothing can be set; the driver sets what can.
    pub const fn fixed(kind: LineKind) -> Self {
        Self {
            kind,
            can_mask: false,
            can_read_pending: false,
            can_raise: false,
            can_raise_on: false,
            can_clear: false,
            can_set_priority: false,
            can_set_trigger: false,
            can_set_affinity: false,
            can_set_output: false,
        }
    }
}

/// Tells what can be done with each line.
pub trait LineInfo: InterruptController {
    /// What can be done with `line`.
    fn line_attributes(&self, line: Line) -> Result<LineAttributes, PicError>;
}
