// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All other cores are stopped, the image is overwritten, the cores are released: round after round.
#![no_std]
#![no_main]

virt::stop_program!(stop);
