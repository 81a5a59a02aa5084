// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exceptions with translation on: handlers, the global handler and the fatal report run translated and recoverable,
//! and the test for write-back memory leaves the interrupt stack's guard word alone.
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::{Fatal, FrameMut};
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorArea};
use ppc_support::console::notes;
use ppc_support::{BootInfo, Failure, ensure, println, program};

program!(main, mac99::power_off);

static MEMORY: CpuMemory = CpuMemory::new();

/// IR, DR and RI.
const TRANSLATED: u32 = 0x32;

/// MSR as the handlers found it.
static IN_HANDLER: AtomicU32 = AtomicU32::new(0);
static IN_GLOBAL: AtomicU32 = AtomicU32::new(0);

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let _board = mac99::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    translate();
    // SAFETY: nothing else lies in the first 12 KiB, which are mapped one to one.
    let vectors = unsafe { VectorArea::new(0, 0x3000) };
    let exceptions = Exceptions::new(&cpu, &[&hal_exc_ppc_classic::FAMILY])?
        .memory(&MEMORY)
        .vectors(vectors)
        .fatal(fatal)
        .install()?;
    ensure!(exceptions.per_cpu().interrupt_stack_intact(), "the install damaged the guard word");
    println!("the guard word is intact");
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    exceptions.set_global_handler(Some(on_anything));
    // SAFETY: the handler changes nothing.
    unsafe { asm!("sc") };
    println!("a handler runs with {:02x}", IN_HANDLER.load(Ordering::Relaxed));
    // SAFETY: the global handler skips it.
    unsafe { asm!(".long 0") };
    println!("the global handler runs with {:02x}", IN_GLOBAL.load(Ordering::Relaxed));
    exceptions.set_global_handler(None);
    // SAFETY: nobody handles it: the report is the point.
    unsafe { asm!(".long 0") };
    Ok(())
}

/// Maps memory and devices one to one with block address translation and switches it on.
fn translate() {
    // SAFETY: what was reachable untranslated stays reachable at the same addresses, devices uncached.
    unsafe {
        asm!(
            "mtspr 528, {memory}",      // IBAT0: 256 MiB at 0
            "mtspr 529, {cached}",
            "mtspr 536, {memory}",      // DBAT0: the same
            "mtspr 537, {cached}",
            "mtspr 538, {devices}",     // DBAT1: 256 MiB at 0x8000_0000
            "mtspr 539, {inhibited}",
            "isync",
            "mfmsr {msr}",
            "ori {msr}, {msr}, 0x30",   // IR, DR
            "mtmsr {msr}",
            "isync",
            memory = in(reg) 0x0000_1FFE, // BL 256 MiB, supervisor
            cached = in(reg) 0x0000_0012, // M, read and write
            devices = in(reg) 0x8000_1FFE_u32,
            inhibited = in(reg) 0x8000_002A_u32, // I, G, read and write
            msr = out(reg) _,
            options(nostack),
        );
    }
}

fn msr() -> u32 {
    let msr: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mfmsr {0}", out(reg) msr, options(nomem, nostack)) };
    msr & TRANSLATED
}

extern "C" fn on_system_call(_: &mut Frame) -> Handled {
    IN_HANDLER.store(msr(), Ordering::Relaxed);
    Handled::Handled
}

fn on_anything(frame: FrameMut<'_>) -> Handled {
    IN_GLOBAL.store(msr(), Ordering::Relaxed);
    // SAFETY: an exception in the global handler; its handler changes nothing.
    unsafe { asm!("sc") };
    let FrameMut::Synchronous(frame) = frame else { return Handled::NotHandled };
    frame.skip_instruction();
    Handled::Handled
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    notes(fatal);
    println!("the fatal report runs with {:02x}: {}", msr(), fatal.cause);
    println!("result: pass");
    mac99::power_off()
}
