// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod pic;
mod power;
mod soc;

use ppc_support::once::Once;
use ppc_support::tree::Tree;
use ppc_support::uart;
use ppc_support::{BoardError, BootInfo};

pub use power::power_off;
pub use soc::Soc;

static ONCE: Once = Once::new();

/// The board: the console works, its devices are mapped, nothing else has been touched.
#[derive(Debug)]
pub struct Board {
    /// Name of the machine.
    pub name: &'static str,
    /// Frequency of the time base and the decrementer, in hertz.
    pub time_base: u32,
    /// Where the devices are.
    pub soc: Soc,
}

impl Board {
    /// Takes the board. Every address comes from the loader's device tree.
    ///
    /// # Errors
    /// [`BoardError`]: taken before, another machine, or the device tree lacks something.
    pub fn take(boot: &'static BootInfo) -> Result<Self, BoardError> {
        let tree = Tree::of_loader(boot)?;
        if !tree.is("MPC8544DS") {
            return Err(BoardError::NotThisBoard("mpc8544ds"));
        }
        ONCE.take()?;
        let soc = Soc::map(&tree)?;
        power::arm(&soc);
        uart::open_of_tree(&tree, soc.uart)?;
        Ok(Self { name: "mpc8544ds", time_base: tree.time_base()?, soc })
    }
}
