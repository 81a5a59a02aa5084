// SPDX-License-Identifier: MIT OR Apache-2.0
//! Explicit-state search over the phase without coherency: caches that fill and evict at any time, stores that arrive
//! in any order, a requester and its victims at any speed. The requester, the pen, the reports and the word encodings
//! are the crate's own code, run one access at a time; the victim's steps are the crate's `ORDER`.

#![expect(unreachable_pub, reason = "modules of a test have no crate outside them")]

#[path = "noncoherent/explore.rs"]
mod explore;
#[path = "noncoherent/on_pending.rs"]
mod on_pending;
#[path = "noncoherent/requester.rs"]
mod requester;
#[path = "noncoherent/script.rs"]
mod script;
#[path = "noncoherent/two_requesters.rs"]
mod two_requesters;
#[path = "noncoherent/victim.rs"]
mod victim;
#[path = "noncoherent/world.rs"]
mod world;

use std::cell::RefCell;
use std::collections::HashSet;

use explore::{Broken, Model, Verdict, explore};
use hal_smp_api::slots::SlotWord;
use hal_smp_api::victim::{ORDER, Step, follows};
use hal_smp_api::word::{Code, Generation, Word};
use requester::{Kind, NOW};
use world::{Act, Reset, Setup};

const LIMIT: usize = 3_000_000;

fn setup(kind: Kind, acts: Vec<Act>) -> Setup {
    Setup {
        victims: 1,
        acts,
        kind,
        fine: true,
        leftovers: vec![[0; 11]],
        requester_cleans: true,
        stops: 1,
        reset: Reset::None,
        clock_runs: true,
        bounded: RefCell::new(HashSet::new()),
    }
}

fn steps(order: &[Step]) -> Vec<Act> {
    let mut acts: Vec<Act> = order.iter().copied().map(Act::Step).collect();
    acts.push(Act::Park);
    acts
}

fn proved<M: Model>(name: &str, setup: &M) {
    let Verdict { states, found } = explore(setup, &Broken::ALL, LIMIT);
    if let Some((broken, trace)) = found {
        panic!("{name}: {broken:?} after {states} states\n{trace}");
    }
    println!("{name}: {states} states, no violation");
}

fn refuted<M: Model>(name: &str, setup: &M, broken: Broken) {
    let Verdict { states, found } = explore(setup, &[broken], LIMIT);
    let Some((_, trace)) = found else {
        panic!("{name}: {broken:?} not found in {states} states");
    };
    println!("{name}: refuted after {states} states\n{trace}");
}

/// What memory may hold that survived: nothing, ones, and the words of this very generation from before a wrap.
fn leftovers() -> Vec<[u32; 11]> {
    let mut stale = [0; 11];
    let parked = Word::new(NOW, Code::Parked).raw();
    stale[SlotWord::Stage as usize] = parked;
    stale[SlotWord::StageInverse as usize] = !parked;
    // The nonce that the requester draws stands in the echo already.
    stale[SlotWord::Echo as usize] = 0xA5;
    stale[SlotWord::Release as usize] = Word::new(NOW, Code::Release).raw();
    stale[SlotWord::ReleaseId as usize] = 0x101;
    let mut last = [0; 11];
    let before = Generation::new(NOW.number() - 1).unwrap();
    last[SlotWord::Request as usize] = Word::new(before, Code::Stop).raw();
    last[SlotWord::Release as usize] = Word::new(before, Code::Release).raw();
    last[SlotWord::ReleaseId as usize] = 0x101;
    vec![[0; 11], [u32::MAX; 11], stale, last]
}

fn coarse(order: &[Step]) -> Setup {
    Setup { fine: false, ..setup(Kind::Ours, steps(order)) }
}

#[test]
fn the_protocol_holds_with_one_victim_at_every_access() {
    proved("one victim, each access a step", &setup(Kind::Ours, steps(&ORDER)));
}

#[test]
fn the_protocol_holds_whatever_memory_held_before() {
    let ours = Setup { leftovers: leftovers(), ..setup(Kind::Ours, steps(&ORDER)) };
    proved("one victim, four kinds of leftovers", &ours);
}

/// The second stop begins while victims of the first are still on their way, in or out.
#[test]
fn the_protocol_holds_in_a_stop_right_after_a_roll_back() {
    let ours = Setup { stops: 2, ..setup(Kind::Ours, steps(&ORDER)) };
    proved("one victim, second stop after a roll-back", &ours);
}

#[test]
fn the_protocol_holds_with_two_victims() {
    let ours = Setup { victims: 2, ..coarse(&ORDER) };
    proved("two victims, each call a step", &ours);
}

/// What a core said before its reset says nothing about it afterwards, and its last stores may arrive later still.
#[test]
fn the_protocol_holds_with_a_reset_as_the_last_rung() {
    let ours = Setup { reset: Reset::Pulse, ..setup(Kind::Ours, steps(&ORDER)) };
    proved("one victim, a pulse", &ours);
    let ours = Setup { reset: Reset::Held, ..coarse(&ORDER) };
    proved("one victim, held in reset", &ours);
}

/// A core that never reaches its pen is had by a reset that holds it, and by no other.
#[test]
fn a_reset_counts_while_it_holds_the_core() {
    for (reset, reached) in [(Reset::Held, true), (Reset::Pulse, false)] {
        let mut deaf = Setup { reset, ..coarse(&ORDER) };
        deaf.acts = vec![Act::Spin];
        let Verdict { states, found } = explore(&deaf, &[Broken::Overwritten, Broken::Fetch], LIMIT);
        assert_eq!(
            found.map(|(broken, _)| broken),
            reached.then_some(Broken::Overwritten),
            "{reset:?}, {states} states"
        );
    }
}

#[test]
fn every_step_left_out_does_its_harm() {
    for (n, step) in ORDER.into_iter().enumerate() {
        let mut order = ORDER.to_vec();
        order.remove(n);
        let name = format!("without {step:?}");
        let harm = match step {
            Step::EndOfInterrupt | Step::QuietDevices => Broken::UncleanRelease,
            Step::MaskAll | Step::JumpToPen => Broken::Fetch,
            Step::CacheOff | Step::CleanInvalidate => Broken::WriteBack,
            Step::TranslationOff => Broken::TableWalk,
            // For the report alone, and allowed to be left out: the image is safe without them.
            Step::ReportEntered | Step::LeaveCoherency => {
                assert_eq!(follows(&order), step == Step::LeaveCoherency);
                proved(&name, &coarse(&order));
                continue;
            }
        };
        refuted(&name, &coarse(&order), harm);
    }
    let mut order = ORDER;
    let off = order.iter().position(|s| *s == Step::CacheOff).unwrap();
    order.swap(off, off + 1);
    refuted("clean before cache off", &coarse(&order), Broken::WriteBack);
}

#[test]
fn an_acknowledgement_from_old_text_is_seen_at_every_position() {
    for (n, step) in ORDER.into_iter().enumerate() {
        let mut ours = coarse(&ORDER);
        ours.acts.insert(n, Act::EarlyAck);
        let name = format!("acknowledges before {step:?}");
        refuted(&name, &ours, Broken::AckOutsidePen);
    }
}

#[test]
fn a_pen_entered_before_a_protective_step_does_that_steps_harm() {
    for (step, harm) in [
        (Step::MaskAll, Broken::Fetch),
        (Step::CacheOff, Broken::WriteBack),
        (Step::CleanInvalidate, Broken::WriteBack),
        (Step::TranslationOff, Broken::TableWalk),
        (Step::JumpToPen, Broken::Fetch),
    ] {
        let mut ours = coarse(&ORDER);
        let at = ORDER.iter().position(|s| *s == step).unwrap();
        ours.acts.insert(at, Act::EarlyTurns);
        refuted(&format!("turns of the pen before {step:?}"), &ours, harm);
    }
}

#[test]
fn a_requester_with_lines_of_its_own_overwrites_its_overwrite() {
    let ours = Setup { requester_cleans: false, ..coarse(&ORDER) };
    refuted("requester does not clean", &ours, Broken::WriteBack);
}

/// No invariant is kept by never stopping anybody.
#[test]
fn the_overwrite_is_reached() {
    refuted("ours", &coarse(&ORDER), Broken::Overwritten);
    let two = Setup { victims: 2, ..coarse(&ORDER) };
    refuted("ours, two victims", &two, Broken::Overwritten);
}

/// The searches above would be worth little if they could not see these two.
#[test]
fn a_victim_that_dies_and_a_clock_that_stands_are_seen() {
    let mut dies = coarse(&ORDER);
    dies.acts.pop();
    dies.acts.push(Act::Spin);
    refuted("dies in its pen", &dies, Broken::LostRelease);
    let stands = Setup { clock_runs: false, ..coarse(&ORDER) };
    refuted("the clock stands", &stands, Broken::Unbounded);
}

#[test]
fn one_requester() {
    let model = |atomic| two_requesters::TwoRequesters { atomic };
    proved("election", &model(true));
    let broken = Broken::TwoRequesters;
    refuted("election by a load and a store", &model(false), broken);
}

#[test]
fn linux_online_mask_bit_from_old_text() {
    let acts = vec![Act::SetFlag, Act::Step(Step::MaskAll), Act::Spin];
    let linux = setup(Kind::AllFlags, acts);
    refuted("online mask", &linux, Broken::Fetch);
    refuted("online mask", &linux, Broken::TableWalk);
    refuted("online mask", &linux, Broken::WriteBack);
}

#[test]
fn vendor_acknowledgement_before_the_jump() {
    let acts = vec![
        Act::Step(Step::EndOfInterrupt),
        Act::Step(Step::MaskAll),
        Act::Step(Step::CleanInvalidate),
        Act::SetFlag,
        Act::Step(Step::CacheOff),
        Act::Step(Step::CleanInvalidate),
        Act::Step(Step::TranslationOff),
        Act::Step(Step::JumpToPen),
        Act::Spin,
    ];
    let vendor = setup(Kind::AllFlags, acts);
    refuted("acknowledgement before the jump", &vendor, Broken::Fetch);
    refuted("acknowledgement before the jump", &vendor, Broken::WriteBack);
}

/// The delay is the only evidence. What a SoC does after it (reset, power) is not in the model.
#[test]
fn a_fixed_delay() {
    let acts = vec![
        Act::Step(Step::MaskAll),
        Act::Step(Step::CacheOff),
        Act::Step(Step::CleanInvalidate),
        Act::Step(Step::LeaveCoherency),
        Act::Step(Step::TranslationOff),
        Act::Step(Step::JumpToPen),
        Act::Spin,
    ];
    refuted("fixed delay", &setup(Kind::FixedDelay, acts), Broken::Fetch);
}

#[test]
fn a_flag_before_the_flush() {
    let acts = vec![Act::Step(Step::MaskAll), Act::SetFlag, Act::Step(Step::CleanInvalidate), Act::Spin];
    let flag = setup(Kind::AllFlags, acts);
    refuted("flag before flush", &flag, Broken::WriteBack);
}

#[test]
fn a_lost_on_pending() {
    let model = |reads_back| on_pending::OnPending { reads_back };
    refuted("ON_PENDING", &model(false), Broken::LostRelease);
    proved("ON_PENDING read back", &model(true));
}
