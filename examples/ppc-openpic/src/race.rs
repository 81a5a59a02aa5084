// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two CPUs install, replace, remove and fire the same lines at each other. Nothing may be used after its removal, and
//! no interrupt may be lost.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, Removal};
use hal_exc_api::pic::{CpuId, CpuMask, IpiTarget};
use ppc_support::{Failure, ensure, println};

use crate::two_cpus::{is_done, start};
use crate::{IRQS, LOG, Setup, here, ipi, send, take_over, wait_for};

/// Stays on line [`SHARED`] and counts what arrives at each CPU.
static ARRIVED: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static WITNESS: IrqEntry = IrqEntry::new("witness", on_witness, &ARRIVED);

/// Something that is torn down when its entry is removed. Each CPU has two on each line, which replace each other.
struct Resource {
    alive: AtomicBool,
    used: AtomicU32,
    used_dead: AtomicU32,
}

const fn resource() -> Resource {
    Resource { alive: AtomicBool::new(false), used: AtomicU32::new(0), used_dead: AtomicU32::new(0) }
}

static RESOURCES: [Resource; 8] = [const { resource() }; 8];
static ENTRIES: [IrqEntry; 8] = [
    IrqEntry::new("0", on_resource, &RESOURCES[0]),
    IrqEntry::new("1", on_resource, &RESOURCES[1]),
    IrqEntry::new("2", on_resource, &RESOURCES[2]),
    IrqEntry::new("3", on_resource, &RESOURCES[3]),
    IrqEntry::new("4", on_resource, &RESOURCES[4]),
    IrqEntry::new("5", on_resource, &RESOURCES[5]),
    IrqEntry::new("6", on_resource, &RESOURCES[6]),
    IrqEntry::new("7", on_resource, &RESOURCES[7]),
];

/// This line always has an entry; the other one is empty, and masked, again and again.
const SHARED: u8 = 0;
const CHANGING: u8 = 1;

static ROUNDS: AtomicU32 = AtomicU32::new(0);
/// How often each CPU has fired each line.
static FIRED: [[AtomicU32; 2]; 2] = [const { [const { AtomicU32::new(0) }; 2] }; 2];

fn on_witness(arrived: &'static [AtomicU32; 2], _: Delivery) -> Handled {
    arrived[here().index() & 1].fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// Looks twice, so that it is there for a while.
fn on_resource(resource: &'static Resource, _: Delivery) -> Handled {
    for _ in 0..20 {
        if !resource.alive.load(Ordering::Acquire) {
            resource.used_dead.fetch_add(1, Ordering::Relaxed);
        }
    }
    resource.used.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

fn finish(removal: Removal<'static, 512, 2>, resource: &Resource) -> Result<(), Failure> {
    ensure!(removal.is_complete(), "a CPU stays in a handler for ever");
    resource.alive.store(false, Ordering::Release);
    Ok(())
}

/// Interrupts that `cpu` has taken on `line`.
fn taken(number: u8, cpu: CpuId) -> Result<u32, Failure> {
    Ok(IRQS.taken_on(ipi(number)?, cpu)?)
}

/// Fires a line at the other CPU, once the last one has arrived: two at once are one. With `wait`, one that is fired here
/// has arrived at the end.
fn fire(number: u8, wait: bool) -> Result<(), Failure> {
    let me = here().index() & 1;
    let other = CpuId::new(1 - me).ok_or(Failure::new("no such CPU"))?;
    let fired = &FIRED[usize::from(number)][me];
    let arrived = || taken(number, other).is_ok_and(|taken| taken == fired.load(Ordering::Relaxed));
    if wait {
        wait_for("an earlier interrupt at the other CPU", arrived)?;
    }
    if taken(number, other)? == fired.load(Ordering::Relaxed) {
        fired.fetch_add(1, Ordering::Relaxed);
        send(number, IpiTarget::List(CpuMask::only(other)))?;
    }
    if wait {
        wait_for("an interrupt at the other CPU", arrived)?;
    }
    Ok(())
}

/// What each CPU does.
fn work() -> Result<(), Failure> {
    let me = here().index() & 1;
    for round in 0..ROUNDS.load(Ordering::Relaxed) {
        for number in [SHARED, CHANGING] {
            let line = ipi(number)?;
            let place = 4 * usize::from(number) + 2 * me;
            let [first, second] = [&ENTRIES[place], &ENTRIES[place + 1]];
            RESOURCES[place].alive.store(true, Ordering::Release);
            IRQS.install(line, first)?;
            // The line has an entry: what is fired has to arrive, and each entry is called in the rounds that wait for it.
            fire(number, round % 8 == 0)?;
            RESOURCES[place + 1].alive.store(true, Ordering::Release);
            finish(IRQS.replace(line, first, second)?, &RESOURCES[place])?;
            fire(number, round % 8 == 4)?;
            finish(IRQS.remove(line, second)?, &RESOURCES[place + 1])?;
        }
    }
    Ok(())
}

/// The body, with `rounds` on each CPU.
///
/// # Errors
/// A use after removal, a lost interrupt, or what was refused.
pub fn run(setup: &Setup<'_>, rounds: u32, go: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    ROUNDS.store(rounds, Ordering::Relaxed);
    IRQS.set_storm_limit(0);
    IRQS.set_removal_patience(100_000_000);
    IRQS.install(ipi(SHARED)?, &WITNESS)?;
    start(go, Some(work))?;
    work()?;
    wait_for("CPU 1's end", is_done)?;
    // Lets through what is still held back at the empty line.
    IRQS.enable(ipi(CHANGING)?)?;
    for number in [SHARED, CHANGING] {
        for (from, to) in [(0, 1), (1, 0)] {
            let cpu = CpuId::new(to).ok_or(Failure::new("no such CPU"))?;
            let fired = FIRED[usize::from(number)][from].load(Ordering::Relaxed);
            // The emulator may not have run the other CPU since the last one was fired: that one is late, not lost.
            let arrived = || taken(number, cpu).is_ok_and(|taken| taken == fired);
            let _ = wait_for("the last interrupt", arrived);
            let taken = taken(number, cpu)?;
            println!("# line {number}, CPU {from} to CPU {to}: {fired} fired, {taken} taken");
            ensure!(fired == taken, "line {number}, CPU {from} to CPU {to}: {fired} fired, {taken} taken");
            ensure!(fired >= rounds / 4, "line {number}: {fired} fired in {rounds} rounds");
            let seen = ARRIVED[to].load(Ordering::Relaxed);
            ensure!(number != SHARED || seen == taken, "CPU {to}: {taken} taken, the witness saw {seen}");
        }
    }
    let dead: u32 = RESOURCES.iter().map(|resource| resource.used_dead.load(Ordering::Relaxed)).sum();
    let used = RESOURCES.iter().filter(|resource| resource.used.load(Ordering::Relaxed) > 0).count();
    println!("# {} reports of an empty line", LOG.len());
    ensure!(dead == 0, "{dead} uses after removal");
    ensure!(used == RESOURCES.len(), "only {used} of the entries were ever called");
    println!("{rounds} rounds on each of 2 CPUs: no use after removal, no lost interrupt");
    Ok(())
}
