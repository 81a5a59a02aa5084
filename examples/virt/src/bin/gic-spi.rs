// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! The UART's interrupt on each core in turn.
#![no_std]
#![no_main]

virt::gic_program!(spi);
