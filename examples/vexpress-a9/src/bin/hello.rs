// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All cores boot; core 0 names them.
#![no_std]
#![no_main]

use arm_support::{cpu, finish, println, smp};
use vexpress_a9 as board;

arm_support::entry!(primary, secondary);

fn primary() -> ! {
    board::init();
    println!("{}: hello", board::NAME);
    let all = board::boot_secondaries();
    println!("cores: {} of {}", smp::count(), board::cpus());
    finish(if all { Ok(()) } else { Err("a core did not come") })
}

fn secondary(_cpu: usize) -> ! {
    loop {
        cpu::wfi();
    }
}
