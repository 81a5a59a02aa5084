// SPDX-License-Identifier: MIT OR Apache-2.0
//! UART 0 as console.

use ppc_support::BoardError;
use ppc_support::mmio::Mmio;
use ppc_support::uart::{self, Registers};

/// Input clock of the UART in hertz.
const CLOCK: u32 = 11_059_200;
const BAUD: u32 = 115_200;

pub(crate) fn open(base: Mmio) -> Result<(), BoardError> {
    uart::open(Registers { base, stride: 1 }, CLOCK, BAUD)
}
