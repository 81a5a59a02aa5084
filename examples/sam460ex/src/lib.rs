// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod pic;
mod power;
mod window;

use ppc_support::mmio::Mmio;
use ppc_support::once::Once;
use ppc_support::tree::Tree;
use ppc_support::uart;
use ppc_support::{BoardError, BootInfo};

pub use power::power_off;

static ONCE: Once = Once::new();

/// The board: the console works, the devices are mapped, nothing else has been touched.
#[derive(Debug)]
pub struct Board {
    /// Name of the machine.
    pub name: &'static str,
    /// Frequency of the time base and the decrementer, in hertz.
    pub time_base: u32,
    /// The UART of the console.
    pub uart: Mmio,
}

impl Board {
    /// Takes the board. Addresses come from the loader's device tree.
    ///
    /// # Errors
    /// [`BoardError`]: taken before, another machine, or the device tree lacks something.
    pub fn take(boot: &'static BootInfo) -> Result<Self, BoardError> {
        let tree = Tree::of_loader(boot)?;
        if !tree.is("amcc,canyonlands") {
            return Err(BoardError::NotThisBoard("sam460ex"));
        }
        ONCE.take()?;
        let uart = tree.region("ns16550")?.address;
        window::map();
        let base = window::effective(uart).ok_or(BoardError::Unreachable(uart))?;
        // SAFETY: the tree says that the UART is there, and the window leads to it.
        let uart = unsafe { Mmio::new(base) };
        uart::open_of_tree(&tree, uart)?;
        Ok(Self { name: "sam460ex", time_base: tree.time_base()?, uart })
    }
}
