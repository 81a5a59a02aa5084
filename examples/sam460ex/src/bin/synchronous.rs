// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every synchronous exception, each mended by its handler.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::paging::Ppc440;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(sam460ex, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, _| {
    ppc_exceptions::synchronous::run::<Ppc440>(exceptions)
});
