// SPDX-License-Identifier: MIT OR Apache-2.0
//! A second install on a CPU that is at work is refused, and interrupts stay on.
#![no_std]
#![no_main]

use core::arch::asm;

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::install::{CpuMemory, Exceptions, InstallError, Setup, VectorPage};
use ppc_support::program::fatal as report;
use ppc_support::{BootInfo, Failure, ensure, println, program};

program!(main, ppce500::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

/// MSR\[CE\] and MSR\[EE\].
const ENABLED: u32 = 0x0002_8000;

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let _board = ppce500::Board::take(boot)?;
    let exceptions = setup(boot)?.memory(&MEMORY).install()?;
    // SAFETY: no source is on, and no critical section open.
    unsafe { exceptions.enable() };
    let before = msr();
    ensure!(before & ENABLED == ENABLED, "MSR is {before:08x} with interrupts on");

    let error = refused(setup(boot)?.memory(&MEMORY))?;
    println!("a second time: {error}");
    ensure!(error == InstallError::AlreadyInstalled { cpu: 0 }, "refused for another reason");
    ensure!(msr() == before, "MSR was {before:08x} and is {:08x}", msr());

    let error = refused(setup(boot)?)?;
    println!("without memory: {error}");
    ensure!(msr() == before, "MSR was {before:08x} and is {:08x}", msr());
    println!("interrupts are still on");
    Ok(())
}

fn setup(boot: &BootInfo) -> Result<Setup, Failure> {
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    Ok(Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.vectors(&VECTORS).fatal(fatal))
}

fn refused(setup: Setup) -> Result<InstallError, Failure> {
    setup.install().err().ok_or(Failure::new("it was not refused"))
}

fn msr() -> u32 {
    let msr;
    // SAFETY: reads MSR.
    unsafe { asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    msr
}

fn fatal(fatal: &hal_exc_api::fatal::Fatal<'_>) -> ! {
    report(fatal);
    ppce500::power_off()
}
