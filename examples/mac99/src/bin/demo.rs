// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration: every exception and interrupt that this machine can raise.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorArea;

ppc_support::board_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: memory at 0 is nobody's: the image begins at 1 MiB, and no firmware runs.
    unsafe { VectorArea::new(0, 0x3000) },
    |exceptions, board| ppc_support::demo::run(exceptions, &board.machine()?)
);
