// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All other cores are stopped, and a Linux kernel is copied over this image; `cargo xtask kexec` brings the kernel.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use vexpress_a9::machine::Board;

arm_support::kexec_layout!(Board);
arm_support::entry!(primary, stop::secondary::<Board>);

fn primary() -> ! {
    vexpress_a9::init();
    finish(stop::kexec::<Board>())
}
