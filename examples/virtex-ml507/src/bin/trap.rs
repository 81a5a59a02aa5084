// SPDX-License-Identifier: MIT OR Apache-2.0
//! The smallest program: install, take a system call and an illegal instruction, go on.
#![no_std]
#![no_main]

use core::arch::asm;

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use ppc_support::console::notes;
use ppc_support::{BootInfo, Failure, println, program};

program!(main, virtex_ml507::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let _board = virtex_ml507::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    println!("# {cpu}");
    let exceptions =
        Exceptions::new(&cpu, &[&hal_exc_booke::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;
    println!("installed {} vectors", exceptions.table().entries().len());
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    exceptions.set_handler(Exception::Program, on_program)?;
    let answer: u32;
    // SAFETY: the handler returns in r3 and changes nothing else; both instructions are handled.
    unsafe { asm!("sc", ".long 0", inlateout("r3") 20 => answer) };
    println!("system call answered {answer}");
    // SAFETY: nobody handles a trap: the report is the point.
    unsafe { asm!("trap") };
    Ok(())
}

extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    frame.gpr[3] += 22;
    Handled::Handled
}

extern "C" fn on_program(frame: &mut Frame) -> Handled {
    println!("program exception, syndrome {:08x}", frame.syndrome);
    if frame.syndrome == 0x0800_0000 {
        frame.skip_instruction();
        Handled::Handled
    } else {
        Handled::NotHandled
    }
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    notes(fatal);
    println!("nobody handled the trap");
    println!("result: pass");
    virtex_ml507::power_off()
}
