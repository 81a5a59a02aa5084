// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every synchronous exception, each mended by its handler.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::paging::Ppc440;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(virtex_ml507, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, _| {
    // SAFETY: a 440 as its loader leaves it; the devices lie in the window.
    unsafe { ppc_support::tlb4xx::devices_only_440(0x8000_0000) };
    ppc_exceptions::synchronous::run::<Ppc440>(exceptions)
});
