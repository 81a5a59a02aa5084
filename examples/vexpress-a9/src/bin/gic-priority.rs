// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Priorities: order, nesting, threshold.
#![no_std]
#![no_main]

vexpress_a9::gic_program!(priority);
