// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Quiesce and adopt across warm restarts.
#![no_std]
#![no_main]

vexpress_a15::gic_program!(restart);
