// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machine check (pin 3, falling edge) and system reset (pin 1, QEMU takes the rising edge), into a pattern in all registers.
//@ qtest
#![no_std]
#![no_main]

use hal_exc_api::exception::Exception;
use hal_exc_api::install::VectorArea;
use ppc_exceptions::pins::{self, Pin};

const PINS: [Pin; 2] = [
    Pin { exception: Exception::MachineCheck, input: 3, edge: [1, 0], handler: pins::on_pin },
    Pin { exception: Exception::SystemReset, input: 1, edge: [0, 1], handler: pins::on_pin },
];

ppc_support::board_program!(
    mac99,
    &hal_exc_ppc_classic::FAMILY,
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    unsafe { VectorArea::new(0, 0x3000) },
    |exceptions, board| pins::run(exceptions, board.escc.data_address(), &PINS)
);
