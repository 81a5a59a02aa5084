// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! 100,000 interrupts on each core.
#![no_std]
#![no_main]

vexpress_a15::gic_program!(storm);
