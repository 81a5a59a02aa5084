// SPDX-License-Identifier: MIT OR Apache-2.0
//! A machine check by the CPU's pin, into a pattern in all registers.
//@ qtest
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, |exceptions, board| {
    ppc_exceptions::e500::machine_check(exceptions, board.soc.uart.base())
});
