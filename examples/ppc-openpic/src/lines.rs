// SPDX-License-Identifier: MIT OR Apache-2.0
//! Level and edge.

use core::cell::Cell;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::pic::{Line, TriggerMode};
use ppc_support::{Failure, ensure, println};

use crate::{IRQS, Setup, settle, take_over, wait_for};

/// A device's handler that quiets it at the `patience`th interrupt only.
struct Slow {
    taken: AtomicU32,
    patience: AtomicU32,
    quiet: AtomicPtr<()>,
}

static SLOW: Slow =
    Slow { taken: AtomicU32::new(0), patience: AtomicU32::new(1), quiet: AtomicPtr::new(core::ptr::null_mut()) };
static SLOW_ENTRY: IrqEntry = IrqEntry::new("slow", on_slow, &SLOW);

fn on_slow(slow: &'static Slow, _: Delivery) -> Handled {
    let taken = slow.taken.fetch_add(1, Ordering::Relaxed) + 1;
    if taken == slow.patience.load(Ordering::Relaxed) {
        // SAFETY: `run` stored a `fn()` before the line was enabled.
        let quiet = unsafe { core::mem::transmute::<*mut (), fn()>(slow.quiet.load(Ordering::Relaxed)) };
        quiet();
    }
    Handled::Handled
}

fn begin(patience: u32) {
    SLOW.taken.store(0, Ordering::Relaxed);
    SLOW.patience.store(patience, Ordering::Relaxed);
}

fn taken() -> u32 {
    SLOW.taken.load(Ordering::Relaxed)
}

fn check(what: &str, expected: u32) -> Result<(), Failure> {
    settle();
    ensure!(taken() == expected, "{what}: {} interrupts, not {expected}", taken());
    println!("{what}: {expected} interrupts");
    Ok(())
}

/// The body: a device's level line; on KeyLargo the same line as an edge, too.
///
/// # Errors
/// Another number of interrupts, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    let device = setup.machine.device;
    SLOW.quiet.store(device.quiet as *mut (), Ordering::Relaxed);
    if !setup.machine.model.freescale {
        IRQS.set_trigger(device.line, TriggerMode::LevelHigh)?;
    }
    IRQS.install(device.line, &SLOW_ENTRY)?;
    println!("{}", IRQS.trigger(device.line)?);

    begin(1);
    (device.ask)();
    wait_for("the interrupt", || taken() >= 1)?;
    check("a level line, quiet at once", 1)?;
    begin(3);
    (device.ask)();
    wait_for("the third interrupt", || taken() >= 3)?;
    check("a level line, quiet at the third", 3)?;

    IRQS.disable(device.line)?;
    begin(1);
    (device.ask)();
    check("disabled", 0)?;
    IRQS.enable(device.line)?;
    wait_for("the interrupt", || taken() >= 1)?;
    check("enabled again, it is still up", 1)?;

    if !setup.machine.model.freescale {
        IRQS.set_trigger(device.line, TriggerMode::EdgeRising)?;
        println!("{}", IRQS.trigger(device.line)?);
        // The device may be the console: it is quiet whenever something is printed.
        begin(u32::MAX);
        for edge in 1..=2 {
            (device.ask)();
            wait_for("the interrupt", || taken() >= edge)?;
            settle();
            ensure!(taken() == edge, "an edge, never quiet: {} interrupts, not {edge}", taken());
            (device.quiet)();
        }
        println!("2 edges, never quiet in the handler: 2 interrupts");
    }
    Ok(())
}

/// External inputs of the MPIC, driven from outside: `set` is called with input and state, `quiet` lowers input 8.
///
/// # Errors
/// Another number of interrupts, or what was refused.
pub fn external(setup: &Setup<'_>, set: fn(Line, bool), quiet: fn()) -> Result<(), Failure> {
    // What `quiet` lowers.
    const LEVEL: Line = Line::new(8);
    const EDGE: Line = Line::new(9);
    take_over(setup.exceptions, setup.machine)?;
    SLOW.quiet.store(quiet as *mut (), Ordering::Relaxed);
    static EDGES: AtomicU32 = AtomicU32::new(0);
    static EDGE_ENTRY: IrqEntry = IrqEntry::new("edge", on_edge, &EDGES);
    fn on_edge(count: &'static AtomicU32, _: Delivery) -> Handled {
        count.fetch_add(1, Ordering::Relaxed);
        Handled::Handled
    }
    let edges = || EDGES.load(Ordering::Relaxed);
    IRQS.set_trigger(EDGE, TriggerMode::EdgeRising)?;
    IRQS.set_trigger(LEVEL, TriggerMode::LevelHigh)?;
    IRQS.install(EDGE, &EDGE_ENTRY)?;
    IRQS.install(LEVEL, &SLOW_ENTRY)?;
    for round in 1..=3 {
        set(EDGE, true);
        wait_for("the edge", || edges() >= round)?;
        settle();
        set(EDGE, false);
    }
    settle();
    ensure!(edges() == 3, "{} edges, not 3", edges());
    println!("{}: one interrupt for each of 3 edges", IRQS.trigger(EDGE)?);
    begin(5);
    // It interrupts without a pause, so the handler has to lower it.
    set(LEVEL, true);
    wait_for("the fifth interrupt", || taken() >= 5)?;
    // The outside takes its time: it is quiet when nothing has come for a while.
    let last = Cell::new(u32::MAX);
    wait_for("the end of the level line", || {
        settle();
        last.replace(taken()) == taken()
    })?;
    println!("{}: again and again while it is up", IRQS.trigger(LEVEL)?);
    Ok(())
}
