// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads and random interrupts for ten minutes of emulated time.
//@ full
//@ timeout=900
//@ args=-icount shift=7,sleep=off
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
    |exceptions, time_base| ppc_kernel::soak::run::<OwnUart>(exceptions, time_base, ppc_kernel::soak::LONG)
);
