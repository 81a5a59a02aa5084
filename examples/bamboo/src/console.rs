// SPDX-License-Identifier: MIT OR Apache-2.0
//! UART 0 as console.

use ppc_support::BoardError;
use ppc_support::mmio::Mmio;
use ppc_support::tree::Tree;
use ppc_support::uart::{self, Registers};

const BAUD: u32 = 115_200;

pub(crate) fn open(tree: &Tree<'_>, base: Mmio) -> Result<(), BoardError> {
    let clock = tree.number("ns16550", "clock-frequency")?;
    uart::open(Registers { base, stride: 1 }, clock, BAUD)
}
