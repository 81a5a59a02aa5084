// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Priorities: order, nesting, threshold.
#![no_std]
#![no_main]

virt::gic_program!(priority);
