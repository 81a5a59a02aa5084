// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=8
//@ timeout=300
//@ only=gicv2-a32,gicv3-a32,gicv2-a64,gicv3-a64
//! The SGI matrix with as many cores as a GICv2 has.
#![no_std]
#![no_main]

virt::gic_program!(sgi);
