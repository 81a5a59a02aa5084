// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads, semaphores, sleep and blocking handlers on the demonstration kernel.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_kernel::uic::Lines;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::kernel_program!(
    sam460ex,
    &hal_exc_booke::FAMILY,
    &VECTORS,
    // SAFETY: the chip has its interrupt controller there, and nobody else uses it.
    |_board| unsafe { Lines::arm() },
    ppc_kernel::demo::run::<Lines>
);
