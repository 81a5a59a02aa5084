// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All other cores are stopped, and a Linux kernel is copied over this image; `cargo xtask kexec` brings the kernel.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use virt::machine::{WithV2, WithV3, version};

// The same for both controllers.
arm_support::kexec_layout!(WithV2);
arm_support::entry!(primary, secondary);

fn primary() -> ! {
    virt::init();
    finish(match version() {
        Ok(pic_gic::Version::V3) => stop::kexec::<WithV3>(),
        Ok(_) => stop::kexec::<WithV2>(),
        Err(_) => Err("no interrupt controller"),
    })
}

fn secondary(cpu: usize) -> ! {
    match version() {
        Ok(pic_gic::Version::V3) => stop::secondary::<WithV3>(cpu),
        _ => stop::secondary::<WithV2>(cpu),
    }
}
