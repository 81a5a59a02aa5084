// SPDX-License-Identifier: MIT OR Apache-2.0
//! All cores boot, by themselves or by their spin tables; core 0 counts them.
#![no_std]
#![no_main]

use arm_support::{cpu, finish, println, smp};
use raspi3b as board;

arm_support::entry!(primary, secondary);

fn primary() -> ! {
    board::init();
    println!("{}: hello", board::NAME);
    match board::boot_secondaries() {
        Ok(started) => {
            println!("# started {started:?}");
            println!("cores: {}", smp::count());
            finish(Ok(()))
        }
        Err(error) => {
            println!("# {error}");
            finish(Err("a core did not come"))
        }
    }
}

fn secondary(_cpu: usize) -> ! {
    loop {
        cpu::wfi();
    }
}
