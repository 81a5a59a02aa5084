// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration that every board can run: each synchronous exception that the CPU can raise by itself, the tick,
//! interrupts from every source that the board names, critical ones where the family has them. It asks the CPU's
//! features and nothing else.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::{Cpu, TickTimer};
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, FullFrame, InterruptFrame};
use hal_exc_api::handler::{Handled, InterruptHandler};
use hal_exc_api::install::Exceptions;
use hal_exc_api::tick::hardware::{CpuTick, CpuTimeBase};
use hal_exc_api::tick::{Period, Tick, TimeBase};

use crate::shared::Shared;
use crate::trial::{Expected, Last, Registers};
use crate::{Failure, ensure, print, println, trial};

mod units;

/// A source of interrupts.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// How often its handler ran.
    pub count: &'static AtomicU32,
    /// Makes one interrupt.
    pub cause: fn() -> Result<(), Failure>,
}

/// What the demonstration needs of a board.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Name of the machine.
    pub name: &'static str,
    /// Name of its interrupt controller.
    pub controller: &'static str,
    /// Frequency of the time base in hertz.
    pub time_base: u32,
    /// Serves the controller.
    pub external: InterruptHandler,
    /// What interrupts.
    pub sources: &'static [Source],
    /// Serves the critical input, and what interrupts there.
    pub critical: Option<(InterruptHandler, Source)>,
}

static LAST: Last = Last::new();
static TICK: Shared<CpuTick> = Shared::new();
static TICKS: AtomicU32 = AtomicU32::new(0);

/// MSR\[PR\]: problem state.
const MSR_PR: u32 = 0x4000;
/// `b .`
const SPIN: u32 = 0x4800_0000;
/// `mfmsr r6`
const MFMSR_R6: u32 = 0x7CC0_00A6;
/// An address that nothing maps on an e500.
const NOWHERE: u32 = 0xB000_0000;

/// Interrupts from each source, ticks, and how often the registers are looked at after a tick.
const INTERRUPTS: u32 = 100;
const TICK_COUNT: u32 = 1000;
const TICK_RATE: u32 = 2000;
/// Looks before an interrupt counts as lost: half a minute, for a busy host.
const PATIENCE: u32 = 4_000_000_000;

static WORDS: [u32; 2] = [0x0011_2233, 0x4455_6677];

trial!(illegal, [], ".long 0");
trial!(trap, [], "trap");
trial!(system_call, [], "sc");
trial!(misaligned, [], "lwarx %r6, 0, %r4");
trial!(load, [], "lwz %r6, 0(%r4)");
trial!(call, [], "mtctr %r4", "bctrl");
trial!(spin, [], "b .");
trial!(privileged, ["mfmsr %r6", "ori %r6, %r6, 0x4000", "mtmsr %r6", "isync"], "mfmsr %r6");

type Trial = unsafe extern "C" fn(&mut Registers, u32, u32);

/// Runs the demonstration.
///
/// # Errors
/// A [`Failure`] that names what differed from what had to be.
pub fn run(exceptions: &Exceptions, machine: &Machine) -> Result<(), Failure> {
    let cpu = *exceptions.cpu();
    println!("{}: {}, family {}, {}", machine.name, cpu.model().name, exceptions.family_name(), machine.controller);
    println!(
        "@ cpu board={} model={} pvr={} family={} controller=\"{}\"",
        machine.name,
        cpu.model().name,
        cpu.pvr(),
        exceptions.family_name(),
        machine.controller
    );
    synchronous(exceptions, &cpu)?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, machine.external)?;
    if let Some((handler, _)) = machine.critical {
        exceptions.set_interrupt_handler(Exception::CriticalInput, handler)?;
    }
    ticks(exceptions, &cpu, machine)?;
    for source in machine.sources.iter().chain(machine.critical.as_ref().map(|(_, source)| source)) {
        interrupts(exceptions, source)?;
    }
    exceptions.disable();
    Ok(())
}

fn synchronous(exceptions: &Exceptions, cpu: &Cpu) -> Result<(), Failure> {
    exceptions.set_handler(Exception::Program, on_program)?;
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    exceptions.set_handler(Exception::Alignment, on_alignment)?;
    take("skipped the instruction", illegal, [1, 2], |r, a| at(Exception::Program, r, a))?;
    take("did it for the program", privileged, [3, 4], |r, a| Expected {
        msr: r.msr | MSR_PR,
        changed: Some((6, EMULATED)),
        ..at(Exception::Program, r, a)
    })?;
    take("answered", system_call, [5, 6], |r, a| Expected {
        pc: r.next,
        changed: Some((3, ANSWER)),
        ..at(Exception::SystemCall, r, a)
    })?;
    let odd = &raw const WORDS as u32 + 1;
    take("did the access byte by byte", misaligned, [odd, 7], |r, a| Expected {
        fault_address: Some(odd),
        changed: Some((6, 0x1122_3344)),
        ..at(Exception::Alignment, r, a)
    })?;
    units::check(exceptions, cpu)?;
    if exceptions.family_name() == "e500" {
        exceptions.set_handler(Exception::DataTlbMiss, on_skip)?;
        exceptions.set_handler(Exception::InstructionTlbMiss, on_lost)?;
        take("skipped the load", load, [NOWHERE, 9], |r, a| Expected {
            fault_address: Some(NOWHERE),
            ..at(Exception::DataTlbMiss, r, a)
        })?;
        take("went back to the caller", call, [NOWHERE, 10], |r, a| called(Exception::InstructionTlbMiss, r, a))?;
    }
    // The last one: on some emulated cores the saved MSR comes back with a bit more.
    take("skipped the trap", trap, [11, 12], |r, a| at(Exception::Program, r, a))
}

fn at(exception: Exception, registers: &Registers, arguments: [u32; 2]) -> Expected {
    Expected::at_instruction(exception, registers, arguments)
}

/// The exception is raised by what `call` calls, in r4.
fn called(exception: Exception, registers: &Registers, arguments: [u32; 2]) -> Expected {
    let expected = at(exception, registers, arguments);
    Expected { pc: arguments[0], ctr_lr: [arguments[0], registers.next], ..expected }
}

/// Runs a trial and checks it.
fn take(
    action: &str,
    trial: Trial,
    arguments: [u32; 2],
    expected: impl FnOnce(&Registers, [u32; 2]) -> Expected,
) -> Result<(), Failure> {
    let mut after = Registers::default();
    // SAFETY: every exception that a trial raises has its handler, which changes what is expected only.
    unsafe { trial(&mut after, arguments[0], arguments[1]) };
    let expected = expected(&after, arguments);
    judge(action, expected, LAST.take(), &after)
}

/// Checks what a handler saw and what the program found, and reports it.
fn judge(action: &str, expected: Expected, seen: Option<FullFrame>, after: &Registers) -> Result<(), Failure> {
    let from = seen.as_ref().map_or(0, |frame| frame.pc);
    expected.check(seen, after)?;
    println!("{}: {action}", expected.exception);
    println!("@ exception name=\"{}\" from={from:#010x} action=\"{action}\"", expected.exception);
    Ok(())
}

/// The tick, its losses, and the registers of what it interrupts.
fn ticks(exceptions: &Exceptions, cpu: &Cpu, machine: &Machine) -> Result<(), Failure> {
    exceptions.set_interrupt_handler(Exception::Decrementer, on_tick)?;
    let period = Period::of_rate(machine.time_base, TICK_RATE)?;
    // SAFETY: the time base of this CPU.
    let time_base = unsafe { CpuTimeBase::of(cpu)? };
    let start = time_base.now();
    // SAFETY: the handler is set, the timer is nobody else's.
    TICK.put(unsafe { CpuTick::start(cpu, period)? });
    let started = time_base.now();
    // SAFETY: the tick has its handler, and the controller's lines are masked or have theirs.
    unsafe { exceptions.enable() };
    while TICKS.load(Ordering::Relaxed) < TICK_COUNT {
        let mut after = Registers::default();
        let _ = LAST.take();
        // SAFETY: a tick ends the spinning.
        unsafe { spin(&mut after, 13, 14) };
        let expected = at(Exception::Decrementer, &after, [13, 14]);
        // What QEMU's 405 does not save.
        let lost = if cpu.core().tick == TickTimer::Pit { cpu.core().critical_enable } else { 0 };
        Expected { msr: after.msr & !lost, ..expected }.check_interrupt(LAST.take(), &after)?;
    }
    exceptions.disable();
    // Times on both sides of the start and of the last look at the tick: the host may stop the emulator anywhere, for longer
    // than a tick.
    let (least, ticks, most) = TICK
        .with(|tick| {
            let least = time_base.now() - started;
            tick.on_interrupt();
            let counted = (least, tick.ticks(), time_base.now() - start);
            tick.stop();
            counted
        })
        .ok_or(Failure::new("the tick is gone"))?;
    let period = u64::from(period.counts());
    let due = least / period..=most / period;
    println!("# {ticks} ticks, {} to {} due", due.start(), due.end());
    ensure!(due.contains(&ticks), "{ticks} ticks where {} to {} were due", due.start(), due.end());
    println!("decrementer: {TICK_COUNT} interrupts, no tick lost, registers intact");
    println!("@ irq source=decrementer count={}", TICKS.load(Ordering::Relaxed));
    Ok(())
}

/// Interrupts from one source, each waited for.
fn interrupts(exceptions: &Exceptions, source: &Source) -> Result<(), Failure> {
    let name = source.name;
    // Some sources send what can be seen.
    print!("# ");
    for round in 1..=INTERRUPTS {
        // Again each time: QEMU's 405 loses the critical enable at every exception.
        // SAFETY: every source has its handler.
        unsafe { exceptions.enable() };
        (source.cause)()?;
        let mut looks = 0;
        while source.count.load(Ordering::Relaxed) < round {
            looks += 1;
            ensure!(looks < PATIENCE, "{name}: interrupt {round} did not come");
        }
    }
    println!();
    let taken = source.count.load(Ordering::Relaxed);
    // A periodic source may have come once more before its handler stopped it.
    println!("{name}: {INTERRUPTS} interrupts");
    println!("@ irq source=\"{name}\" count={taken}");
    Ok(())
}

/// What the emulated `mfmsr` reads, and what the system call answers.
const EMULATED: u32 = 0x0000_DEAD;
const ANSWER: u32 = crate::trial::CTR ^ crate::trial::LR;

extern "C" fn on_program(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    // SAFETY: the PC lies in the image's code.
    if frame.msr & MSR_PR != 0 && unsafe { (frame.pc as *const u32).read() } == MFMSR_R6 {
        frame.gpr[6] = EMULATED;
        frame.msr &= !MSR_PR;
    }
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.gpr[3] = frame.ctr ^ frame.lr;
    Handled::Handled
}

extern "C" fn on_alignment(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    // SAFETY: the trial passes an address inside WORDS.
    let bytes = unsafe { (frame.fault_address as *const [u8; 4]).read() };
    frame.gpr[6] = u32::from_be_bytes(bytes);
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_skip(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_lost(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.pc = frame.lr;
    Handled::Handled
}

extern "C" fn on_tick(frame: &mut InterruptFrame) -> Handled {
    TICKS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } == SPIN {
        LAST.record_interrupt(frame);
        frame.pc += 4;
    }
    match TICK.with(Tick::on_interrupt) {
        Some(_) => Handled::Handled,
        None => Handled::NotHandled,
    }
}
