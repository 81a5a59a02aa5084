// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=2
//@ timeout=900
//@ only=cortex-a9
//! The pen's assembly against the reference pen, word by word.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use vexpress_a9::machine::Board;

arm_support::entry!(primary, stop::secondary::<Board>);

fn primary() -> ! {
    vexpress_a9::init();
    finish(stop::pen::<Board>())
}
