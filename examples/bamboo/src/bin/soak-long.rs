// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads and random interrupts for ten minutes of emulated time.
//@ full
//@ timeout=1500
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_kernel::uic::Lines;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::kernel_program!(
    bamboo,
    &hal_exc_booke::FAMILY,
    &VECTORS,
    // SAFETY: the chip has its interrupt controller there, and nobody else uses it.
    |_board| unsafe { Lines::arm() },
    |exceptions, time_base| ppc_kernel::soak::run::<Lines>(exceptions, time_base, ppc_kernel::soak::LONG)
);
