// SPDX-License-Identifier: MIT OR Apache-2.0
//! External interrupts, each into a pattern in all registers.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::spin::{self, Cause, Instruction};

static VECTORS: VectorPage = VectorPage::new();

/// Line 20, which only software raises.
const SOFTWARE: u32 = 1 << 11;

ppc_support::board_program!(sam460ex, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, board| {
    let cause = Cause { source: "software", instruction: Instruction::SetUicStatus(SOFTWARE) };
    spin::run(exceptions, &board.machine()?, &[cause])
});
