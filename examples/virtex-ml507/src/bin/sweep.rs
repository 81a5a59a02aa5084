// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest of `cargo xtask sweep` and `cargo xtask count`; alone it only installs.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_sweep::sweep_program!(virtex_ml507, &hal_exc_booke::FAMILY, &VECTORS);
