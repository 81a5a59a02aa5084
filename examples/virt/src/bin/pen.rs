// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//@ timeout=120
//! The pen's assembly against the reference pen, word by word.
#![no_std]
#![no_main]

virt::stop_program!(pen);
