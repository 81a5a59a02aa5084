// SPDX-License-Identifier: MIT OR Apache-2.0
//! A debug exception after every instruction.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(sam460ex, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, _| {
    ppc_exceptions::single_step::run(exceptions)
});
