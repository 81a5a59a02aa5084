// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads and random interrupts for ten minutes of emulated time.
//@ full
//@ timeout=900
//@ args=-icount shift=7,sleep=off -serial null
//@ rfci=hal_exc_ppc440_critical
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_kernel::uic::Uarts;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::kernel_program!(
    bamboo,
    &hal_exc_booke::FAMILY,
    &VECTORS,
    // SAFETY: the chip has its interrupt controller and its UARTs there, and nobody else uses it.
    |_board| unsafe { Uarts::arm() },
    |exceptions, time_base| ppc_kernel::soak::run::<Uarts>(exceptions, time_base, ppc_kernel::soak::LONG)
);
