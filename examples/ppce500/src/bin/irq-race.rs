// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two CPUs install, replace, remove and fire the same lines.
//@ smp=2
#![no_std]
#![no_main]

ppc_openpic::irq_program_two_cpus!(ppce500, |setup: &_, go| ppc_openpic::race::run(setup, 800, go));
