// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! SGIs from every core to every core, to itself and to all others.
#![no_std]
#![no_main]

virt::gic_program!(sgi);
