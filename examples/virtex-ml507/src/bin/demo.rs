// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration: every exception and interrupt that this machine can raise.
#![no_std]
#![no_main]

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use ppc_support::{BootInfo, Failure, demo, println, program};

program!(main, virtex_ml507::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = virtex_ml507::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    let exceptions =
        Exceptions::new(&cpu, &[&hal_exc_booke::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;
    demo::run(&exceptions, &board.machine()?)
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    virtex_ml507::power_off()
}
