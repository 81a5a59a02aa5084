// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration: every exception and interrupt that this machine can raise.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(
    virtex_ml507,
    &hal_exc_booke::FAMILY,
    &VECTORS,
    |exceptions, board| ppc_support::demo::run(exceptions, &board.machine()?)
);
