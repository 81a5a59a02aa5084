// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod console;
mod pic;
mod power;

use ppc_support::mmio::Mmio;
use ppc_support::once::Once;
use ppc_support::{BoardError, BootInfo};

pub use power::power_off;

static ONCE: Once = Once::new();

/// Upper half of the 405EP's PVR; the lower one is the revision.
const PVR_405EP: u32 = 0x5121;

/// Frequency of the time base and the PIT in hertz, as QEMU has it.
const TIME_BASE: u32 = 333_333_333;

/// UART 0 (PowerPC 405EP User's Manual, memory map).
const UART_0: usize = 0xEF60_0300;

/// The board: the console works, nothing else has been touched.
#[derive(Debug)]
pub struct Board {
    /// Name of the machine.
    pub name: &'static str,
    /// Frequency of the time base and the PIT, in hertz.
    pub time_base: u32,
    /// The UART of the console.
    pub uart: Mmio,
}

impl Board {
    /// Takes the board. There is no device tree: the devices are where the chip has them.
    ///
    /// # Errors
    /// [`BoardError`]: taken before, or another chip.
    pub fn take(boot: &'static BootInfo) -> Result<Self, BoardError> {
        if boot.pvr >> 16 != PVR_405EP {
            return Err(BoardError::NotThisBoard("ref405ep"));
        }
        ONCE.take()?;
        // SAFETY: the chip's UART; the entry stub left the core in real mode with data caching as it was.
        let uart = unsafe { Mmio::new(UART_0) };
        console::open(uart)?;
        Ok(Self { name: "ref405ep", time_base: TIME_BASE, uart })
    }
}
