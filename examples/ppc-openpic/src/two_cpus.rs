// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two CPUs: interrupts between them, a line that moves from one to the other, a threshold of its own for each.

use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqError};
use hal_exc_api::pic::{CpuId, CpuMask, IpiTarget, Priority, TaskPriority};
use ppc_support::{Failure, ensure, println};

use crate::rig::join;
use crate::{IRQS, Setup, here, ipi, send, settle, take_over, wait_for};

/// What the second CPU does once it takes interrupts, a `fn() -> Result<(), Failure>`, or nothing.
static WORK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
/// 0: not there yet; 1: takes interrupts; 2: has done its work.
static STATE: AtomicU32 = AtomicU32::new(0);
/// What it has to say at a threshold request: 0 none, else level + 1, taken back when done.
static THRESHOLD: AtomicU32 = AtomicU32::new(0);

/// How often each CPU's handler ran.
static TAKEN: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static ENTRY: IrqEntry = IrqEntry::new("counts", on_count, &TAKEN);
static DEVICE: IrqEntry = IrqEntry::new("device", on_device, &TAKEN);
static QUIET: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

fn on_count(taken: &'static [AtomicU32; 2], _: Delivery) -> Handled {
    taken[here().index() & 1].fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

fn on_device(taken: &'static [AtomicU32; 2], delivery: Delivery) -> Handled {
    // SAFETY: `run` stored a `fn()` before the line was enabled.
    let quiet = unsafe { core::mem::transmute::<*mut (), fn()>(QUIET.load(Ordering::Acquire)) };
    quiet();
    on_count(taken, delivery)
}

/// The second CPU: takes interrupts, works if there is work, sets its threshold when asked.
///
/// # Errors
/// What was refused to it.
pub fn second(exceptions: &Exceptions) -> Result<(), Failure> {
    join(exceptions)?;
    STATE.store(1, Ordering::Release);
    let work = WORK.load(Ordering::Acquire);
    if !work.is_null() {
        // SAFETY: `start` stored such a function.
        let work = unsafe { core::mem::transmute::<*mut (), fn() -> Result<(), Failure>>(work) };
        work()?;
    }
    STATE.store(2, Ordering::Release);
    loop {
        let wanted = THRESHOLD.load(Ordering::Acquire);
        if wanted != 0 {
            let level = (wanted > 1).then(|| Priority::new((wanted - 1) as u8));
            IRQS.controller()?.set_threshold(here(), level)?;
            THRESHOLD.store(0, Ordering::Release);
        }
        core::hint::spin_loop();
    }
}

/// Starts the second CPU with `work` and waits until it takes interrupts.
pub(crate) fn start(
    go: impl FnOnce() -> Result<(), Failure>,
    work: Option<fn() -> Result<(), Failure>>,
) -> Result<(), Failure> {
    WORK.store(work.map_or(core::ptr::null_mut(), |work| work as *mut ()), Ordering::Release);
    go()?;
    wait_for("CPU 1", || STATE.load(Ordering::Acquire) > 0)
}

/// Whether the second CPU has done its work.
pub(crate) fn is_done() -> bool {
    STATE.load(Ordering::Acquire) == 2
}

fn taken() -> (u32, u32) {
    (TAKEN[0].load(Ordering::Relaxed), TAKEN[1].load(Ordering::Relaxed))
}

/// Waits for these counts, and that they stay.
fn counts(what: &str, expected: (u32, u32)) -> Result<(), Failure> {
    wait_for(what, || taken() == expected)?;
    for _ in 0..10 {
        settle();
    }
    ensure!(taken() == expected, "{what}: {:?}, not {expected:?}", taken());
    println!("{what}: CPU 0 {}, CPU 1 {}", expected.0, expected.1);
    Ok(())
}

fn set_other_threshold(level: u32) -> Result<(), Failure> {
    THRESHOLD.store(level + 1, Ordering::Release);
    wait_for("the other CPU's threshold", || THRESHOLD.load(Ordering::Acquire) == 0)
}

/// The body.
///
/// # Errors
/// An interrupt on another CPU, or what was refused.
pub fn run(setup: &Setup<'_>, go: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    let device = setup.machine.device;
    let line = ipi(0)?;
    let one = CpuId::new(1).ok_or(Failure::new("no CPU 1"))?;
    let offline = IRQS.raise_on(line, one);
    ensure!(offline == Err(IrqError::CpuOffline { cpu: one }), "raised on an offline CPU: {offline:?}");
    let nobody = IRQS.set_affinity(device.line, CpuMask::only(one));
    ensure!(matches!(nobody, Err(IrqError::NoOnlineCpu { .. })), "moved to an offline CPU: {nobody:?}");
    println!("CPU 1 is offline: refused");
    QUIET.store(device.quiet as *mut (), Ordering::Release);
    IRQS.install(line, &ENTRY)?;
    IRQS.install(device.line, &DEVICE)?;
    start(go, None)?;

    send(0, IpiTarget::Myself)?;
    counts("to itself", (1, 0))?;
    send(0, IpiTarget::Others)?;
    counts("to the others", (1, 1))?;
    IRQS.raise_on(line, one)?;
    counts("to CPU 1", (1, 2))?;
    send(0, IpiTarget::List(CpuMask::first(2)))?;
    counts("to both", (2, 3))?;

    (device.ask)();
    counts("the device at CPU 0", (3, 3))?;
    IRQS.set_affinity(device.line, CpuMask::only(one))?;
    ensure!(IRQS.affinity(device.line)? == CpuMask::only(one), "it is not routed to CPU 1");
    (device.ask)();
    counts("the device at CPU 1", (3, 4))?;
    let both = IRQS.set_affinity(device.line, CpuMask::first(2));
    ensure!(matches!(both, Err(IrqError::Controller(_))), "one line to two CPUs: {both:?}");
    IRQS.set_affinity(device.line, CpuMask::only(CpuId::BOOT))?;
    (device.ask)();
    counts("and back", (4, 4))?;

    set_other_threshold(15)?;
    send(0, IpiTarget::List(CpuMask::first(2)))?;
    counts("CPU 1 holds everything back", (5, 4))?;
    set_other_threshold(0)?;
    counts("and no longer", (5, 5))?;
    let by_cpu = (IRQS.taken_on(line, CpuId::BOOT)?, IRQS.taken_on(line, one)?);
    ensure!(by_cpu == (3, 4), "the manager counted {by_cpu:?}");
    println!("statistics: {by_cpu:?} interrupts between CPUs");
    Ok(())
}
