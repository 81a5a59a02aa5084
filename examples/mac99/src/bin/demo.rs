// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration: every exception and interrupt that this machine can raise.
#![no_std]
#![no_main]

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorArea};
use ppc_support::{BootInfo, Failure, demo, println, program};

program!(main, mac99::power_off);

static MEMORY: CpuMemory = CpuMemory::new();

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = mac99::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    // SAFETY: memory at 0 is nobody's: the image begins at 1 MiB, and no firmware runs.
    let vectors = unsafe { VectorArea::new(0, 0x3000) };
    let exceptions = Exceptions::new(&cpu, &[&hal_exc_ppc_classic::FAMILY])?
        .memory(&MEMORY)
        .vectors(vectors)
        .fatal(fatal)
        .install()?;
    demo::run(&exceptions, &board.machine()?)
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    mac99::power_off()
}
