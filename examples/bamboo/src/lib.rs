// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod pic;
mod power;

use ppc_support::mmio::Mmio;
use ppc_support::once::Once;
use ppc_support::tree::Tree;
use ppc_support::uart;
use ppc_support::{BoardError, BootInfo, uic4xx};

pub use power::power_off;

static ONCE: Once = Once::new();

/// The board: the console works, nothing else has been touched.
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
        if !tree.is("amcc,bamboo") {
            return Err(BoardError::NotThisBoard("bamboo"));
        }
        ONCE.take()?;
        // An instruction holds a DCR's number, so it cannot come from the tree.
        if tree.number("ibm,uic", "dcr-reg")? != uic4xx::DCR {
            return Err(BoardError::BadDevice("ibm,uic"));
        }
        let region = tree.region("ns16550")?;
        let base = usize::try_from(region.address).map_err(|_| BoardError::Unreachable(region.address))?;
        // SAFETY: the tree says that the UART is there; the loader maps all 4 GiB, effective = physical.
        let uart = unsafe { Mmio::new(base) };
        uart::open_of_tree(&tree, uart)?;
        Ok(Self { name: "bamboo", time_base: tree.time_base()?, uart })
    }
}
