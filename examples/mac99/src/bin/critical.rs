// SPDX-License-Identifier: MIT OR Apache-2.0
//! Critical inputs of a G2_LE, each into a pattern in all registers.
//!
//! The emulator has CSRR0/1 and nothing that delivers the interrupt. So the program enters the vector as the hardware would:
//! the pair holds where it stood and its MSR, `rfi` is the step to 0xA00 with the MSR of an entry. The
//! emulator's G2 does not know `rfci` either: naked code at the program vector does it.
//@ only=g2le
#![no_std]
#![no_main]

use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::vectors::VectorAddress;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();
static TAKEN: AtomicU32 = AtomicU32::new(0);

const TIMES: u32 = 100;
/// MSR\[CE\] of this core.
const MSR_CE: u32 = 0x80;
/// MSR\[TGPR\]: the bit that is CE on Book E.
const MSR_TGPR: u32 = 0x2_0000;

trial!(
    enter,
    [
        "lwz   %r6, {next}(%r3)", // interrupted in front of this instruction
        "mtspr 58, %r6",          // CSRR0
        "mfmsr %r6",
        "mtspr 59, %r6", // CSRR1
        "li    %r6, 0xA00",
        "mtspr 26, %r6",     // SRR0
        "li    %r6, 0x1000", // ME: all that an entry leaves
        "mtspr 27, %r6"      // SRR1
    ],
    "rfi"
);

/// What `rfci` would have done. The only illegal instruction of this program is that one.
#[unsafe(naked)]
unsafe extern "C" fn return_from_critical() {
    naked_asm!(
        "mtspr 272, %r3", // SPRG0 is this code's
        "mfspr %r3, 58",  // CSRR0
        "mtspr 26, %r3",
        "mfspr %r3, 59", // CSRR1
        "mtspr 27, %r3",
        "mfspr %r3, 272", // the program's again
        "rfi",
    )
}

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, cpu, setup) = mac99::Board::setup(boot)?;
    let exceptions = setup.naked(Exception::Program, return_from_critical as *const () as u32).install()?;
    let entry = exceptions.table().find(Exception::CriticalInput).ok_or(Failure::new("no critical vector"))?;
    ensure!(entry.address == VectorAddress::Offset(0xA00), "the critical vector is at {}", entry.address);
    ensure!(cpu.core().critical_enable == MSR_CE, "CE is {:08x}", cpu.core().critical_enable);
    exceptions.set_interrupt_handler(Exception::CriticalInput, on_critical)?;
    // SAFETY: nothing raises a critical interrupt here but `enter`.
    unsafe { asm!("mfmsr {t}", "ori {t}, {t}, 0x80", "mtmsr {t}", "isync", t = out(reg) _, options(nostack)) };
    for round in 1..=TIMES {
        let mut after = Registers::default();
        // SAFETY: the vector has its prologue, and the handler changes nothing.
        unsafe { enter(&mut after, 1, 2) };
        ensure!(after.msr & (MSR_CE | MSR_TGPR) == MSR_CE, "MSR {:08x}", after.msr);
        let expected = Expected::at_instruction(Exception::CriticalInput, &after, [1, 2]);
        Expected { pc: after.next, ..expected }.check_interrupt(LAST.take(), &after)?;
        let taken = TAKEN.load(Ordering::Relaxed);
        ensure!(taken == round, "{taken} critical inputs, not {round}");
        let msr: u32;
        // SAFETY: reads MSR.
        unsafe { asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
        ensure!(msr == after.msr, "MSR {msr:08x} afterwards, not {:08x}", after.msr);
    }
    println!("critical vector at 0xA00, CE at 0x80: {TIMES} critical inputs, all registers and MSR intact");
    Ok(())
}

extern "C" fn on_critical(frame: &mut InterruptFrame) -> Handled {
    TAKEN.fetch_add(1, Ordering::Relaxed);
    LAST.record_interrupt(frame);
    Handled::Handled
}
