// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//@ timeout=900
//@ only=cortex-a53
//! The pen's assembly against the reference pen, word by word.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use raspi3b::machine::Board;

arm_support::entry!(primary, stop::secondary::<Board>);

fn primary() -> ! {
    raspi3b::init();
    finish(stop::pen::<Board>())
}
