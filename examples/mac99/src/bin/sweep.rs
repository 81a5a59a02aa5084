// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest of `cargo xtask sweep` and `cargo xtask count`; alone it only installs.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorArea;

ppc_sweep::sweep_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) }
);
