// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod own;
mod pic;
mod power;
mod sources;
mod timer;
mod uart;

use ppc_support::mmio::Mmio;
use ppc_support::once::Once;
use ppc_support::{BoardError, BootInfo};

pub use own::OwnUart;
pub use pic::{Pic, TIMER_LINE, UART_LINE};
pub use power::power_off;
pub use sources::{IRQS, Irqs};

static ONCE: Once = Once::new();

/// Upper part of the PVR of the 440x5 in a Virtex-5; the rest is the revision.
const PVR_440X5: u32 = 0x7FF2_1910 >> 12;

/// Frequency of the time base and the decrementer in hertz.
const TIME_BASE: u32 = 400_000_000;

/// The XPS interrupt controller, the XPS timer, and the UART whose first register lies in the last byte of a word: all are
/// logic in the FPGA, placed by the reference design.
const INTC: usize = 0x8180_0000;
const TIMER: usize = 0x83C0_0000;
const UART: usize = 0x83E0_1003;

/// The board: the console works, nothing else has been touched.
#[derive(Debug)]
pub struct Board {
    /// Name of the machine.
    pub name: &'static str,
    /// Frequency of the time base and the decrementer, in hertz.
    pub time_base: u32,
    /// The interrupt controller.
    pub pic: Mmio,
    /// The timer.
    pub timer: Mmio,
    /// The UART of the console; its registers are 4 bytes apart.
    pub uart: Mmio,
}

impl Board {
    /// Takes the board. There is no device tree: the devices are where the reference design has them.
    ///
    /// # Errors
    /// [`BoardError`]: taken before, or another chip.
    pub fn take(boot: &'static BootInfo) -> Result<Self, BoardError> {
        if boot.pvr >> 12 != PVR_440X5 {
            return Err(BoardError::NotThisBoard("virtex-ml507"));
        }
        ONCE.take()?;
        // SAFETY: the design's devices; the loader maps all 4 GiB, effective = physical.
        let (pic, timer, uart) = unsafe { (Mmio::new(INTC), Mmio::new(TIMER), Mmio::new(UART)) };
        uart::open(uart)?;
        Ok(Self { name: "virtex-ml507", time_base: TIME_BASE, pic, timer, uart })
    }
}
