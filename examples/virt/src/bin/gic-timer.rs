// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Each core's own timer.
#![no_std]
#![no_main]

virt::gic_program!(timer);
