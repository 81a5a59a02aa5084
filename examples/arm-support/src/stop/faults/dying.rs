// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core dies on its way, or lies about it.

use super::refused;
use crate::stop::overwrite::write_code;
use crate::stop::requester::{Run, id_of};
use crate::stop::{Stoppable, Verdict, area, code, platform, victim};
use crate::{MAX_CPUS, finish};
use core::sync::atomic::{AtomicUsize, Ordering};
use hal_smp_api::cpus::Cpu;
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_api::stop::Failure;
use hal_smp_api::word::{Code, Generation, Word};
use hal_smp_arm::victim::Levels;

/// Where the dead pen lies in the unused part of the pen area.
const CODE: usize = 0x2000;

static VICTIM: AtomicUsize = AtomicUsize::new(MAX_CPUS);

fn set<B: Stoppable>(run: &Run<B>, detour: victim::Detour) {
    VICTIM.store(run.victim().index(), Ordering::Release);
    victim::set_detour(detour);
}

fn is_victim(cpu: Cpu) -> bool {
    VICTIM.load(Ordering::Acquire) == cpu.index()
}

fn die(cpu: Cpu, _: Generation) {
    while is_victim(cpu) {
        core::hint::spin_loop();
    }
}

/// Between `Entered` and the pen: it does not count as parked.
pub(super) fn after_entered<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    set(run, die);
    refused(run, Failure::StuckAfterEntered)
}

fn into_dead_pen<B: Stoppable>(cpu: Cpu, _: Generation) {
    if !is_victim(cpu) {
        return;
    }
    if victim::quiet::<B>(cpu).is_err() {
        finish(Err("the interface does not get quiet"));
    }
    let mut departure = area::<B>().departure(cpu, id_of(cpu), B::witness_of(cpu), 0);
    departure.target = area::<B>().extra().start + CODE;
    platform::leave(&departure, B::COHERENCY, Levels::Own)
}

/// After its acknowledgement: the challenge stays unanswered.
pub(super) fn after_parked<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    let extra = run.area.extra();
    write_code(extra.start + CODE, extra.end, code::dead_pen())?;
    set(run, into_dead_pen::<B>);
    refused(run, Failure::ChallengeUnanswered)
}

/// Says `Parked` and answers challenges without having left.
fn lie<B: Stoppable>(cpu: Cpu, generation: Generation) {
    if !is_victim(cpu) {
        return;
    }
    let slots = area::<B>().slots();
    let parked = Word::new(generation, Code::Parked).raw();
    if let Some(witness) = B::witness_of(cpu) {
        // SAFETY: the board's set register, for this core's bit.
        unsafe { (witness.register as *mut u32).write_volatile(witness.bits) };
    }
    slots.write(cpu, SlotWord::Stage, parked);
    slots.write(cpu, SlotWord::StageInverse, !parked);
    loop {
        let nonce = slots.read(cpu, SlotWord::Nonce);
        slots.write(cpu, SlotWord::Echo, nonce);
        slots.barrier();
    }
}

/// The known bad protocol: the round must fail, since the overwrite tears the liar's code away.
pub(super) fn early_ack<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    set(run, lie::<B>);
    run.round()
}
