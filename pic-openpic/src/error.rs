// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a controller could not be taken into service.

use core::fmt;

use hal_exc_api::pic::{PicError, Vector};

/// Error of [`OpenPic::start`](crate::OpenPic::start) and of its bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The base address is null or no multiple of 4096.
    Unaligned {
        /// The base.
        base: usize,
    },
    /// No controller answers: the feature register reads all ones or all zeros.
    Absent {
        /// What it read.
        word: u32,
    },
    /// The feature register names a version that the driver does not know (1 to 3 are known; 2 is Open PIC 1.2).
    UnknownVersion {
        /// The version field.
        version: u8,
    },
    /// A Freescale model was asked for and block revision register 1 is not one of MPIC 2.x to 4.x.
    NotFreescale {
        /// What it read.
        word: u32,
    },
    /// More CPUs or sources than the driver can serve.
    TooLarge {
        /// Sources in the feature register.
        sources: u16,
        /// CPUs in the feature register.
        cpus: u8,
    },
    /// The controller did not leave reset in the bounded time.
    StuckInReset {
        /// How often it was looked at.
        reads: u32,
    },
    /// The controller does not keep what is written to its spurious vector register.
    NotWritable {
        /// What was written.
        written: Vector,
        /// What was read back.
        read: u32,
    },
    /// External proxy delivery exists from MPIC 4.0 on.
    NoExternalProxy {
        /// Block revision register 1.
        word: u32,
    },
    /// The model has the shared message-signalled interrupts of MPIC 4.3, and the controller is older.
    NoMsiir1 {
        /// Block revision register 1.
        word: u32,
    },
    /// The handshake is for an MPIC with another number of lines.
    OtherLines {
        /// Lines that the handshake is for.
        handshake: u16,
        /// Lines that the controller has.
        controller: u16,
    },
    /// Setting up a line failed.
    Controller(PicError),
}

impl From<PicError> for StartError {
    fn from(error: PicError) -> Self {
        Self::Controller(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unaligned { base } => write!(f, "controller base {base:#x} is null or no multiple of 0x1000"),
            Self::Absent { word } => write!(f, "no controller answers: its feature register reads {word:#010x}"),
            Self::UnknownVersion { version } => write!(f, "unknown OpenPIC version {version} in the feature register"),
            Self::NotFreescale { word } => write!(f, "block revision {word:#010x} is not an MPIC 2.x to 4.x"),
            Self::TooLarge { sources, cpus } => {
                write!(f, "{sources} sources and {cpus} CPUs are more than the driver serves")
            }
            Self::StuckInReset { reads } => write!(f, "the controller is still in reset after {reads} looks"),
            Self::NotWritable { written, read } => {
                write!(f, "the controller does not keep its registers: wrote {written}, read {read:#x}")
            }
            Self::NoExternalProxy { word } => write!(f, "block revision {word:#010x} has no external proxy mode"),
            Self::NoMsiir1 { word } => write!(f, "block revision {word:#010x} has no MSI index register 1 (MPIC 4.3)"),
            Self::OtherLines { handshake, controller } => {
                write!(f, "the handshake is for {handshake} lines and the controller has {controller}")
            }
            Self::Controller(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StartError {}
