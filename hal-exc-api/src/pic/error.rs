// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a controller can refuse, with the value that it refused.

use super::{CpuId, CpuMask, Line, Priority, PriorityRange, TriggerMode};
use core::fmt;

/// What was asked for when a controller had to answer [`PicError::Unsupported`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Capability {
    /// Masking and unmasking.
    Mask,
    /// Reading whether the line is pending.
    IsPending,
    /// Raising the line by software.
    Raise,
    /// Clearing a pending interrupt by software.
    Clear,
    /// Changing or reading the priority.
    Priority,
    /// Changing or reading the trigger mode.
    Trigger,
    /// Changing or reading the affinity.
    Affinity,
    /// Software interrupts between CPUs.
    InterProcessor,
    /// Routing to the critical or machine-check input.
    CriticalRouting,
    /// Timers of the controller.
    Timer,
    /// Message-signalled interrupts.
    Msi,
    /// Vector delivery with the interrupt (external proxy).
    ExternalProxy,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mask => "masking",
            Self::IsPending => "reading its pending state",
            Self::Raise => "raising by software",
            Self::Clear => "clearing by software",
            Self::Priority => "a priority",
            Self::Trigger => "a trigger mode",
            Self::Affinity => "an affinity",
            Self::InterProcessor => "inter-processor interrupts",
            Self::CriticalRouting => "critical routing",
            Self::Timer => "timers",
            Self::Msi => "message-signalled interrupts",
            Self::ExternalProxy => "external proxy delivery",
        })
    }
}

/// Error of a controller operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PicError {
    /// The controller has no such line.
    NoSuchLine {
        /// The line asked for.
        line: Line,
        /// Number of lines of the controller; not all of them need exist.
        count: u16,
    },
    /// The controller has no such CPU.
    NoSuchCpu {
        /// The CPU asked for.
        cpu: CpuId,
        /// Number of CPUs that the controller serves.
        count: u8,
    },
    /// The line, or the whole controller, lacks the capability.
    Unsupported {
        /// What was asked for.
        capability: Capability,
        /// The line, if it is a matter of the line.
        line: Option<Line>,
    },
    /// The controller does not implement that priority.
    BadPriority {
        /// The priority asked for.
        priority: Priority,
        /// The priorities that it has.
        range: PriorityRange,
    },
    /// The line cannot be set to that trigger mode.
    BadTrigger {
        /// The line.
        line: Line,
        /// The mode asked for.
        mode: TriggerMode,
    },
    /// The line cannot be routed to that set of CPUs.
    NotRoutable {
        /// The line.
        line: Line,
        /// The CPUs asked for.
        cpus: CpuMask,
    },
    /// An inter-processor interrupt that does not exist.
    NoSuchIpi {
        /// The number asked for.
        number: u8,
        /// How many there are.
        count: u8,
    },
    /// A timer that does not exist.
    NoSuchTimer {
        /// The number asked for.
        number: u8,
        /// How many there are.
        count: u8,
    },
    /// The period does not fit the timer's counter.
    BadPeriod {
        /// The ticks asked for.
        ticks: u32,
        /// The most that the counter holds.
        max: u32,
    },
    /// All vectors of the controller are in use: the line cannot be enabled.
    NoFreeVector {
        /// The line that needs one.
        line: Line,
    },
    /// The controller has no such register of message-signalled interrupts.
    NoSuchMsiRegister {
        /// The register asked for.
        number: u8,
        /// How many there are.
        count: u8,
    },
    /// All message-signalled interrupts are in use.
    NoFreeMsi {
        /// How many there are.
        count: u16,
    },
    /// Freed although it was not allocated.
    MsiNotAllocated {
        /// The line that was to be freed.
        line: Line,
    },
    /// The hardware did not answer in the bounded time.
    Timeout {
        /// What did not answer.
        what: &'static str,
        /// The line, if it is a matter of a line.
        line: Option<Line>,
    },
}

impl fmt::Display for PicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoSuchLine { line, count } => {
                write!(f, "no interrupt line {line}: the controller has {count} line numbers")
            }
            Self::NoSuchCpu { cpu, count } => {
                write!(f, "no CPU {cpu}: the controller serves {count}")
            }
            Self::Unsupported { capability, line: Some(line) } => {
                write!(f, "line {line} does not support {capability}")
            }
            Self::Unsupported { capability, line: None } => {
                write!(f, "the controller does not support {capability}")
            }
            Self::BadPriority { priority, range } => {
                write!(f, "priority {priority} is not in {}..={}", range.lowest(), range.highest())
            }
            Self::BadTrigger { line, mode } => write!(f, "line {line} cannot be set to {mode}"),
            Self::NotRoutable { line, cpus } => write!(f, "line {line} cannot go to CPUs {cpus}"),
            Self::NoSuchIpi { number, count } => {
                write!(f, "no inter-processor interrupt {number}: there are {count}")
            }
            Self::NoSuchTimer { number, count } => {
                write!(f, "no timer {number}: there are {count}")
            }
            Self::BadPeriod { ticks, max } => {
                write!(f, "period of {ticks} ticks is not in 1..={max}")
            }
            Self::NoFreeVector { line } => write!(f, "no free vector for line {line}"),
            Self::NoSuchMsiRegister { number, count } => {
                write!(f, "no message-signalled interrupt register {number}: there are {count}")
            }
            Self::NoFreeMsi { count } => {
                write!(f, "all {count} message-signalled interrupts are allocated")
            }
            Self::MsiNotAllocated { line } => {
                write!(f, "message-signalled interrupt {line} is not allocated")
            }
            Self::Timeout { what, line: Some(line) } => {
                write!(f, "{what} of line {line} did not answer in time")
            }
            Self::Timeout { what, line: None } => write!(f, "{what} did not answer in time"),
        }
    }
}

impl core::error::Error for PicError {}
