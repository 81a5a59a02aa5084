// SPDX-License-Identifier: MIT OR Apache-2.0
//! The 16550 in the FPGA as console.

use ppc_support::BoardError;
use ppc_support::mmio::Mmio;
use ppc_support::uart::{self, Registers};

/// Input clock of the UART in hertz: the bus clock.
const CLOCK: u32 = 100_000_000;
const BAUD: u32 = 115_200;

pub(crate) fn open(base: Mmio) -> Result<(), BoardError> {
    uart::open(Registers { base, stride: 4 }, CLOCK, BAUD)
}
