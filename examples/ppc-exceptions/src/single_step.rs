// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single step: a debug exception after every instruction, from the one that turns it on to the one that the
//! handler waits for, with a pattern in all registers there. For cores with the debug registers of Book E.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::IsolatedFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{Failure, ensure, println, trial};

static LAST: Last = Last::new();

/// Where stepping ends, steps so far, steps that were not one instruction long, and the PC of the last one.
static END: AtomicU32 = AtomicU32::new(0);
static STEPS: AtomicU32 = AtomicU32::new(0);
static JUMPS: AtomicU32 = AtomicU32::new(0);
static PC: AtomicU32 = AtomicU32::new(0);

/// MSR\[DE\], debug enable.
const MSR_DE: u32 = 0x200;
/// DBCR0\[IDM\] and \[ICMP\]: internal debug mode, event at instruction completion.
const DBCR0_STEP: u32 = 0x4000_0000 | DBSR_ICMP;
/// DBSR\[ICMP\].
const DBSR_ICMP: u32 = 0x0800_0000;

trial!(step, ["mfmsr %r6", "ori %r6, %r6, 0x200", "mtmsr %r6", "isync"], "nop");

/// The body.
///
/// # Errors
/// A step was not one instruction long, a register changed, or what was refused.
pub fn run(exceptions: &Exceptions) -> Result<(), Failure> {
    exceptions.set_isolated_handler(Exception::Debug, on_debug)?;
    let mut after = Registers::default();

    // Without events: to learn where the instruction stands.
    // SAFETY: debug events are off.
    unsafe { step(&mut after, 1, 2) };
    ensure!(STEPS.load(Ordering::Relaxed) == 0, "a debug exception without an event");
    disable_de();
    END.store(after.instruction, Ordering::Relaxed);

    dbcr0(DBCR0_STEP);
    // SAFETY: the handler takes the events and ends them.
    unsafe { step(&mut after, 1, 2) };
    dbcr0(0);
    let expected = Expected::at_instruction(Exception::Debug, &after, [1, 2]);
    let expected = Expected { syndrome: DBSR_ICMP, msr: after.msr | MSR_DE, ..expected };
    expected.check(LAST.take(), &after)?;
    let (steps, jumps) = (STEPS.load(Ordering::Relaxed), JUMPS.load(Ordering::Relaxed));
    println!("# {steps} steps");
    // Ten instructions for the special registers, two for each of 28 others.
    ensure!(steps >= 12 + 2 * 28, "{steps} steps only");
    ensure!(jumps == 0, "{jumps} steps were not one instruction long");
    println!("stepped through the trial, one instruction at a time");
    Ok(())
}

extern "C" fn on_debug(frame: &mut IsolatedFrame) -> Handled {
    let last = PC.swap(frame.pc, Ordering::Relaxed);
    if STEPS.fetch_add(1, Ordering::Relaxed) > 0 && frame.pc != last + 4 {
        JUMPS.fetch_add(1, Ordering::Relaxed);
    }
    if frame.pc == END.load(Ordering::Relaxed) {
        LAST.record(frame.as_frame());
        frame.msr &= !MSR_DE;
    }
    // SAFETY: forgets the event (write 1 to clear); the next one is set by the next instruction.
    unsafe { asm!("mtspr 304, {}", in(reg) DBSR_ICMP, options(nostack, preserves_flags)) };
    Handled::Handled
}

/// Sets DBCR0.
fn dbcr0(value: u32) {
    // SAFETY: events are taken only with MSR[DE], which the trial sets.
    unsafe { asm!("mtspr 308, {}", "isync", in(reg) value, options(nostack, preserves_flags)) };
}

/// Clears MSR\[DE\].
fn disable_de() {
    // SAFETY: masks debug events, nothing else.
    unsafe {
        asm!("mfmsr {t}", "andc {t}, {t}, {de}", "mtmsr {t}", "isync", t = out(reg) _, de = in(reg) MSR_DE,
            options(nostack, preserves_flags));
    }
}
