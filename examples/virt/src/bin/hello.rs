// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All cores boot; core 0 counts them.
#![no_std]
#![no_main]

use arm_support::{cpu, finish, println};
use virt as board;

arm_support::entry!(primary, secondary);

fn primary() -> ! {
    board::init();
    println!("{}: hello", board::NAME);
    println!("# PSCI: {}", board::has_psci());
    let cores = board::boot_secondaries();
    println!("cores: {}", cores.unwrap_or(0));
    finish(cores.map(|_| ()).ok_or("a core did not come"))
}

fn secondary(_cpu: usize) -> ! {
    loop {
        cpu::wfi();
    }
}
