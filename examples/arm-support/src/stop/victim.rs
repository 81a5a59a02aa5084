// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cores that are stopped: bring-up, counted work, and the way into the pen.

use super::hooks::Counter;
use super::{Stoppable, area, platform, requester};
use crate::gic::Gic;
use crate::{MAX_CPUS, cpu, finish, smp, vectors};
use core::convert::Infallible;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, InterProcessor, IpiTarget, Line, LineMask, LinePriority,
    PicError, Priority,
};
use hal_smp_api::cpus::Cpu;
use hal_smp_api::hooks::VictimHook;
use hal_smp_api::victim::{StopSignal, await_stop, on_stop_signal, report_entered, report_refused};
use hal_smp_api::word::{Generation, Refusal};
use hal_smp_arm::victim::Levels;
use pic_gic::fiq::{FiqVerdict, self_test};

/// The SGI of the first rung. Secure firmware may own 8 to 15.
pub(super) const STOP_IRQ: u8 = 1;
/// The SGI of the second rung, in group 0. More urgent than the first: the interface signals only the most urgent pending
/// interrupt, and the first rung's still is pending where IRQ is masked.
pub(super) const STOP_FIQ: u8 = 7;
/// An SGI whose handler lets others in: for a stop inside it.
pub(super) const NESTED: u8 = 2;

/// Value of [`argument_of`] for a core whose checks at arrival failed.
const BAD_ARRIVAL: usize = usize::MAX;

static WORK: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static ARRIVED: [AtomicUsize; MAX_CPUS] = [const { AtomicUsize::new(usize::MAX) }; MAX_CPUS];
/// Number of the last stop that a core obeyed.
static SERVED: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static IRQS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static FIQS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static FIQ_WORKS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
/// The core that refuses to leave.
static REFUSES: AtomicUsize = AtomicUsize::new(MAX_CPUS);
static DETOUR: AtomicUsize = AtomicUsize::new(0);
static NESTED_HOOK: AtomicUsize = AtomicUsize::new(0);
static PREPARED: AtomicU32 = AtomicU32::new(0);

/// What a fault does to a victim between `Entered` and the way out.
pub(super) type Detour = fn(Cpu, Generation);

/// All cores come back from the stop of that number, in a fresh image. Without it each would take the request in its slot for
/// a new one and leave again, those that were off for good.
pub(super) fn set_served(held: Generation) {
    for served in &SERVED {
        served.store(held.number(), Ordering::Release);
    }
}

/// Sets a detour for the victims of later stops.
pub(super) fn set_detour(detour: Detour) {
    DETOUR.store(detour as usize, Ordering::Release);
}

/// Makes a core refuse every stop from now on, or none.
pub(super) fn set_refusing(cpu: Option<Cpu>) {
    REFUSES.store(cpu.map_or(MAX_CPUS, Cpu::index), Ordering::Release);
}

/// Sets what the handler of [`NESTED`] does while it is active.
pub(super) fn set_nested(hook: fn()) {
    NESTED_HOOK.store(hook as usize, Ordering::Release);
}

/// How much a core has worked.
pub(super) fn work_of(cpu: Cpu) -> u32 {
    WORK[cpu.index()].load(Ordering::Acquire)
}

/// What a core was passed when it last arrived, if what it found was right.
pub(super) fn argument_of(cpu: Cpu) -> usize {
    ARRIVED[cpu.index()].load(Ordering::Acquire)
}

/// How often a core took the signal of the first rung.
pub(super) fn signals_of(cpu: Cpu) -> u32 {
    IRQS[cpu.index()].load(Ordering::Acquire)
}

/// Whether FIQ was seen to arrive on a core.
pub(super) fn fiq_works(cpu: Cpu) -> bool {
    FIQ_WORKS[cpu.index()].load(Ordering::Acquire) != 0
}

/// One writer per counter: no read-modify-write is needed.
fn bump(counter: &AtomicU32) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
}

/// Sets the handlers; core 0, before any core opens its interrupts.
pub(super) fn set_handlers<B: Stoppable>() {
    vectors::set_irq_handler(on_irq::<B>);
    vectors::set_fiq_handler(on_fiq::<B>);
}

fn on_irq<B: Stoppable>() {
    let this = cpu::index();
    let Some(me) = CpuId::new(this) else { return };
    let Acknowledged::Claimed(claim) = B::pic().acknowledge(me) else { return };
    let line = claim.line();
    if line == Line::new(NESTED.into()) {
        let hook = NESTED_HOOK.load(Ordering::Acquire);
        if hook != 0 {
            // SAFETY: only `set_nested` writes the word, and it stores a `fn()`.
            let hook: fn() = unsafe { core::mem::transmute(hook) };
            hook();
        }
    }
    // Ended before the handler runs: one that never returns must leave no priority active.
    B::pic().end(claim);
    if line == Line::new(STOP_IRQ.into()) {
        bump(&IRQS[this]);
        obey::<B>(this);
    }
}

fn on_fiq<B: Stoppable>() {
    let this = cpu::index();
    // Acknowledges and ends. Through the one register of GICv1 and v2 it may be handed the signal of the first rung.
    let Some(line) = B::pic().take_fiq() else { return };
    let counters = match u8::try_from(line.number()) {
        Ok(STOP_FIQ) => &FIQS,
        Ok(STOP_IRQ) => &IRQS,
        _ => return,
    };
    bump(&counters[this]);
    obey::<B>(this);
}

/// Looks at the slot and leaves if a stop is wanted; returns if none is.
fn obey<B: Stoppable>(this: usize) {
    let slots = area::<B>().slots();
    let Some(cpu) = Cpu::new(this) else { return };
    let StopSignal::Stop(generation) = on_stop_signal(&slots, cpu) else { return };
    if SERVED[this].load(Ordering::Acquire) == generation.number() {
        // A late signal of the stop that this core has come back from.
        return;
    }
    cpu::mask_all();
    SERVED[this].store(generation.number(), Ordering::Release);
    report_entered(&slots, cpu, generation);
    let detour = DETOUR.load(Ordering::Acquire);
    if detour != 0 {
        // SAFETY: only `set_detour` writes the word, and it stores a `Detour`.
        let detour: Detour = unsafe { core::mem::transmute(detour) };
        detour(cpu, generation);
    }
    let Err(reason) = Leaver::<B>(PhantomData).notify_cpu_stop(cpu, generation);
    // It goes on with its work: not deaf, since the hook may have made its interface quiet.
    listen::<B>(this);
    report_refused(&slots, cpu, generation, reason);
}

/// The hook of these boards: the core leaves by itself, into the pen.
struct Leaver<B>(PhantomData<B>);

/// Reason of a refusal: the interrupt interface does not get quiet.
const BUSY_INTERFACE: Refusal = match Refusal::new(1) {
    Some(reason) => reason,
    None => panic!(),
};

/// Reason of a refusal that a fault wants, with everything quiet already.
pub(super) const NOT_WILLING: Refusal = match Refusal::new(2) {
    Some(reason) => reason,
    None => panic!(),
};

// SAFETY: timer and interface quiet, then the leaving sequence of the core, whose steps are checked where it is written, into
// the pen, which was read back; no lock, no wait for another core.
unsafe impl<B: Stoppable> VictimHook for Leaver<B> {
    fn notify_cpu_stop(&mut self, cpu: Cpu, _: Generation) -> Result<Infallible, Refusal> {
        quiet::<B>(cpu).map_err(|_| BUSY_INTERFACE)?;
        if REFUSES.load(Ordering::Acquire) == cpu.index() {
            return Err(NOT_WILLING);
        }
        B::switch_off(cpu);
        let departure = area::<B>().departure(cpu, requester::id_of(cpu), B::witness_of(cpu), 0);
        platform::leave(&departure, B::COHERENCY, Levels::Own)
    }
}

/// Timer and interrupt interface of this core are quiet; what a handler below had active is ended.
pub(super) fn quiet<B: Stoppable>(cpu: Cpu) -> Result<(), PicError> {
    B::stop_timer();
    B::pic().quiet_cpu(CpuId::new(cpu.index()).unwrap_or(CpuId::BOOT))
}

/// Brings up this core's interface, looks whether a stop came before anybody could hear it, and opens interrupts: what is
/// sent from here on is heard then.
pub(super) fn bring_up<B: Stoppable>(this: usize) {
    listen::<B>(this);
    obey::<B>(this);
    // SAFETY: core 0 has set the handlers; no critical section.
    unsafe {
        cpu::unmask_irq();
        cpu::unmask_fiq();
    }
}

/// Brings up this core's interface, for the signals of both rungs.
fn listen<B: Stoppable>(this: usize) {
    let pic = B::pic();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let urgent = pic.priority_range().highest();
    let below = |levels: u8| Priority::new(urgent.level() - levels);
    let line = |sgi: u8| Line::new(sgi.into());
    let ready = pic.init_cpu(me).is_ok()
        // Idle: nothing that an earlier life left active holds anything back.
        && pic.running_priority() == 0xff
        && pic.set_priority(line(STOP_IRQ), below(1)).is_ok()
        && pic.set_priority(line(NESTED), below(2)).is_ok()
        && (!pic.fiq_available()
            || pic.set_fiq(line(STOP_FIQ), true).is_ok()
                && pic.set_priority(line(STOP_FIQ), urgent).is_ok()
                && pic.enable(line(STOP_FIQ)).is_ok())
        && pic.enable(line(STOP_IRQ)).is_ok()
        && pic.enable(line(NESTED)).is_ok()
        && Cpu::new(this).is_some_and(|cpu| requester::id_of(cpu) == requester::own_id());
    if !ready {
        ARRIVED[this].store(BAD_ARRIVAL, Ordering::Release);
        finish(Err("a core could not be brought up"));
    }
}

/// The loser of an election, which may have masked everything: looks for the winner's request itself, and leaves.
pub(super) fn surrender<B: Stoppable>(cpu: Cpu) -> &'static str {
    cpu::mask_all();
    let served = Generation::new(SERVED[cpu.index()].load(Ordering::Acquire));
    match await_stop(&area::<B>().slots(), &Counter::<B>::new(), cpu, served, requester::RETURN) {
        StopSignal::Stop(_) => obey::<B>(cpu.index()),
        StopSignal::Stale => return "the winner did not ask",
    }
    "the loser of the election did not leave"
}

/// Tests on this core whether FIQ arrives while IRQ is masked.
pub(super) fn test_fiq<B: Stoppable>(this: usize) {
    if !B::pic().fiq_available() {
        return;
    }
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let count = |counters: &[AtomicU32; MAX_CPUS]| counters[this].load(Ordering::Acquire);
    let send = || {
        let _ = B::pic().send(me, STOP_FIQ, IpiTarget::Myself);
    };
    cpu::mask_irq();
    let verdict = self_test(send, || count(&FIQS), || count(&IRQS), 100_000_000);
    // SAFETY: the masking above was for the test only.
    unsafe { cpu::unmask_irq() };
    FIQ_WORKS[this].store((verdict == FiqVerdict::Available).into(), Ordering::Release);
}

/// Lets the other cores in: handlers, controller and topology are there.
pub(super) fn prepared() {
    PREPARED.store(1, Ordering::Release);
}

/// What every core but the requester runs, from its start and from each release.
pub fn secondary<B: Stoppable>(this: usize) -> ! {
    while PREPARED.load(Ordering::Acquire) == 0 {
        core::hint::spin_loop();
    }
    bring_up::<B>(this);
    work(this)
}

/// Counted work, and tasks in between.
pub(super) fn work(this: usize) -> ! {
    ARRIVED[this].store(smp::argument(this), Ordering::Release);
    loop {
        bump(&WORK[this]);
        smp::run_task(this);
    }
}
