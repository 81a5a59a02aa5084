// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priorities: nested in the right order, held back in the right order.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorArea;

ppc_openpic::irq_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) },
    ppc_openpic::priorities::run
);
