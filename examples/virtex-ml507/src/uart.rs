// SPDX-License-Identifier: MIT OR Apache-2.0
//! The 16550 in the FPGA: the console, and an interrupt that can be had at any time.

use ppc_support::BoardError;
use ppc_support::mmio::Mmio;
use ppc_support::uart::{self, Registers};

/// Input clock of the UART in hertz: the bus clock.
const CLOCK: u32 = 100_000_000;
const BAUD: u32 = 115_200;
/// Distance of the registers in bytes.
const STRIDE: u8 = 4;

/// Interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = STRIDE as usize;
const IER_EMPTY: u8 = 1 << 1;

pub(crate) fn open(base: Mmio) -> Result<(), BoardError> {
    uart::open(Registers { base, stride: STRIDE }, CLOCK, BAUD)
}

/// Asks for an interrupt as soon as the transmit buffer is empty.
pub(crate) fn ask(uart: Mmio) {
    uart.write8(IER, IER_EMPTY);
}

/// Asks no more; whether it had been asked. (The buffer stays empty, so the request is a level until then.)
pub(crate) fn quiet(uart: Mmio) -> bool {
    let asked = uart.read8(IER) & IER_EMPTY != 0;
    uart.write8(IER, 0);
    asked
}
