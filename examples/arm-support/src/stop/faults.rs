// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults: each ends exactly as it must, or the program fails.
//!
//! | name | what is wrong | how it must end |
//! |---|---|---|
//! | `masked-1`, `-50`, `-500` | a core masks IRQ for so many ms | parked by the first rung, no sooner |
//! | `masked-forever` | a core masks IRQ for ever | parked by FIQ; without FIQ: unresponsive, refused |
//! | `masked-both` | a core masks IRQ and FIQ | refused, everybody back at work; in crash mode: a casualty |
//! | `never-started` | a core is held in the boot pen | refused if nobody vouches for it, else parked there |
//! | `refuses` | a core cannot leave, when it is quiet already | refused; at work and not deaf afterwards |
//! | `dies-after-entered` | a core dies in its handler | stuck, refused |
//! | `dies-after-parked` | a core dies in the pen | challenge unanswered, refused |
//! | `stale-ack` | old, random and lucky words in slot and flags | each rejected |
//! | `stale-release` | release words of before, flags set | nobody leaves the pen |
//! | `two-requesters` | two cores ask at once, masked | one wins, the other leaves by itself and is parked |
//! | `bring-up` | a stop hits cores that just start | parked all the same |
//! | `sgi-storm` | parked cores are interrupted | nobody leaves the pen |
//! | `nested` | a core is stopped inside another handler, holding a lock | parked; nothing active when it is back |
//! | `corrupted-pen` | a bit of the pen's code is flipped | refused before anybody is signalled |
//! | `psci-denied` | firmware denies `CPU_OFF` | parked in the software pen |
//! | `psci-unsupported` | a core is off, firmware has no `AFFINITY_INFO` | no proof: refused |
//! | `psci-pending` | `CPU_ON` is pending, for a while or for ever | started, or told that it is not |
//! | `early-ack` | a core acknowledges from the old image | **the program fails** |

mod bring_up;
mod corrupted;
mod dying;
mod held;
mod masked;
mod nested;
mod psci;
mod refuses;
mod requesters;
mod stale;
mod storm;

use super::requester::Run;
use super::{Stoppable, Verdict, victim};
use crate::{cpu, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_smp_api::cpus::Cpu;
use hal_smp_api::stop::Failure;

/// A fault.
pub(super) struct Fault<B: Stoppable> {
    pub(super) name: &'static str,
    pub(super) inject: Inject<B>,
}

type Inject<B> = fn(&mut Run<B>) -> Verdict;

/// The fault of that name.
pub(super) fn find<B: Stoppable>(name: &str) -> Option<Fault<B>> {
    let faults: [(&'static str, Inject<B>); 20] = [
        ("masked-1", masked::for_a_while::<B, 1>),
        ("masked-50", masked::for_a_while::<B, 50>),
        ("masked-500", masked::for_a_while::<B, 500>),
        ("masked-forever", masked::forever),
        ("masked-both", masked::both),
        ("never-started", held::never_started),
        ("refuses", refuses::refuses),
        ("dies-after-entered", dying::after_entered),
        ("dies-after-parked", dying::after_parked),
        ("early-ack", dying::early_ack),
        ("stale-ack", stale::ack),
        ("stale-release", stale::release),
        ("two-requesters", requesters::two),
        ("bring-up", bring_up::bring_up),
        ("sgi-storm", storm::storm),
        ("nested", nested::nested),
        ("corrupted-pen", corrupted::pen),
        ("psci-denied", psci::denied),
        ("psci-unsupported", psci::unsupported),
        ("psci-pending", psci::pending),
    ];
    faults.into_iter().find(|(known, _)| *known == name).map(|(name, inject)| Fault { name, inject })
}

/// Set by a victim that is in the state that the fault wants.
static READY: AtomicU32 = AtomicU32::new(0);
/// Set for a victim that may end its fault.
static LET_GO: AtomicU32 = AtomicU32::new(0);

/// Gives the victim a task and waits until it says that it is in it.
pub(super) fn begin<B: Stoppable>(run: &Run<B>, task: fn(usize)) -> Verdict {
    READY.store(0, Ordering::Release);
    LET_GO.store(0, Ordering::Release);
    smp::start_on(run.victim().index(), task);
    if wait::until(|| READY.load(Ordering::Acquire) != 0) { Ok(()) } else { Err("the victim did not begin") }
}

/// Ends the victim's task, if it has not lost it by being stopped.
pub(super) fn end<B: Stoppable>(run: &Run<B>) -> Verdict {
    LET_GO.store(1, Ordering::Release);
    let victim = run.victim();
    if !wait::until(|| smp::is_idle(victim.index())) {
        return Err("the victim did not end");
    }
    let before = victim::work_of(victim);
    if wait::until(|| victim::work_of(victim) != before) { Ok(()) } else { Err("the victim does not work") }
}

/// Task: deaf to everything until it may go.
pub(super) fn deaf(_this: usize) {
    cpu::mask_all();
    READY.store(1, Ordering::Release);
    while LET_GO.load(Ordering::Acquire) == 0 {
        core::hint::spin_loop();
    }
    // SAFETY: they were open before this task; its core is in no critical section.
    unsafe {
        cpu::unmask_irq();
        cpu::unmask_fiq();
    }
}

/// A stop that a deaf victim makes fail, for that reason.
fn refused<B: Stoppable>(run: &mut Run<B>, failure: Failure) -> Verdict {
    let victim: Cpu = run.victim();
    run.refused(victim, failure)
}
