// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two cores ask at once, each with everything masked: one wins, the other leaves by itself, as one of its targets.

use crate::stop::requester::{ELECTION, Run};
use crate::stop::{Stoppable, Verdict, victim};
use crate::{cpu, finish, println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_smp_api::election::Claim;
use hal_smp_api::word::Generation;

/// Both are here.
static START: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static FIQ: AtomicU32 = AtomicU32::new(0);

/// Waits for the other side, so that both claim within the same microseconds.
fn meet(side: usize) -> Verdict {
    START[side].store(1, Ordering::Release);
    if wait::until(|| START[1 - side].load(Ordering::Acquire) != 0) { Ok(()) } else { Err("the other did not come") }
}

/// The winner's round, with everybody else among its targets.
fn won<B: Stoppable>(run: &mut Run<B>, claim: Claim) -> Verdict {
    let (image, claim, reports) = run.stop_all_as(claim)?;
    println!("# {} wins", run.me);
    run.conclude(&image, claim, &reports)?;
    println!("one wins, the other is parked with the rest, released and alive");
    Ok(())
}

/// Task of the second requester.
fn rival<B: Stoppable>(_this: usize) {
    let fiq = FIQ.load(Ordering::Acquire) != 0;
    let Ok(mut run) = Run::<B>::on_this_core(Generation::FIRST, Some("two-requesters"), fiq) else {
        finish(Err("the second requester has no state"))
    };
    // As a core that panics: no signal reaches it any more.
    cpu::mask_all();
    if let Err(reason) = meet(1) {
        finish(Err(reason));
    }
    match ELECTION.claim(run.me) {
        Ok(claim) => {
            let verdict = won(&mut run, claim);
            finish(run.finish(verdict))
        }
        // It comes back as a worker; the winner ends the program.
        Err(_) => finish(Err(victim::surrender::<B>(run.me))),
    }
}

/// Core 0 and another one.
pub(super) fn two<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    FIQ.store(run.hooks.fiq.into(), Ordering::Release);
    smp::start_on(run.victim().index(), rival::<B>);
    cpu::mask_all();
    meet(0)?;
    match ELECTION.claim(run.me) {
        Ok(claim) => won(run, claim),
        // Nothing is left to this core but to leave, and to come back as a worker.
        Err(_) => Err(victim::surrender::<B>(run.me)),
    }
}
