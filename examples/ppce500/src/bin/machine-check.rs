// SPDX-License-Identifier: MIT OR Apache-2.0
//! A machine check by the CPU's pin, while the program spins with a pattern in all registers; it goes on afterwards.
//@ qtest
#![no_std]
#![no_main]

use core::arch::asm;

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::{Frame, IsolatedFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, println, program, trial};

program!(main, ppce500::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();
static LAST: Last = Last::new();

/// `rfmci`.
const RFMCI: u32 = 0x4C00_004C;

trial!(spin, [], "b .");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let _board = ppce500::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    println!("# {cpu}");
    let exceptions =
        Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;
    exceptions.set_isolated_handler(Exception::MachineCheck, on_machine_check)?;
    exceptions.set_handler(Exception::Program, on_program)?;

    // The emulator calls the pin RESET_CORE.
    println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in 0 1");
    let mut after = Registers::default();
    // SAFETY: the handler ends the spinning.
    unsafe { spin(&mut after, 1, 2) };
    println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in 0 0");
    Expected::at_instruction(Exception::MachineCheck, &after, [1, 2]).check(LAST.take(), &after)?;
    println!("machine check taken, all registers intact");
    Ok(())
}

extern "C" fn on_machine_check(frame: &mut IsolatedFrame) -> Handled {
    LAST.record(frame.as_frame());
    // SAFETY: all of MCSR's bits are write 1 to clear.
    unsafe { asm!("mtspr 572, {}", in(reg) u32::MAX, options(nostack, preserves_flags)) };
    frame.skip_instruction();
    Handled::Handled
}

/// QEMU's e500v2 does not know `rfmci`, which the e500v2 has: what the instruction would have done.
extern "C" fn on_program(frame: &mut Frame) -> Handled {
    // SAFETY: the PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } != RFMCI {
        return Handled::NotHandled;
    }
    let (pc, msr);
    // SAFETY: reads MCSRR0 and MCSRR1.
    unsafe {
        asm!("mfspr {pc}, 570", "mfspr {msr}, 571", pc = out(reg) pc, msr = out(reg) msr,
            options(nomem, nostack, preserves_flags));
    }
    (frame.pc, frame.msr) = (pc, msr);
    Handled::Handled
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    ppce500::power_off()
}
