// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! Urgent interrupts through the priority mask.
#![no_std]
#![no_main]

virt::gic_program!(nmi);
