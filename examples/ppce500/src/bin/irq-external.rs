// SPDX-License-Identifier: MIT OR Apache-2.0
//! External inputs of the controller, driven from outside: edge and level.
//@ qtest
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_openpic::irq_program!(ppce500, &hal_exc_e500::FAMILY, &VECTORS, |setup: &ppc_openpic::Setup<'_>| {
    ppc_openpic::lines::external(setup, |line, on| {
        ppc_support::println!("@ qtest set_irq_in /machine/pic unnamed-gpio-in {line} {}", u32::from(on));
    })
});
