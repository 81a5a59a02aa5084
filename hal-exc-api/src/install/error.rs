// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that can be wrong with an install, each with the value that is.

use core::fmt;

use super::Range;
use crate::cpu::Pvr;
use crate::exception::Exception;
use crate::flavor::Flavor;
use crate::prologue::PrologueError;

/// Which stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StackName {
    /// Standard interrupts.
    Interrupt,
    /// Critical interrupts.
    Critical,
    /// Debug.
    Debug,
    /// Machine check and system reset.
    MachineCheck,
    /// Fatal reports.
    Fatal,
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Interrupt => "interrupt stack",
            Self::Critical => "critical stack",
            Self::Debug => "debug stack",
            Self::MachineCheck => "machine-check stack",
            Self::Fatal => "fatal stack",
        })
    }
}

/// Why exceptions cannot be installed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// No family that the board offers serves this CPU.
    NoFamily {
        /// The PVR.
        pvr: Pvr,
        /// The model.
        model: &'static str,
    },
    /// Two families claim it.
    SeveralFamilies {
        /// The PVR.
        pvr: Pvr,
        /// The first that claims it.
        first: &'static str,
        /// The second.
        second: &'static str,
    },
    /// The family claims the CPU and has no vectors for it.
    NoTable {
        /// The model.
        model: &'static str,
    },
    /// The install was prepared for another CPU than the one that executes it.
    WrongCpu {
        /// PVR it was prepared for.
        given: Pvr,
        /// PVR of this CPU.
        real: Pvr,
    },
    /// The board gave no per-CPU memory.
    NoMemory,
    /// The board gave no vector area.
    NoVectorArea,
    /// Vectors cannot lie there on this CPU.
    VectorBase {
        /// The base.
        base: u32,
        /// What this CPU asks for.
        rule: &'static str,
    },
    /// The vector area is too small.
    VectorAreaTooSmall {
        /// Bytes needed.
        needed: u32,
        /// Bytes given.
        given: u32,
    },
    /// Two areas overlap.
    Overlap {
        /// One.
        first: (&'static str, Range),
        /// The other.
        second: (&'static str, Range),
    },
    /// A stack does not begin and end at a multiple of 16.
    StackUnaligned {
        /// Which.
        stack: StackName,
        /// Where it lies.
        range: Range,
    },
    /// An area goes beyond the last address.
    BeyondMemory {
        /// Which.
        area: &'static str,
        /// Where it lies.
        range: Range,
    },
    /// A stack is too small.
    StackTooSmall {
        /// Which.
        stack: StackName,
        /// Its size.
        len: u32,
        /// The smallest that works.
        min: u32,
    },
    /// The family has no wrapper for a vector of its own table.
    NoWrapper {
        /// The exception.
        exception: Exception,
        /// Its flavor.
        flavor: Flavor,
    },
    /// A prologue cannot be generated.
    Prologue {
        /// The exception.
        exception: Exception,
        /// Why.
        error: PrologueError,
    },
    /// Memory does not hold what was written, or, on a secondary CPU, not what it needs.
    ReadBack {
        /// Where.
        address: u32,
        /// What should be there.
        wanted: u32,
        /// What is there.
        found: u32,
    },
    /// The CPU has no such vector to be given away as naked.
    NoSuchVector {
        /// The exception.
        exception: Exception,
        /// The model.
        model: &'static str,
    },
    /// `dcbz` was refused: memory is not write-back, but entry code, which runs untranslated, treats it so.
    NotWriteBack {
        /// Where it was tried.
        address: u32,
    },
    /// The per-CPU block is in use.
    AlreadyInstalled {
        /// The CPU that uses it.
        cpu: u32,
    },
    /// A register did not take its value.
    Register {
        /// Its name.
        name: &'static str,
        /// What was written.
        wanted: u32,
        /// What it holds.
        found: u32,
    },
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFamily { pvr, model } => write!(f, "no family serves PVR {pvr} ({model})"),
            Self::SeveralFamilies { pvr, first, second } => {
                write!(f, "both {first} and {second} claim PVR {pvr}")
            }
            Self::NoTable { model } => write!(f, "no vector table for {model}"),
            Self::WrongCpu { given, real } => {
                write!(f, "the install was prepared for PVR {given}, this CPU has PVR {real}")
            }
            Self::NoMemory => f.write_str("no per-CPU memory was given"),
            Self::NoVectorArea => f.write_str("no vector area was given"),
            Self::VectorBase { base, rule } => write!(f, "vectors cannot lie at {base:#010x}: {rule}"),
            Self::VectorAreaTooSmall { needed, given } => {
                write!(f, "the vector area has {given:#x} bytes, {needed:#x} are needed")
            }
            Self::Overlap { first, second } => {
                write!(f, "{} {} and {} {} overlap", first.0, first.1, second.0, second.1)
            }
            Self::StackUnaligned { stack, range } => write!(f, "{stack} {range} is not aligned to 16 bytes"),
            Self::BeyondMemory { area, range } => write!(f, "the {area} at {range} goes beyond the last address"),
            Self::StackTooSmall { stack, len, min } => write!(f, "{stack} has {len} bytes, {min} are needed"),
            Self::NoWrapper { exception, flavor } => write!(f, "no wrapper for {exception} in flavor {flavor}"),
            Self::Prologue { exception, error } => write!(f, "{exception}: {error}"),
            Self::ReadBack { address, wanted, found } => {
                write!(f, "vector word at {address:#010x} should be {wanted:#010x} and is {found:#010x}")
            }
            Self::NoSuchVector { exception, model } => write!(f, "{model} has no {exception} vector"),
            Self::NotWriteBack { address } => {
                write!(f, "memory at {address:#010x} is not write-back, entry code needs it to be")
            }
            Self::AlreadyInstalled { cpu } => write!(f, "exceptions are already installed on CPU {cpu}"),
            Self::Register { name, wanted, found } => {
                write!(f, "{name} was set to {wanted:#010x} and holds {found:#010x}")
            }
        }
    }
}

impl core::error::Error for InstallError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Prologue { error, .. } => Some(error),
            _ => None,
        }
    }
}
