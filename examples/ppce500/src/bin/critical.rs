// SPDX-License-Identifier: MIT OR Apache-2.0
//! Critical interrupts: two lines of the controller routed to the CPU's critical input.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_openpic::irq_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, ppc_openpic::spin::critical);
