// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts between two CPUs, and a line that moves from one to the other.
//@ smp=2
#![no_std]
#![no_main]

ppc_openpic::irq_program_two_cpus!(ppce500, ppc_openpic::two_cpus::run);
