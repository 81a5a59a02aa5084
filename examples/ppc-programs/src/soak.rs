// SPDX-License-Identifier: MIT OR Apache-2.0
//! The soak. Three contexts, each with its own pattern in every register of the CPU and of its units:
//!
//! * the program (A), which stands in a loop;
//! * the tick's handler (B), which every other time opens interrupts and stands in the same loop;
//! * the external interrupt's handler (C), which only loads and stores, and so destroys everything that a handler can.
//!
//! Every tick raises an external interrupt. It arrives in A when the tick interrupted A and B does nothing, else in B: then a
//! second tick raises it while B's pattern is in the registers. Each context compares its registers afterwards, and
//! gets a new pattern for the next time.

use core::cell::UnsafeCell;
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::context::shim::{self, FrameHandler};
use hal_exc_api::cpu::Cpu;
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::tick::hardware::{CpuTick, CpuTimeBase};
use hal_exc_api::tick::{Period, Tick, TimeBase};
use ppc_support::demo::{Machine, Source};
use ppc_support::shared::Shared;
use ppc_support::{BootInfo, Failure, ensure, println};

use crate::hold::{General, held_at, soak_hold, soak_through};
use crate::units::{self, Units};

/// A context's pattern, and what was found. Only the context itself touches it.
struct Context {
    name: &'static str,
    state: UnsafeCell<State>,
}

struct State {
    random: u32,
    general: General,
    units: Units,
    found: General,
}

// SAFETY: each of the three is used at one level of nesting only, which never nests in itself, on one CPU.
unsafe impl Sync for Context {}

static PROGRAM: Context = Context::new("program");
static TICK_HANDLER: Context = Context::new("tick handler");
static EXTERNAL_HANDLER: Context = Context::new("external handler");

static TICK: Shared<CpuTick> = Shared::new();
static MACHINE: Shared<(Machine, Cpu, usize)> = Shared::new();

/// How deep the tick's handler is nested, interrupts so far, and the program's turn.
static LEVEL: AtomicU32 = AtomicU32::new(0);
static TICKS: AtomicU32 = AtomicU32::new(0);
static EXTERNALS: AtomicU32 = AtomicU32::new(0);
static HELD: AtomicU32 = AtomicU32::new(0);
/// Ticks that interrupted the program; B stands in the loop at every other one.
static OUTER: AtomicU32 = AtomicU32::new(0);
/// What a handler found wrong: 0 is nothing. The text stands in [`WRONG`].
static FAILED: AtomicU32 = AtomicU32::new(0);
static WRONG: Shared<Failure> = Shared::new();

const RATE: u32 = 20_000;
/// Interrupts in the loop of the program before it compares.
const TURN: u32 = 10;
/// MSR\[EE\].
const MSR_EE: u32 = 0x8000;

impl Context {
    const fn new(name: &'static str) -> Self {
        let state = State { random: 0, general: General::ZERO, units: Units::ZERO, found: General::ZERO };
        Self { name, state: UnsafeCell::new(state) }
    }

    /// # Safety
    /// * No other use of this context is under way.
    #[expect(clippy::mut_from_ref, reason = "the cell of a static; the contract excludes a second reference")]
    unsafe fn state(&self) -> &mut State {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.state.get() }
    }

    /// Puts a new pattern everywhere, holds it by `hold`, compares.
    ///
    /// # Safety
    /// * No other use of this context is under way.
    /// * `hold` comes back.
    unsafe fn hold(&self, cpu: &Cpu, hold: unsafe extern "C" fn(*const General, *mut General)) -> ControlFlow<Failure> {
        // SAFETY: the caller's promise.
        let state = unsafe { self.state() };
        let mut random = state.random;
        let mut next = || {
            // Marsaglia's xorshift with 13, 17, 5.
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random
        };
        state.general = General::pattern(&mut next);
        state.units = Units::pattern(&mut next);
        state.random = random;
        state.units.load(cpu);
        // SAFETY: both are valid, and the function keeps the C calling convention.
        unsafe { hold(&raw const state.general, &raw mut state.found) };
        if let Some(unit) = state.units.difference(cpu) {
            return ControlFlow::Break(Failure::new(format_args!("{}: {unit} changed", self.name)));
        }
        let Some((register, number, found, right)) = state.found.difference(&state.general) else {
            return ControlFlow::Continue(());
        };
        let name = self.name;
        ControlFlow::Break(match number {
            Some(n) => Failure::new(format_args!("{name}: {register}{n} is {found:08x}, not {right:08x}")),
            None => Failure::new(format_args!("{name}: {register} is {found:08x}, not {right:08x}")),
        })
    }
}

/// Soaks until `interrupts` were taken.
///
/// # Errors
/// A [`Failure`] that names the context and the register that changed.
pub fn run(boot: &'static BootInfo, interrupts: u32) -> Result<(), Failure> {
    let (board, cpu, setup) = crate::setup(boot)?;
    let exceptions = setup.install()?;
    let machine = board.machine()?;
    // One that nobody sees, if the board has it.
    let unseen = |source: &Source| ["software", "inter-processor"].contains(&source.name);
    let source = machine.sources.iter().position(unseen).unwrap_or(0);
    MACHINE.put((machine, cpu, source));
    let wanted = units::wanted(&cpu);
    println!("{}: units {wanted}", machine.name);
    // SAFETY: this is the CPU, and the handlers are called by its wrappers.
    let (tick, external) =
        unsafe { (shim::wrap::<OnTick>(cpu.features(), wanted)?, shim::wrap::<OnExternal>(cpu.features(), wanted)?) };
    exceptions.set_interrupt_handler(Exception::Decrementer, tick)?;
    exceptions.set_interrupt_handler(Exception::ExternalInput, external)?;

    // SAFETY: the time base of this CPU.
    let seed = unsafe { CpuTimeBase::of(&cpu)? }.now() as u32 | 1;
    println!("# seed {seed:08x}");
    for (context, factor) in [(&PROGRAM, 1), (&TICK_HANDLER, 3), (&EXTERNAL_HANDLER, 5)] {
        // SAFETY: interrupts are masked, so nobody else uses it. Odd numbers: none of the three is 0.
        unsafe { context.state() }.random = seed.wrapping_mul(factor);
    }
    // SAFETY: the handler is set, the timer is nobody else's.
    TICK.put(unsafe { CpuTick::start(&cpu, Period::of_rate(machine.time_base, RATE)?)? });
    // SAFETY: both sources have their handlers.
    unsafe { exceptions.enable() };
    let taken = || TICKS.load(Ordering::Relaxed) + EXTERNALS.load(Ordering::Relaxed);
    let held = || OUTER.load(Ordering::Relaxed) / 2;
    let mut turns = 0;
    // On a slow host the ticks leave the program little time: then it takes more of them until it had its turns.
    let lacks = |turns: u32| taken() < interrupts || held() <= interrupts / 500 || turns <= interrupts / 2500;
    while lacks(turns) && taken() < 20 * interrupts && FAILED.load(Ordering::Relaxed) == 0 {
        HELD.store(0, Ordering::Relaxed);
        turns += 1;
        // SAFETY: the program's context, used here only; the external handler ends the loop.
        if let ControlFlow::Break(failure) = unsafe { PROGRAM.hold(&cpu, soak_hold) } {
            exceptions.disable();
            return Err(failure);
        }
    }
    exceptions.disable();
    TICK.with(Tick::stop);
    if let Some(failure) = WRONG.with(|failure| failure.clone()) {
        return Err(failure);
    }
    ensure!(FAILED.load(Ordering::Relaxed) == 0, "a handler failed");
    let held = held();
    println!("# {} interrupts, {turns} turns of the program, {held} of the tick handler", taken());
    ensure!(held > interrupts / 500, "the tick handler stood in the loop {held} times only");
    ensure!(turns > interrupts / 2500, "the program had {turns} turns only");
    println!("{interrupts} interrupts: program, tick handler and external handler kept every register");
    println!("@ irq source=decrementer count={}", TICKS.load(Ordering::Relaxed));
    println!("@ irq source=external count={}", EXTERNALS.load(Ordering::Relaxed));
    Ok(())
}

/// Notes what is wrong; the first one stays.
fn check(outcome: ControlFlow<Failure>) {
    if let ControlFlow::Break(failure) = outcome
        && FAILED.fetch_add(1, Ordering::Relaxed) == 0
    {
        WRONG.put(failure);
    }
}

/// Sets MSR\[EE\] or clears it.
fn interrupts_open(open: bool) {
    let (set, clear) = if open { (MSR_EE, 0) } else { (0, MSR_EE) };
    // SAFETY: the handlers are made for being nested. Not `nomem`: what they change is looked at behind it.
    unsafe {
        core::arch::asm!("mfmsr {t}", "or {t}, {t}, {set}", "andc {t}, {t}, {clear}", "mtmsr {t}", "isync",
            t = out(reg) _, set = in(reg) set, clear = in(reg) clear, options(nostack, preserves_flags));
    }
}

struct OnTick;

impl FrameHandler for OnTick {
    type Frame = InterruptFrame;

    extern "C" fn handle(_: &mut InterruptFrame) -> Handled {
        TICKS.fetch_add(1, Ordering::Relaxed);
        let known = MACHINE.with(|known| *known);
        let (Some(_), Some((machine, cpu, source))) = (TICK.with(Tick::on_interrupt), known) else {
            return Handled::NotHandled;
        };
        let level = LEVEL.fetch_add(1, Ordering::Relaxed);
        if level == 0 && OUTER.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            interrupts_open(true);
            // SAFETY: level 0, and a nested tick comes to the other branch; the external handler ends the loop.
            let outcome = unsafe { TICK_HANDLER.hold(&cpu, soak_hold) };
            interrupts_open(false);
            check(outcome);
        } else if (machine.sources[source].cause)().is_err() {
            check(ControlFlow::Break(Failure::new("the interrupt cannot be raised")));
        }
        LEVEL.fetch_sub(1, Ordering::Relaxed);
        Handled::Handled
    }
}

struct OnExternal;

impl FrameHandler for OnExternal {
    type Frame = InterruptFrame;

    extern "C" fn handle(frame: &mut InterruptFrame) -> Handled {
        EXTERNALS.fetch_add(1, Ordering::Relaxed);
        let Some((machine, cpu, _)) = MACHINE.with(|known| *known) else { return Handled::NotHandled };
        let handled = (machine.external)(frame);
        // SAFETY: external interrupts stay masked in here, so this level does not nest in itself.
        check(unsafe { EXTERNAL_HANDLER.hold(&cpu, soak_through) });
        let held = held_at();
        if held.contains(&frame.pc) {
            let in_handler = LEVEL.load(Ordering::Relaxed) > 0;
            if in_handler || HELD.fetch_add(1, Ordering::Relaxed) >= TURN || FAILED.load(Ordering::Relaxed) != 0 {
                frame.pc = held.end;
            }
        }
        handled
    }
}
