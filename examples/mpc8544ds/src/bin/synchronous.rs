// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every synchronous exception, each mended by its handler.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::paging::E500;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(mpc8544ds, &hal_exc_e500::FAMILY, &VECTORS, |exceptions, _| {
    ppc_exceptions::synchronous::run::<E500>(exceptions)
});
