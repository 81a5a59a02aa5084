// SPDX-License-Identifier: MIT OR Apache-2.0
//! A naked vector: FP unavailable goes straight to the board's own code, which switches the unit on and repeats the
//! instruction. No wrapper, no frame, no handler.
#![no_std]
#![no_main]

use core::arch::naked_asm;

use hal_exc_api::exception::Exception;
use ppc_support::shared::Shared;
use ppc_support::trial::{CR, Registers, XER, pattern};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, mac99::power_off);

/// MSR\[FP\].
const MSR_FP: u32 = 0x2000;

/// `lfd f1, 0(r5)`, `stfd f1, 8(r5)`, `blr`. Data, so that the image's code has no such instruction.
static CODE: [u32; 3] = [0xC825_0000, 0xD825_0008, 0x4E80_0020];
static VALUES: Shared<Values> = Shared::new();

#[repr(align(8))]
struct Values([u64; 2]);

trial!(call, [], "mtctr %r4", "bctrl");

/// Switches the FPU on in the interrupted program and repeats the instruction.
#[unsafe(naked)]
unsafe extern "C" fn switch_fp_on() {
    naked_asm!(
        "mtspr 272, %r3",       // SPRG0 is this code's
        "mfspr %r3, 27",        // SRR1
        "ori %r3, %r3, 0x2000", // FP
        "mtspr 27, %r3",
        "mfspr %r3, 272", // the program's again
        "rfi",
    )
}

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, _cpu, setup) = mac99::Board::setup(boot)?;
    setup.naked(Exception::FpUnavailable, switch_fp_on as *const () as u32).install()?;
    const VALUE: u64 = 0x0123_4567_89AB_CDEF;
    VALUES.put(Values([VALUE, 0]));
    let values = VALUES.with(|values| values.0.as_mut_ptr() as u32).ok_or(Failure::new("in use"))?;
    let code = &raw const CODE as u32;
    let mut after = Registers::default();
    ensure!(msr() & MSR_FP == 0, "the FPU is on already");
    // SAFETY: the code moves a number within VALUES; its first instruction switches the unit on.
    unsafe { call(&mut after, code, values) };
    ensure!(msr() & MSR_FP != 0, "the FPU is off");
    let moved = VALUES.with(|values| values.0[1]).ok_or(Failure::new("in use"))?;
    ensure!(moved == VALUE, "moved {moved:016x}, not {VALUE:016x}");
    for n in (0..32).filter(|n| ![1, 4, 5, 13].contains(n)) {
        ensure!(after.gpr[n] == pattern(n as u32), "r{n} is {:08x}", after.gpr[n]);
    }
    let special = [after.gpr[4], after.gpr[5], after.cr, after.xer, after.ctr, after.lr];
    ensure!(special == [code, values, CR, XER, code, after.next], "special registers {special:08x?}");
    println!("the FPU was switched on by naked code, the instruction repeated, all registers intact");
    Ok(())
}

fn msr() -> u32 {
    let msr;
    // SAFETY: reads MSR.
    unsafe { core::arch::asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    msr
}
