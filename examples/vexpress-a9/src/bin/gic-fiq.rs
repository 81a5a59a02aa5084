// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! FIQ by group 0, tested by every core.
#![no_std]
#![no_main]

vexpress_a9::gic_program!(fiq);
