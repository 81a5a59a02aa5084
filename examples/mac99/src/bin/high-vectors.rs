// SPDX-License-Identifier: MIT OR Apache-2.0
//! MSR\[IP\] and the vectors must agree, and vectors that cannot be written are found out.
//!
//! With MSR\[IP\] set a core fetches its vectors from 0xFFF0_0000. On this machine that is ROM, so an install there ends with the word
//! that did not stick, before the hardware is touched; exceptions through high vectors cannot be shown here.
#![no_std]
#![no_main]

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{InstallError, VectorArea};
use ppc_support::{BootInfo, Failure, ensure, println, program};

program!(main, mac99::power_off);

/// MSR\[IP\], exception prefix.
const MSR_IP: u32 = 0x40;
const HIGH: u32 = 0xFFF0_0000;

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, cpu, setup) = mac99::Board::setup(boot)?;
    prefix(true);
    let low = setup.plan().err();
    ensure!(matches!(low, Some(InstallError::VectorBase { base: 0, .. })), "low vectors with IP set: {low:?}");
    println!("MSR[IP] set: vectors at 0 are refused");
    // SAFETY: nothing else uses the start of the ROM's addresses.
    let setup = setup.vectors(unsafe { VectorArea::new(HIGH, 0x3000) });
    let (plan, _) = setup.plan()?;
    ensure!(plan.vectors().all(|vector| vector.address >= HIGH), "a vector below the base");
    let vectors = plan.vectors().count();
    ensure!(vectors == plan.table().entries().len(), "{vectors} vectors planned");
    let high = setup.install().err();
    ensure!(matches!(high, Some(InstallError::ReadBack { address, .. }) if address >= HIGH), "in ROM: {high:?}");
    println!("MSR[IP] set: all vectors are planned at fff00000, and the ROM is found out");

    prefix(false);
    let low = hal_exc_api::install::Exceptions::new(&cpu, &[&hal_exc_ppc_classic::FAMILY])?;
    // SAFETY: memory at 0 is nobody's.
    let setup = low.memory(&MEMORY).vectors(unsafe { VectorArea::new(0, 0x3000) });
    let exceptions = setup.install()?;
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    let answer: u32;
    // SAFETY: the handler answers in r3 and changes nothing else.
    unsafe { core::arch::asm!("sc", inlateout("r3") 20 => answer) };
    ensure!(answer == 42, "the system call answered {answer}");
    println!("MSR[IP] clear: vectors at 0 work");
    Ok(())
}

static MEMORY: hal_exc_api::install::CpuMemory = hal_exc_api::install::CpuMemory::new();

/// Sets or clears MSR\[IP\].
fn prefix(high: bool) {
    let bits = if high { MSR_IP } else { 0 };
    // SAFETY: nothing raises an exception while the prefix and the vectors disagree: interrupts are masked.
    unsafe {
        core::arch::asm!("mfmsr {t}", "andc {t}, {t}, {all}", "or {t}, {t}, {bits}", "mtmsr {t}", "isync",
            t = out(reg) _, all = in(reg) MSR_IP, bits = in(reg) bits, options(nostack, preserves_flags));
    }
}

extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    frame.gpr[3] += 22;
    Handled::Handled
}
