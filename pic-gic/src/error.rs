// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the drivers refuse, with the value that they refused.

use crate::IntId;
use core::fmt;
use hal_exc_api::pic::{Capability, CpuId, CpuMask, Line, PicError, TriggerMode};

/// Error of a GIC operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nothing answers like a GIC there: an identification register reads as it cannot.
    Absent {
        /// The block that was looked for.
        what: &'static str,
        /// What its identification register read.
        value: u32,
    },
    /// The block is a GIC of another architecture version than this driver serves.
    WrongVersion {
        /// The block.
        what: &'static str,
        /// Architecture version that it states.
        version: u8,
    },
    /// The id is not implemented here.
    NotImplemented {
        /// The id.
        id: u32,
    },
    /// The number is reserved by the architecture: it names no interrupt.
    Reserved {
        /// The number.
        id: u32,
    },
    /// The operation does not exist for this class of interrupt.
    WrongClass {
        /// The id.
        id: IntId,
    },
    /// The priority has bits that are not implemented.
    PriorityTooFine {
        /// The priority, in the GIC's own form.
        priority: u8,
        /// Number of implemented bits, counted from the top.
        bits: u8,
    },
    /// A written value did not stay: the register field is fixed for this id.
    Fixed {
        /// The id.
        id: IntId,
    },
    /// Targets outside the implemented CPU interfaces, or none.
    BadTargets {
        /// The targets, one bit each.
        targets: u32,
    },
    /// No redistributor (or CPU interface) belongs to this core.
    NoSuchCore {
        /// Affinity value, or number of the CPU interface.
        core: u64,
    },
    /// More cores than the driver has room for.
    TooManyCores {
        /// The limit.
        limit: usize,
    },
    /// The hardware lacks the feature.
    Unsupported {
        /// The feature.
        what: &'static str,
    },
    /// The hardware did not answer in the bounded number of polls.
    Timeout {
        /// What did not answer.
        what: &'static str,
    },
    /// The buffer for a saved state is too small.
    BufferTooSmall {
        /// Words needed.
        need: usize,
        /// Words given.
        have: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absent { what, value } => write!(f, "no {what}: identification reads {value:#x}"),
            Self::WrongVersion { what, version } => write!(f, "{what} is of GIC version {version}"),
            Self::NotImplemented { id } => write!(f, "interrupt id {id} is not implemented"),
            Self::Reserved { id } => write!(f, "{id} is a reserved interrupt id"),
            Self::WrongClass { id } => write!(f, "not possible for {id:?}"),
            Self::PriorityTooFine { priority, bits } => {
                write!(f, "priority {priority:#x} needs more than the {bits} implemented bits")
            }
            Self::Fixed { id } => write!(f, "the setting of {id:?} is fixed"),
            Self::BadTargets { targets } => write!(f, "targets {targets:#x} are not all implemented"),
            Self::NoSuchCore { core } => write!(f, "no GIC interface for core {core:#x}"),
            Self::TooManyCores { limit } => write!(f, "more than {limit} cores"),
            Self::Unsupported { what } => write!(f, "{what} is not implemented here"),
            Self::Timeout { what } => write!(f, "{what} did not answer"),
            Self::BufferTooSmall { need, have } => write!(f, "{need} words needed, {have} given"),
        }
    }
}

impl core::error::Error for Error {}

impl Error {
    /// The error in the terms of the controller interface, for line `line` of `count`.
    pub(crate) fn of_line(self, line: Line, count: u16, capability: Capability) -> PicError {
        match self {
            Self::NotImplemented { .. } | Self::Reserved { .. } => PicError::NoSuchLine { line, count },
            Self::Timeout { what } => PicError::Timeout { what, line: Some(line) },
            Self::BadTargets { targets } => PicError::NotRoutable { line, cpus: CpuMask::from_bits(targets) },
            _ => PicError::Unsupported { capability, line: Some(line) },
        }
    }

    /// The error as a refused trigger mode.
    pub(crate) fn of_trigger(self, line: Line, count: u16, mode: TriggerMode) -> PicError {
        match self {
            Self::Fixed { .. } | Self::WrongClass { .. } => PicError::BadTrigger { line, mode },
            other => other.of_line(line, count, Capability::Trigger),
        }
    }

    /// The error of an operation on one core.
    pub(crate) fn of_cpu(self, cpu: CpuId, count: u8) -> PicError {
        match self {
            Self::Timeout { what } => PicError::Timeout { what, line: None },
            _ => PicError::NoSuchCpu { cpu, count },
        }
    }
}
