// SPDX-License-Identifier: MIT OR Apache-2.0
//! External interrupts, each into a pattern in all registers.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::spin::{self, Cause, Instruction};

static VECTORS: VectorPage = VectorPage::new();

/// UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;
/// Line 30, which only software raises.
const SOFTWARE: u32 = 1 << 1;

ppc_support::board_program!(bamboo, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, board| {
    let ier = (board.uart.base() + IER) as u32;
    let causes = [
        Cause { source: "UART", instruction: Instruction::StoreByte(ier, IER_EMPTY) },
        Cause { source: "software", instruction: Instruction::SetUicStatus(SOFTWARE) },
    ];
    spin::run(exceptions, &board.machine()?, &causes)
});
