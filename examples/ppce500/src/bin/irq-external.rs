// SPDX-License-Identifier: MIT OR Apache-2.0
//! External inputs of the controller, driven from outside: edge and level.
//@ qtest
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;
use hal_exc_api::pic::Line;
use ppc_openpic::{Setup, lines};

static VECTORS: VectorPage = VectorPage::new();

ppc_openpic::irq_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, run);

fn run(setup: &Setup<'_>) -> Result<(), ppc_support::Failure> {
    lines::external(setup, set, || set(Line::new(8), false))
}

/// The emulator drives the input.
fn set(line: Line, on: bool) {
    ppc_support::println!("@ qtest set_irq_in /machine/pic unnamed-gpio-in {line} {}", u32::from(on));
}
