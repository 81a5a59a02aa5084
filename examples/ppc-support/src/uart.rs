// SPDX-License-Identifier: MIT OR Apache-2.0
//! A 16550 as console: the crate `uart_16550` over a register access that keeps the order on PowerPC.
//!
//! That crate's own MMIO access is a plain volatile one; PowerPC may then let a status read overtake the
//! data write before it. [`Mmio`] adds the barrier. The driver value is made anew for each text: it holds
//! nothing that the device does not hold, so a handler can print while its interrupted code prints.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use uart_16550::backend::Backend;
use uart_16550::{BaudRate, Config, Uart16550};

use crate::console;
use crate::error::BoardError;
use crate::mmio::Mmio;
use crate::tree::Tree;

/// Registers of a 16550: byte registers `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    /// The first register.
    pub base: Mmio,
    /// Distance of the registers in bytes: 1 (SoC UARTs), 4 (Xilinx).
    pub stride: u8,
}

impl Backend for Registers {
    unsafe fn read(&mut self, register: u8) -> u8 {
        self.base.read8(usize::from(register) * usize::from(self.stride))
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        self.base.write8(usize::from(register) * usize::from(self.stride), value);
    }
}

/// The driver for these registers. It implements the traits of `embedded-io`.
#[must_use]
pub fn driver(registers: Registers) -> Uart16550<Registers> {
    // SAFETY: `Mmio` promises that the registers can be accessed for as long as it is used.
    unsafe { Uart16550::new_with_backend(registers) }
}

/// The console's registers, for the sink: base (0 = none) and stride.
static BASE: AtomicUsize = AtomicUsize::new(0);
static STRIDE: AtomicU8 = AtomicU8::new(1);

fn sink(bytes: &[u8]) {
    // SAFETY: `open` stored the base of an `Mmio`.
    let base = unsafe { Mmio::new(BASE.load(Ordering::Relaxed)) };
    driver(Registers { base, stride: STRIDE.load(Ordering::Relaxed) }).send_bytes_exact(bytes);
}

/// Makes the first `ns16550` of the tree the console, at 115,200 baud; its registers, one byte apart, are at `base`.
///
/// # Errors
/// [`BoardError`]: the tree names no clock, or as [`open`].
pub fn open_of_tree(tree: &Tree<'_>, base: Mmio) -> Result<(), BoardError> {
    open(Registers { base, stride: 1 }, tree.number("ns16550", "clock-frequency")?, 115_200)
}

/// Programs the UART for `baud`, 8 bits, no parity, from an input clock of `clock` hertz, and makes it the console.
///
/// # Errors
/// [`BoardError::NoUart`] when nothing answers there or the rate cannot be made from the clock.
pub fn open(registers: Registers, clock: u32, baud: u32) -> Result<(), BoardError> {
    let no_uart = BoardError::NoUart(registers.base.base());
    let frequency = exact_clock(clock, baud).ok_or(no_uart)?;
    let config = Config { frequency, baud_rate: BaudRate::from_integer(baud), ..Config::DEFAULT };
    driver(registers).init(config).map_err(|_| no_uart)?;
    BASE.store(registers.base.base(), Ordering::Relaxed);
    STRIDE.store(registers.stride, Ordering::Relaxed);
    console::set(sink);
    Ok(())
}

/// The clock nearest to the real one from which a whole divisor (16 clocks per bit) makes the rate exactly: the
/// driver accepts no other, and the clocks of these boards are multiples of no baud rate.
fn exact_clock(clock: u32, baud: u32) -> Option<u32> {
    let unit = baud.checked_mul(16)?;
    let divisor = clock.checked_add(unit / 2)?.checked_div(unit)?;
    (1..=0xFFFF).contains(&divisor).then(|| unit.checked_mul(divisor))?
}

#[cfg(test)]
mod tests {
    use super::exact_clock;

    #[test]
    fn divisors_are_rounded_to_the_nearest() {
        assert_eq!(exact_clock(400_000_000, 115_200), Some(217 * 16 * 115_200));
        assert_eq!(exact_clock(11_059_200, 115_200), Some(11_059_200));
        assert_eq!(exact_clock(0, 115_200), None);
        assert_eq!(exact_clock(400_000_000, 0), None);
        assert_eq!(exact_clock(u32::MAX, 1), None);
        assert_eq!(exact_clock(400_000_000, 110), None);
    }
}
