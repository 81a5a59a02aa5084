// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same for long.
//@ smp=2
//@ full
//@ timeout=600
#![no_std]
#![no_main]

ppc_openpic::irq_program_two_cpus!(ppce500, |setup: &_, go| ppc_openpic::race::run(setup, 20_000, go));
