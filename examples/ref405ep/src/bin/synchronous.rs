// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every synchronous exception, each mended by its handler, with translation on.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_exceptions::paging::Ppc405;

static VECTORS: VectorPage = VectorPage::new();

ppc_support::board_program!(ref405ep, &hal_exc_booke::FAMILY, &VECTORS, |exceptions, _| {
    // SAFETY: a 405 in real mode, as the entry stub leaves it; image and stack are below 16 MiB, the devices in the window.
    unsafe { ppc_support::tlb4xx::translate_405(0xEF00_0000) };
    ppc_exceptions::synchronous::run::<Ppc405>(exceptions)
});
