// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads, semaphores, sleep and blocking handlers on the demonstration kernel.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use virtex_ml507::OwnUart;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::kernel_program!(
    virtex_ml507,
    &hal_exc_booke::FAMILY,
    &VECTORS,
    |board| OwnUart::arm(board)?,
    ppc_kernel::demo::run::<OwnUart>
);
