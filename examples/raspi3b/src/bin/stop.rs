// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=4
//! All other cores are stopped, the image is overwritten, the cores are released: round after round.
#![no_std]
#![no_main]

use arm_support::{finish, stop};
use raspi3b::machine::Board;

arm_support::entry!(primary, stop::secondary::<Board>);

fn primary() -> ! {
    raspi3b::init();
    finish(stop::stop::<Board>())
}
