// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handler, global handler, fatal report, in that order.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(
    mpc8544ds,
    &hal_exc_e500::FAMILY,
    &VECTORS,
    |exceptions, _| ppc_exceptions::report::run(exceptions),
    report = ppc_exceptions::report::print
);
