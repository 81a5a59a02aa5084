// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration, on whatever machine this is.
#![no_std]
#![no_main]

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions};
use ppc_support::{BootInfo, Failure, demo, println, program};
use ppc_universal::AnyBoard;

program!(main, ppc_universal::power_off);

static MEMORY: CpuMemory = CpuMemory::new();

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    let board = AnyBoard::take(boot, &cpu)?;
    let exceptions = Exceptions::new(&cpu, ppc_universal::FAMILIES)?
        .memory(&MEMORY)
        .vectors(ppc_universal::vectors(&cpu))
        .fatal(fatal)
        .install()?;
    demo::run(&exceptions, &board.machine()?)
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    ppc_universal::power_off()
}
