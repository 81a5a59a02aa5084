// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg(target_arch = "powerpc")]

mod hold;
pub mod soak;
mod units;

use hal_exc_api::cpu::{self, Cpu, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions, Setup};
use ppc_support::{BootInfo, Failure, println};
use ppc_universal::AnyBoard;

static MEMORY: CpuMemory = CpuMemory::new();

/// Takes the board and prepares an install: memory, vectors, and a fatal hook that ends the program.
///
/// # Errors
/// A [`Failure`] with the words of whoever refused.
pub fn setup(boot: &'static BootInfo) -> Result<(AnyBoard, Cpu, Setup), Failure> {
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    let board = AnyBoard::take(boot, &cpu)?;
    println!("# {cpu}");
    let vectors = ppc_universal::vectors(&cpu);
    let setup = Exceptions::new(&cpu, ppc_universal::FAMILIES)?.memory(&MEMORY).vectors(vectors).fatal(fatal);
    Ok((board, cpu, setup))
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    ppc_support::program::fatal(fatal);
    ppc_universal::power_off()
}
