// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three contexts keep every register of every unit through 5,000 interrupts; see `ppc_programs::soak`.
#![no_std]
#![no_main]

use ppc_programs::soak;
use ppc_support::{BootInfo, Failure, program};

program!(main, ppc_universal::power_off);

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    soak::run(boot, 5_000)
}
