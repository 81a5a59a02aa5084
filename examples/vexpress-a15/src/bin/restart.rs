// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=2
//! Image A stops all other cores, is overwritten by B at the same addresses, which takes them over: round after round.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use vexpress_a15::machine::Board;

arm_support::entry!(primary, stop::secondary::<Board>);

fn primary() -> ! {
    vexpress_a15::init();
    finish(stop::restart::<Board>())
}
