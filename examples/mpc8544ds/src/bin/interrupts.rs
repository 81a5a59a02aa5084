// SPDX-License-Identifier: MIT OR Apache-2.0
//! External interrupts from every kind of source: UART, message-signalled, inter-processor, controller timer.
#![no_std]
#![no_main]

use hal_exc_api::install::VectorPage;

static VECTORS: VectorPage = VectorPage::new();

ppc_openpic::irq_program!(mpc8544ds, &hal_exc_e500::FAMILY, &VECTORS, ppc_openpic::spin::external);
