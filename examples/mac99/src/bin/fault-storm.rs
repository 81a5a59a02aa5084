// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that nobody quiets. It must be reported.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorArea;
use mac99::OwnIpi;

ppc_kernel::fault_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) },
    |board| OwnIpi::arm(board),
    ppc_kernel::fault::storm::<OwnIpi>
);
