// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every program of this board does first.

use hal_exc_api::cpu::{self, Cpu, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions, Setup, VectorArea};
use ppc_support::{BootInfo, Failure, println};

use crate::{Board, power_off};

static MEMORY: CpuMemory = CpuMemory::new();

impl Board {
    /// Takes the board and prepares an install: memory, vectors at 0, and a fatal hook that ends the program.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn setup(boot: &'static BootInfo) -> Result<(Self, Cpu, Setup), Failure> {
        let board = Self::take(boot)?;
        let cpu = cpu::identify(Pvr(boot.pvr))?;
        println!("# {cpu}");
        // SAFETY: memory at 0 is nobody's: the image begins at 1 MiB, and no firmware runs.
        let vectors = unsafe { VectorArea::new(0, 0x3000) };
        let family = &hal_exc_ppc_classic::FAMILY;
        let setup = Exceptions::new(&cpu, &[family])?.memory(&MEMORY).vectors(vectors).fatal(fatal);
        Ok((board, cpu, setup))
    }
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    ppc_support::program::fatal(fatal);
    power_off()
}
