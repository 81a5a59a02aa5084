// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Urgent interrupts through the priority mask.
#![no_std]
#![no_main]

vexpress_a15::gic_program!(nmi);
