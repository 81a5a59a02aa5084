// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statuses of the manager, and what it reports.

use core::fmt;

use crate::pic::{Capability, CpuId, CpuMask, Line, PicError, Vector};

/// Error of a manager operation. When several apply, the first one of the order given at
/// [`IrqManager`](super::IrqManager#order-of-checks) is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IrqError {
    /// [`IrqManager::init`](super::IrqManager::init) was not called, or failed.
    NotInitialised,
    /// `init` was called before.
    AlreadyInitialised,
    /// The controller has more lines than the manager has room for.
    TooManyLines {
        /// Lines of the controller.
        controller: u16,
        /// Room, the manager's `LINES`.
        room: usize,
    },
    /// The controller has no such line.
    NoSuchLine {
        /// The line asked for.
        line: Line,
        /// Number of line numbers of the controller.
        count: u16,
    },
    /// Not allowed in an interrupt handler.
    CalledFromInterrupt,
    /// The entry is installed on a line already.
    EntryInUse {
        /// That line.
        line: Line,
    },
    /// The entry was removed from a line and a CPU may still be in it.
    EntryRetiring {
        /// That line.
        line: Line,
    },
    /// The line, or the entry, is not to be shared, and the line has an entry.
    LineNotShared {
        /// The line.
        line: Line,
        /// Name of the entry that has it.
        owner: &'static str,
    },
    /// Another entry of the line has the same handler and the same data.
    DuplicateAction {
        /// The line.
        line: Line,
        /// Name of that entry.
        owner: &'static str,
    },
    /// The entry is not installed on that line.
    NotInstalled {
        /// The line.
        line: Line,
    },
    /// There is no such CPU.
    NoSuchCpu {
        /// The CPU asked for.
        cpu: CpuId,
        /// Number of CPUs.
        count: u8,
    },
    /// The CPU does not take interrupts.
    CpuOffline {
        /// The CPU asked for.
        cpu: CpuId,
    },
    /// None of the CPUs takes interrupts.
    NoOnlineCpu {
        /// The CPUs asked for.
        cpus: CpuMask,
    },
    /// Another CPU holds the configuration for longer than the bound.
    Busy,
    /// The controller refused.
    Controller(PicError),
}

impl From<PicError> for IrqError {
    fn from(error: PicError) -> Self {
        match error {
            PicError::NoSuchLine { line, count } => Self::NoSuchLine { line, count },
            PicError::NoSuchCpu { cpu, count } => Self::NoSuchCpu { cpu, count },
            other => Self::Controller(other),
        }
    }
}

impl IrqError {
    pub(super) const fn unsupported(capability: Capability, line: Line) -> Self {
        Self::Controller(PicError::Unsupported { capability, line: Some(line) })
    }
}

impl fmt::Display for IrqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotInitialised => f.write_str("the interrupt manager is not initialised"),
            Self::AlreadyInitialised => f.write_str("the interrupt manager is initialised already"),
            Self::TooManyLines { controller, room } => {
                write!(f, "the controller has {controller} lines, the manager has room for {room}")
            }
            Self::NoSuchLine { line, count } => PicError::NoSuchLine { line, count }.fmt(f),
            Self::CalledFromInterrupt => f.write_str("not allowed in an interrupt handler"),
            Self::EntryInUse { line } => write!(f, "the entry is installed on line {line}"),
            Self::EntryRetiring { line } => {
                write!(f, "the entry is being removed from line {line}: a CPU may still be in it")
            }
            Self::LineNotShared { line, owner } => write!(f, "line {line} belongs to \"{owner}\" and is not shared"),
            Self::DuplicateAction { line, owner } => {
                write!(f, "line {line} has that handler with that data already, as \"{owner}\"")
            }
            Self::NotInstalled { line } => write!(f, "the entry is not installed on line {line}"),
            Self::NoSuchCpu { cpu, count } => PicError::NoSuchCpu { cpu, count }.fmt(f),
            Self::CpuOffline { cpu } => write!(f, "CPU {cpu} is offline"),
            Self::NoOnlineCpu { cpus } => write!(f, "none of CPUs {cpus} is online"),
            Self::Busy => f.write_str("another CPU holds the interrupt configuration for too long"),
            Self::Controller(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for IrqError {}

/// What the manager reports to [`Platform::report`](super::Platform::report).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IrqEvent {
    /// The controller had nothing to acknowledge.
    Spurious {
        /// Where.
        cpu: CpuId,
    },
    /// The controller answered a vector that belongs to no line.
    UnknownVector {
        /// Where.
        cpu: CpuId,
        /// The vector.
        vector: Vector,
    },
    /// A line interrupted and no entry was responsible.
    Unhandled {
        /// The line.
        line: Line,
        /// Whether it had any entry.
        has_entries: bool,
    },
    /// A line was masked because that happened too often in a row.
    StormMasked {
        /// The line.
        line: Line,
        /// How often in a row.
        run: u32,
    },
    /// A storming line could not be masked.
    StormNotMasked {
        /// The line.
        line: Line,
        /// Why not.
        error: IrqError,
    },
    /// The controller or the platform named a line or a CPU that the manager has no room for.
    Beyond {
        /// The CPU.
        cpu: CpuId,
        /// The line.
        line: Line,
    },
}

impl fmt::Display for IrqEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Spurious { cpu } => write!(f, "spurious interrupt on CPU {cpu}"),
            Self::UnknownVector { cpu, vector } => {
                write!(f, "the controller answered vector {vector} of no line on CPU {cpu}")
            }
            Self::Unhandled { line, has_entries: true } => write!(f, "no handler of line {line} was responsible"),
            Self::Unhandled { line, has_entries: false } => write!(f, "line {line} has no handler"),
            Self::StormMasked { line, run } => {
                write!(f, "line {line} masked after {run} unhandled interrupts in a row")
            }
            Self::StormNotMasked { line, error } => write!(f, "storming line {line} could not be masked: {error}"),
            Self::Beyond { cpu, line } => write!(f, "line {line} on CPU {cpu} is beyond the manager's tables"),
        }
    }
}
