// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! The interrupt manager on this board's controller.
#![no_std]
#![no_main]

virt::gic_program!(irq);
