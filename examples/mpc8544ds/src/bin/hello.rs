// SPDX-License-Identifier: MIT OR Apache-2.0
//! Says where it runs and powers the board off.
#![no_std]
#![no_main]

use ppc_support::{BootInfo, Failure, println, program};

program!(main, mpc8544ds::power_off);

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = mpc8544ds::Board::take(boot)?;
    println!("hello from {}", board.name);
    println!("# pvr={:08x} msr={:08x} r3={:08x}", boot.pvr, boot.msr, boot.args[0]);
    println!("# {board:x?}");
    Ok(())
}
