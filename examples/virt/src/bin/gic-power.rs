// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//@ only=gicv2-a32,gicv3-a32,gicv2-a64,gicv3-a64
//! Save and restore over power-down of a core.
#![no_std]
#![no_main]

virt::gic_program!(power);
