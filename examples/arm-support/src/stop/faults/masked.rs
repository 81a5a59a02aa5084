// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core masks IRQ for a while, IRQ for ever, or IRQ and FIQ.

use super::{LET_GO, READY, begin, deaf, end, refused};
use crate::stop::requester::{Lost, Outcome, RETURN, Run};
use crate::stop::{Stoppable, Verdict};
use crate::{cpu, println, smp};
use core::sync::atomic::Ordering;
use hal_smp_api::cpus::CpuSet;
use hal_smp_api::ladder::Signal;
use hal_smp_api::release::{self, Released};
use hal_smp_api::stop::Failure;

/// Bit of IRQ in [`cpu::pending`].
const IRQ: usize = 1 << 7;

fn ticks<B: Stoppable>(milliseconds: u32) -> u64 {
    u64::from(milliseconds) * u64::from(B::frequency()) / 1000
}

/// Task: masks IRQ until `MS` milliseconds after the stop signal arrived.
fn deaf_for<B: Stoppable, const MS: u32>(_this: usize) {
    cpu::mask_irq();
    READY.store(1, Ordering::Release);
    while cpu::pending() & IRQ == 0 {
        core::hint::spin_loop();
    }
    let start = B::now();
    while B::now().wrapping_sub(start) < ticks::<B>(MS) {
        core::hint::spin_loop();
    }
    // SAFETY: it was open before this task; its core is in no critical section.
    unsafe { cpu::unmask_irq() };
}

/// The first rung waits for it.
pub(super) fn for_a_while<B: Stoppable, const MS: u32>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    begin(run, deaf_for::<B, MS>)?;
    let victim = run.victim();
    let (image, claim, reports) = run.stop_all()?;
    let report = reports.iter().find(|report| report.cpu == victim).ok_or("no report of the victim")?;
    run.conclude(&image, claim, &reports)?;
    if report.signal != Some(Signal::Irq) || report.latency < ticks::<B>(MS) {
        return Err("the core was stopped too soon, or by another rung");
    }
    println!("parked by the first rung, after {MS} ms or more");
    run.round()
}

/// Task: masks IRQ until it may go.
fn deaf_to_irq(_this: usize) {
    cpu::mask_irq();
    READY.store(1, Ordering::Release);
    while LET_GO.load(Ordering::Acquire) == 0 {
        core::hint::spin_loop();
    }
    // SAFETY: it was open before this task; its core is in no critical section.
    unsafe { cpu::unmask_irq() };
}

/// The second rung reaches it.
pub(super) fn forever<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    begin(run, deaf_to_irq)?;
    if !run.hooks.fiq {
        refused(run, Failure::Unresponsive)?;
        end(run)?;
        return run.round();
    }
    run.lost = Some(Lost { cpu: run.victim(), failure: Failure::Unresponsive, rungs: 1 });
    let (image, claim, reports) = run.stop_all()?;
    run.conclude(&image, claim, &reports)?;
    let by = |signal| {
        let cpus = reports.iter().filter(|report| report.signal == Some(signal));
        cpus.map(|report| report.cpu).collect::<CpuSet>()
    };
    let victim = run.victim();
    if by(Signal::Fiq) != CpuSet::EMPTY.with(victim) || by(Signal::Irq) != run.others().without(victim) {
        return Err("another core than the victim needed the second rung, or it did not");
    }
    println!("parked by the second rung");
    run.round()
}

/// Nothing reaches it: refused, or a casualty.
pub(super) fn both<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    begin(run, deaf)?;
    refused(run, Failure::Unresponsive)?;
    // It finds the request cancelled, and goes on.
    end(run)?;
    run.round()?;
    crash(run)
}

/// The same in crash mode: it goes on, with a list.
fn crash<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    begin(run, deaf)?;
    let victim = run.victim();
    run.lost = Some(Lost::for_good(victim, Failure::Unresponsive));
    let (outcome, reports) = run.stop().map_err(|_| "a stop was not begun")?;
    let Outcome::Missing(incomplete) = outcome else { return Err("a deaf core was stopped") };
    let takeover = incomplete.accept_casualties();
    let released = run.release(&reports);
    run.print(&reports, released);
    run.resume();
    if takeover.casualties() != CpuSet::EMPTY.with(victim) || released != run.others().without(victim) {
        return Err("the casualties are not who is deaf");
    }
    println!("crash mode: one casualty, the others parked");
    // A core that comes late finds the order standing, and follows it from the pen.
    let slots = run.slots();
    release::post(&slots, victim, run.generation, &run.order(victim));
    smp::forget_task(victim.index());
    LET_GO.store(1, Ordering::Release);
    if release::wait_released(&slots, &run.clock, victim, run.generation, RETURN) != Released::Acknowledged {
        return Err("the late core did not follow the order");
    }
    println!("the late core follows the order");
    run.all_at_work(run.others(), 1)
}
