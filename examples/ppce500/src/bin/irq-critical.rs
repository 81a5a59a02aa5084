// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line at the critical input, through the manager.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_openpic::irq_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, ppc_openpic::critical::run);
