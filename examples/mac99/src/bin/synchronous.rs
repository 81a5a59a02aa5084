// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is special about the synchronous exceptions of a classic core: the reason of a program exception in SRR1, DAR and
//! DSISR of an alignment exception, FP and AltiVec unavailable, trace. A pattern is in all registers.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::Features;
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();
/// Where tracing ends, and the steps so far.
static END: AtomicU32 = AtomicU32::new(0);
static STEPS: AtomicU32 = AtomicU32::new(0);

/// SRR1 of a program exception: illegal, privileged, trap.
const ILLEGAL: u32 = 0x0008_0000;
const PRIVILEGED: u32 = 0x0004_0000;
const TRAP: u32 = 0x0002_0000;
const REASONS: u32 = 0x001F_0000;

/// MSR\[PR\], problem state, and MSR\[SE\], single step.
const MSR_PR: u32 = 0x4000;
const MSR_SE: u32 = 0x0400;

/// DSISR of `lwarx r6, 0, r4`: the target register in bits 9 to 5, r0 (none) in the lowest five.
const DSISR_LWARX_R6: u32 = 6 << 5;

static WORDS: [u32; 2] = [0x0011_2233, 0x4455_6677];

/// One instruction of each unit and `blr`. Data, so that the image's code has no such instruction.
static FP_CODE: [u32; 2] = [0xFC00_0090, 0x4E80_0020]; // fmr f0, f0
static ALTIVEC_CODE: [u32; 2] = [0x1000_0484, 0x4E80_0020]; // vor v0, v0, v0

trial!(illegal, [], ".long 0");
trial!(trap, [], "trap");
trial!(privileged, ["mfmsr %r6", "ori %r6, %r6, 0x4000", "mtmsr %r6", "isync"], "mfmsr %r6");
trial!(misaligned, [], "lwarx %r6, 0, %r4");
trial!(call, [], "mtctr %r4", "bctrl");
trial!(traced, ["mfmsr %r6", "or %r6, %r6, %r4", "mtmsr %r6", "isync"], "nop");

type Trial = unsafe extern "C" fn(&mut Registers, u32, u32);

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, cpu, setup) = mac99::Board::setup(boot)?;
    let exceptions = setup.install()?;
    exceptions.set_handler(Exception::Program, on_program)?;
    exceptions.set_handler(Exception::Alignment, on_skip)?;
    exceptions.set_handler(Exception::FpUnavailable, on_skip)?;
    exceptions.set_handler(Exception::Trace, on_trace)?;

    reason("illegal", illegal, ILLEGAL, 0)?;
    reason("privileged", privileged, PRIVILEGED, MSR_PR)?;
    reason("trap", trap, TRAP, 0)?;

    let odd = &raw const WORDS as u32 + 1;
    let (frame, after) = take(misaligned, [odd, 2])?;
    let expected = Expected::at_instruction(Exception::Alignment, &after, [odd, 2]);
    Expected { fault_address: Some(odd), ..expected }.check(Some(frame), &after)?;
    ensure!(frame.syndrome & 0x3FF == DSISR_LWARX_R6, "DSISR {:08x}, not {DSISR_LWARX_R6:08x}", frame.syndrome);
    println!("alignment: DAR and DSISR name address and register");

    unavailable("floating-point", Exception::FpUnavailable, &FP_CODE)?;
    if cpu.features().contains(Features::ALTIVEC) {
        exceptions.set_handler(Exception::AltivecUnavailable, on_skip)?;
        unavailable("AltiVec", Exception::AltivecUnavailable, &ALTIVEC_CODE)?;
    }
    trace()
}

fn take(trial: Trial, arguments: [u32; 2]) -> Result<(hal_exc_api::frame::FullFrame, Registers), Failure> {
    let mut after = Registers::default();
    // SAFETY: the handlers take every exception that the trials raise, and change what is expected only.
    unsafe { trial(&mut after, arguments[0], arguments[1]) };
    Ok((LAST.take().ok_or(Failure::new("no handler was called"))?, after))
}

fn reason(name: &str, trial: Trial, reason: u32, extra: u32) -> Result<(), Failure> {
    let (frame, after) = take(trial, [1, 2])?;
    let expected = Expected::at_instruction(Exception::Program, &after, [1, 2]);
    let changed = (extra != 0).then_some((6, EMULATED));
    Expected { msr: after.msr | extra, changed, ..expected }.check(Some(frame), &after)?;
    ensure!(frame.msr & REASONS == reason, "{name}: SRR1 {:08x}, not {reason:08x}", frame.msr & REASONS);
    let mut now: u32;
    // SAFETY: reads MSR.
    unsafe { core::arch::asm!("mfmsr {}", out(reg) now, options(nomem, nostack, preserves_flags)) };
    now &= REASONS | MSR_PR;
    ensure!(now == 0, "{name}: {now:08x} is left in the MSR");
    println!("program, {name}: SRR1 says so, and the MSR is as before");
    Ok(())
}

fn unavailable(unit: &str, exception: Exception, code: &'static [u32; 2]) -> Result<(), Failure> {
    let code = &raw const *code as u32;
    let (frame, after) = take(call, [code, 2])?;
    let expected = Expected::at_instruction(exception, &after, [code, 2]);
    Expected { pc: code, ctr_lr: [code, after.next], ..expected }.check(Some(frame), &after)?;
    println!("{unit} unavailable: skipped");
    Ok(())
}

/// A trace exception after every instruction, up to the one that the handler waits for.
fn trace() -> Result<(), Failure> {
    let mut after = Registers::default();
    // SAFETY: without MSR[SE] it raises nothing; it tells where the instruction stands.
    unsafe { traced(&mut after, 0, 2) };
    ensure!(STEPS.load(Ordering::Relaxed) == 0, "a trace exception without MSR[SE]");
    END.store(after.instruction, Ordering::Relaxed);
    let (frame, after) = take(traced, [MSR_SE, 2])?;
    let expected = Expected::at_instruction(Exception::Trace, &after, [MSR_SE, 2]);
    Expected { msr: after.msr | MSR_SE, ..expected }.check(Some(frame), &after)?;
    let steps = STEPS.load(Ordering::Relaxed);
    println!("# {steps} steps");
    // Ten instructions for the special registers, two for each of 28 others.
    ensure!(steps >= 12 + 2 * 28, "{steps} steps only");
    println!("trace: stepped through the trial, registers intact");
    Ok(())
}

/// What the emulated `mfmsr` reads.
const EMULATED: u32 = 0x0000_DEAD;

extern "C" fn on_program(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    if frame.msr & MSR_PR != 0 {
        // `mfmsr r6` in problem state: do it for the program, and let it be privileged from now on.
        frame.gpr[6] = EMULATED;
        frame.msr &= !MSR_PR;
    }
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_skip(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_trace(frame: &mut Frame) -> Handled {
    STEPS.fetch_add(1, Ordering::Relaxed);
    if frame.pc == END.load(Ordering::Relaxed) {
        LAST.record(frame.as_full());
        frame.msr &= !MSR_SE;
    }
    Handled::Handled
}
