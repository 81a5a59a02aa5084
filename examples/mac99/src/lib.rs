// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod console;
mod install;
mod ipi;
mod pci;
mod pic;
mod power;
mod sources;
mod translate;

use hal_exc_api::pic::Line;
use ppc_support::mmio::Mmio;
use ppc_support::once::Once;
use ppc_support::{BoardError, BootInfo};

pub use console::Escc;
pub use ipi::OwnIpi;
pub use pic::Pic;
pub use power::power_off;
pub use sources::{IRQS, Irqs};
pub use translate::{show_memory_at, translate};

static ONCE: Once = Once::new();

/// Line of the ESCC's channel A at the interrupt controller.
pub const ESCC_LINE: Line = Line::new(37);

/// Frequency of the time base in hertz: a quarter of the bus clock. The firmware that knows it is not run.
const TIME_BASE: u32 = 100_000_000;

/// Offsets in KeyLargo, the I/O chip.
const ESCC: usize = 0x1_3000;
const VIA: usize = 0x1_6000;
const OPENPIC: usize = 0x4_0000;

/// The board: the console works, KeyLargo is mapped, nothing else has been touched.
#[derive(Debug)]
pub struct Board {
    /// Name of the machine.
    pub name: &'static str,
    /// Frequency of the time base and the decrementer, in hertz.
    pub time_base: u32,
    /// Address of the interrupt controller (OpenPIC, little endian). Its timers must not be touched: QEMU's
    /// KeyLargo has none and crashes.
    pub pic: usize,
    /// The serial controller; channel A is the console.
    pub escc: Escc,
}

impl Board {
    /// Takes the board: finds KeyLargo on the PCI bus and maps it, unless the firmware did.
    ///
    /// # Errors
    /// [`BoardError`]: taken before, or no KeyLargo there.
    pub fn take(_boot: &'static BootInfo) -> Result<Self, BoardError> {
        ONCE.take()?;
        let keylargo = pci::map_keylargo()?;
        // SAFETY: the chip's registers, mapped just now; translation is off and the address is no memory.
        let registers = |offset| unsafe { Mmio::new(keylargo + offset) };
        power::arm(registers(VIA));
        let escc = console::open(registers(ESCC));
        Ok(Self { name: "mac99", time_base: TIME_BASE, pic: keylargo + OPENPIC, escc })
    }
}
