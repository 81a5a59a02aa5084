// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=3
//@ timeout=900
//@ only=gicv3-a32,gicv3-a64
//! The pen's assembly against the reference pen, word by word.
#![no_std]
#![no_main]

virt::stop_program!(pen);
