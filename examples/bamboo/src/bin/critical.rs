// SPDX-License-Identifier: MIT OR Apache-2.0
//! Critical interrupts, each into a pattern in all registers.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::spin::{self, Cause, Instruction};

static VECTORS: VectorPage = VectorPage::new();

/// Line 31, which only software raises, routed to the critical input.
const CRITICAL: u32 = 1 << 0;

ppc_support::board_program!(bamboo, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, board| {
    let cause = Cause { source: "software, critical", instruction: Instruction::SetUicStatus(CRITICAL) };
    spin::run(exceptions, &board.machine()?, &[cause])
});
