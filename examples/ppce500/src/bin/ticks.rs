// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tick: 2000 a second, counted against the time base, for 1000 interrupts.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, |exceptions, board| ppc_exceptions::ticks::run(
    exceptions,
    board.time_base
));
