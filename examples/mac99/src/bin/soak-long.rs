// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many threads and random interrupts for ten minutes of emulated time.
//@ full
//@ only=g4
//@ timeout=900
//@ args=-icount shift=7,sleep=off
#![no_std]
#![no_main]

use hal_exc_api::install::VectorArea;
use mac99::OwnIpi;

ppc_kernel::kernel_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) },
    |board| OwnIpi::arm(board),
    |exceptions, time_base| ppc_kernel::soak::run::<OwnIpi>(exceptions, time_base, ppc_kernel::soak::LONG)
);
