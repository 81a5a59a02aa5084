// SPDX-License-Identifier: MIT OR Apache-2.0
//! An exception while r1 leads nowhere: the push of the frame misses the TLB, and so would the push of the TLB miss. It
//! must end in a report and not go round for ever.
#![no_std]
#![no_main]

use core::arch::asm;

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use ppc_support::console::notes;
use ppc_support::{BootInfo, Failure, println, program};

program!(main, ppce500::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

/// Where nothing is mapped.
const NOWHERE: u32 = 0x9000_0000;

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let _board = ppce500::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    let _exceptions =
        Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;
    println!("r1 leads nowhere, system call");
    // SAFETY: the report is the point; nothing comes back.
    unsafe { asm!("mr 1, {0}", "sc", "0: b 0b", in(reg) NOWHERE, options(noreturn)) }
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    notes(fatal);
    println!("fatal: {}", fatal.cause);
    println!("result: pass");
    ppce500::power_off()
}
