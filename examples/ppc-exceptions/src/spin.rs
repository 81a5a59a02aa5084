// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that a single instruction makes, into a program that spins behind it with a pattern in all registers: external
//! ones, and critical ones where the board has them. The board's [`Machine`] serves them.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::TickTimer;
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::{Handled, InterruptHandler};
use hal_exc_api::install::Exceptions;
use ppc_support::demo::Machine;
use ppc_support::shared::Shared;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{Failure, ensure, println, trial};

/// An instruction that makes an interrupt of one of the machine's sources.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// The source's name.
    pub source: &'static str,
    /// The instruction.
    pub instruction: Instruction,
}

/// The instruction.
#[derive(Clone, Copy, Debug)]
pub enum Instruction {
    /// Stores a byte at an address.
    StoreByte(u32, u8),
    /// Stores a word at an address.
    StoreWord(u32, u32),
    /// Sets bits of the status of a 4xx chip's first UIC (`mtdcr`).
    SetUicStatus(u32),
}

trial!(store_byte, [], "stb %r5, 0(%r4)", "b .");
trial!(store_word, [], "stw %r5, 0(%r4)", "b .");
trial!(set_uic_status, [], ".long 0x7CA13386", "b ."); // mtdcr 0xC1, r5

/// `b .`
const SPIN: u32 = 0x4800_0000;
/// Interrupts from each source.
const TIMES: u32 = 10;

static LAST: Last = Last::new();
static HANDLERS: Shared<[Option<InterruptHandler>; 2]> = Shared::new();

/// The body: ten interrupts by each cause.
///
/// # Errors
/// A frame or a register that is not as expected, or what was refused.
pub fn run(exceptions: &Exceptions, machine: &Machine, causes: &[Cause]) -> Result<(), Failure> {
    connect(exceptions, Some(machine.external), machine.critical.map(|(handler, _)| handler))?;
    for cause in causes {
        let critical = machine.critical.as_ref().map(|(_, source)| source).filter(|source| source.name == cause.source);
        let source = machine.sources.iter().chain(critical).find(|source| source.name == cause.source);
        let count = source.ok_or(Failure::new(format_args!("the board has no source {}", cause.source)))?.count;
        let exception = if critical.is_some() { Exception::CriticalInput } else { Exception::ExternalInput };
        for _ in 0..TIMES {
            // SAFETY: the machine serves its sources, and the board names the instruction of one.
            let taken = unsafe { one(exceptions, exception, cause.instruction, count)? };
            ensure!(taken == 1, "{}: {taken} interrupts, not 1", cause.source);
        }
        println!("{}: {TIMES} interrupts as {exception}, all registers intact", cause.source);
    }
    exceptions.disable();
    Ok(())
}

/// Serves external and critical interrupts by these handlers, where there is one, and has a spinning program go on.
///
/// # Errors
/// The CPU lacks the exception.
pub fn connect(
    exceptions: &Exceptions,
    external: Option<InterruptHandler>,
    critical: Option<InterruptHandler>,
) -> Result<(), Failure> {
    HANDLERS.put([external, critical]);
    if external.is_some() {
        exceptions.set_interrupt_handler(Exception::ExternalInput, on_external)?;
    }
    if critical.is_some() {
        exceptions.set_interrupt_handler(Exception::CriticalInput, on_critical)?;
    }
    Ok(())
}

/// One interrupt, as `exception`. Returns how often `count` was counted up.
///
/// # Errors
/// A frame or a register that is not as expected.
///
/// # Safety
/// * [`connect`] gave `exception` its handler, and every other enabled source has one.
/// * The instruction makes that interrupt and does nothing else.
pub unsafe fn one(
    exceptions: &Exceptions,
    exception: Exception,
    instruction: Instruction,
    count: &AtomicU32,
) -> Result<u32, Failure> {
    let before = count.load(Ordering::Relaxed);
    // Each time: QEMU's 405 loses the critical enable at every exception.
    // SAFETY: the sources have their handlers, says the caller.
    unsafe { exceptions.enable() };
    let mut after = Registers::default();
    let arguments = match instruction {
        Instruction::StoreByte(address, byte) => [address, byte.into()],
        Instruction::StoreWord(address, word) => [address, word],
        Instruction::SetUicStatus(bits) => [0, bits],
    };
    // SAFETY: the instruction makes an interrupt, says the caller; its handler ends the spinning.
    unsafe {
        match instruction {
            Instruction::StoreByte(..) => store_byte(&mut after, arguments[0], arguments[1]),
            Instruction::StoreWord(..) => store_word(&mut after, arguments[0], arguments[1]),
            Instruction::SetUicStatus(_) => set_uic_status(&mut after, arguments[0], arguments[1]),
        }
    }
    let core = exceptions.cpu().core();
    // What QEMU's 405 does not save.
    let lost = if core.tick == TickTimer::Pit { core.critical_enable } else { 0 };
    ensure!(after.msr & core.critical_enable == core.critical_enable, "MSR {:08x} lacks CE", after.msr);
    let expected = Expected::at_instruction(exception, &after, arguments);
    let expected = Expected { pc: after.instruction + 4, msr: after.msr & !lost, ..expected };
    expected.check_interrupt(LAST.take(), &after)?;
    Ok(count.load(Ordering::Relaxed) - before)
}

extern "C" fn on_external(frame: &mut InterruptFrame) -> Handled {
    serve(frame, HANDLERS.with(|[external, _]| *external).flatten())
}

extern "C" fn on_critical(frame: &mut InterruptFrame) -> Handled {
    serve(frame, HANDLERS.with(|[_, critical]| *critical).flatten())
}

/// Lets the machine serve it, and a spinning program go on.
fn serve(frame: &mut InterruptFrame, handler: Option<InterruptHandler>) -> Handled {
    let Some(handler) = handler else { return Handled::NotHandled };
    let handled = handler(frame);
    // SAFETY: the interrupted PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } == SPIN {
        LAST.record_interrupt(frame);
        frame.pc += 4;
    }
    handled
}
