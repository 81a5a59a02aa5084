// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads and random interrupts for ten minutes of emulated time.
//@ full
//@ timeout=900
//@ args=-icount shift=7,sleep=off
//@ rfci=hal_exc_e500_critical
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use ppc_kernel::mpic::Messages;

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::kernel_program!(
    mpc8544ds,
    &hal_exc_e500::FAMILY,
    &VECTORS,
    // SAFETY: the device tree says where the controller is, and the window to it stays.
    |board| unsafe { Messages::arm(board.soc.pic) },
    |exceptions, time_base| ppc_kernel::soak::run::<Messages>(exceptions, time_base, ppc_kernel::soak::LONG)
);
