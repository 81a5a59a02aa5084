// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong while a board is set up.

use core::fmt;

use crate::tlb1::TlbError;

/// Why a board could not be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BoardError {
    /// The board was taken before.
    Taken,
    /// This is another machine; the text says what was looked for.
    NotThisBoard(&'static str),
    /// The loader passed no device tree; r3 holds this.
    NoDeviceTree(u32),
    /// The device tree at this address is damaged.
    BadDeviceTree(u32),
    /// No device of this kind (`compatible`) in the device tree.
    NoDevice(&'static str),
    /// The device tree's entry for this device has no usable address, range or number.
    BadDevice(&'static str),
    /// A device lies at an address that the board cannot reach.
    Unreachable(u64),
    /// A window could not be mapped.
    Tlb(TlbError),
    /// No UART answers at this effective address, or it cannot be programmed.
    NoUart(usize),
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the board is taken already"),
            Self::NotThisBoard(what) => write!(f, "this machine is no {what}"),
            Self::NoDeviceTree(r3) => write!(f, "no device tree: r3 is {r3:#010x}, and no argument fdt=ADDRESS"),
            Self::BadDeviceTree(address) => write!(f, "the device tree at {address:#010x} is damaged"),
            Self::NoDevice(kind) => write!(f, "the device tree has no {kind}"),
            Self::BadDevice(kind) => write!(f, "the device tree's entry for {kind} cannot be used"),
            Self::Unreachable(address) => write!(f, "physical address {address:#x} cannot be reached"),
            Self::Tlb(error) => error.fmt(f),
            Self::NoUart(base) => write!(f, "no UART answers at {base:#010x}"),
        }
    }
}

impl core::error::Error for BoardError {}

impl From<TlbError> for BoardError {
    fn from(error: TlbError) -> Self {
        Self::Tlb(error)
    }
}
