// SPDX-License-Identifier: MIT OR Apache-2.0
//! A victim: the crate's steps and pen, and what a core may do in between.

use hal_smp_api::cpus::{Cpu, HwId};
use hal_smp_api::pen::Pen;
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_api::victim::{Step, StopSignal, on_stop_signal, report_entered};
use hal_smp_api::word::{Code, Generation, Word};

use crate::explore::Broken;
use crate::requester::Kind;
use crate::script::{Access, Script};
use crate::world::{Act, Setup, State};

pub type Emit<'a> = dyn FnMut(usize, &'static str, u32, State, Option<Broken>) + 'a;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// Does the image's work.
    Running,
    /// In the handler, about to read the request.
    Asked,
    /// At that act.
    At(usize),
    /// Left for the entry of its release.
    Gone,
    /// Held in reset.
    InReset,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Victim {
    pub at: Place,
    pub pen: Pen,
    generation: Generation,
    /// Answers to the function under way.
    past: Vec<u32>,
    pub in_pen: bool,
    pub cache_on: bool,
    translation: bool,
    masked: bool,
    in_service: bool,
    devices: bool,
}

impl Victim {
    pub fn new(cpu: Cpu) -> Self {
        Self {
            at: Place::Running,
            pen: Pen::new(cpu, id(cpu)),
            generation: Generation::FIRST,
            past: Vec::new(),
            in_pen: false,
            cache_on: true,
            translation: true,
            masked: false,
            in_service: false,
            devices: true,
        }
    }

    /// Whether it executes nothing of this model any more.
    pub const fn is_away(&self) -> bool {
        matches!(self.at, Place::Gone | Place::InReset)
    }

    /// Whether it waits for a release.
    pub fn held(&self) -> bool {
        matches!(self.at, Place::Asked | Place::At(_))
    }
}

pub fn id(cpu: Cpu) -> HwId {
    HwId(0x100 + cpu.index() as u32)
}

/// Runs a function of the crate by one access, or to its end.
fn advance<T>(
    setup: &Setup,
    state: &State,
    n: usize,
    run: impl Fn(&Script<'_>, &mut Victim) -> T,
) -> (State, Option<Access>, Option<T>, Option<Broken>) {
    let mut to = state.clone();
    let mut broken = None;
    loop {
        let past = std::mem::take(&mut to.victims[n].past);
        let script = Script::new(&past);
        let mut after = to.victims[n].clone();
        let result = run(&script, &mut after);
        let Some(access) = script.wanted() else {
            to.victims[n] = after;
            return (to, None, Some(result), broken);
        };
        let (answer, why) = to.perform(setup, n + 1, access);
        broken = broken.or(why);
        to.victims[n].past = past;
        to.victims[n].past.push(answer);
        if setup.fine {
            return (to, Some(access), None, broken);
        }
    }
}

fn describe(access: Access) -> (&'static str, u32) {
    match access {
        Access::Read(_, word) => ("reads slot word", word as u32),
        Access::Write(_, SlotWord::Stage, value) => ("writes its stage", value),
        Access::Write(_, SlotWord::StageInverse, value) => ("writes the complement", value),
        Access::Write(_, _, value) => ("writes its echo", value),
        _ => ("barrier", 0),
    }
}

pub fn next(setup: &Setup, state: &State, n: usize, emit: &mut Emit<'_>) {
    let victim = &state.victims[n];
    let core = n + 1;
    if victim.is_away() {
        return;
    }
    if state.overwritten {
        if !victim.in_pen {
            let why = Some(Broken::Fetch);
            emit(core, "fetches from the overwritten image", 0, state.clone(), why);
        } else if !victim.masked {
            let why = Some(Broken::Fetch);
            emit(core, "takes an interrupt into the overwritten image", 0, state.clone(), why);
        }
        if victim.translation {
            let why = Some(Broken::TableWalk);
            emit(core, "walks tables in the overwritten image", 0, state.clone(), why);
        }
    }
    match victim.at {
        Place::Gone | Place::InReset => {}
        Place::Running => {
            if state.signalled >> core & 1 != 0 {
                let mut to = state.clone();
                to.signalled &= !(1 << core);
                to.victims[n].in_service = true;
                to.victims[n].at = if setup.kind == Kind::Ours { Place::Asked } else { Place::At(0) };
                emit(core, "takes the stop signal", 0, to, None);
            }
        }
        Place::Asked => {
            let cpu = Cpu::new(core).unwrap();
            let (mut to, access, signal, broken) = advance(setup, state, n, |script, _| on_stop_signal(script, cpu));
            if let Some(access) = access {
                let (what, value) = describe(access);
                emit(core, what, value, to, broken);
                return;
            }
            let victim = &mut to.victims[n];
            match signal {
                Some(StopSignal::Stop(generation)) => {
                    victim.generation = generation;
                    victim.at = Place::At(0);
                    emit(core, "is asked to stop", generation.number(), to, broken);
                }
                _ => {
                    victim.in_service = false;
                    victim.at = Place::Running;
                    emit(core, "finds nothing asked and returns", 0, to, broken);
                }
            }
        }
        Place::At(at) => act(setup, state, n, at, emit),
    }
}

fn act(setup: &Setup, state: &State, n: usize, at: usize, emit: &mut Emit<'_>) {
    let core = n + 1;
    let cpu = Cpu::new(core).unwrap();
    let mut to = state.clone();
    to.victims[n].at = Place::At(at + 1);
    match setup.acts[at] {
        Act::Spin => {}
        Act::SetFlag => {
            to.flags |= 1 << core;
            let why = (!to.victims[n].in_pen).then_some(Broken::AckOutsidePen);
            emit(core, "sets its flag", to.flags, to, why);
        }
        Act::Step(Step::ReportEntered) => {
            finish(setup, state, n, at, emit, |script, victim| {
                report_entered(script, cpu, victim.generation);
            });
        }
        Act::EarlyAck => finish(setup, state, n, at, emit, |script, victim| {
            let word = Word::new(victim.generation, Code::Parked).raw();
            script.write(cpu, SlotWord::Stage, word);
            script.write(cpu, SlotWord::StageInverse, !word);
            script.barrier();
        }),
        Act::Park => turn(setup, state, n, None, emit),
        Act::EarlyTurns => turn(setup, state, n, Some(at), emit),
        Act::Step(step) => {
            let mut why = None;
            let what = match step {
                Step::CleanInvalidate => {
                    why = to.write_back(core);
                    "cleans and invalidates its cache"
                }
                _ => to.victims[n].step(step),
            };
            emit(core, what, 0, to, why);
        }
    }
}

impl Victim {
    /// The steps that change nothing but the core itself.
    fn step(&mut self, step: Step) -> &'static str {
        match step {
            Step::EndOfInterrupt => {
                self.in_service = false;
                "end of interrupt"
            }
            Step::MaskAll => {
                self.masked = true;
                "masks all"
            }
            Step::QuietDevices => {
                self.devices = false;
                "quiets its devices"
            }
            Step::CacheOff => {
                self.cache_on = false;
                "turns its cache off"
            }
            // Nothing here is coherent in the first place.
            Step::LeaveCoherency => "leaves the coherency domain",
            Step::TranslationOff => {
                self.translation = false;
                "turns translation off"
            }
            Step::JumpToPen => {
                self.in_pen = true;
                "jumps to the pen"
            }
            Step::ReportEntered | Step::CleanInvalidate => "(elsewhere)",
        }
    }
}

/// A function of the crate, then the next act.
fn finish(
    setup: &Setup,
    state: &State,
    n: usize,
    at: usize,
    emit: &mut Emit<'_>,
    run: impl Fn(&Script<'_>, &mut Victim),
) {
    let (mut to, access, _, broken) = advance(setup, state, n, run);
    let (what, value) = match access {
        Some(access) => describe(access),
        None => {
            to.victims[n].at = Place::At(at + 1);
            ("has reported its stage", 0)
        }
    };
    emit(n + 1, what, value, to, broken);
}

/// A turn of the pen; with `early`, the loop may also be left for the next act.
fn turn(setup: &Setup, state: &State, n: usize, early: Option<usize>, emit: &mut Emit<'_>) {
    if let Some(at) = early.filter(|_| state.victims[n].past.is_empty()) {
        let mut to = state.clone();
        to.victims[n].at = Place::At(at + 1);
        emit(n + 1, "goes on to its next step", 0, to, None);
    }
    let (mut to, access, order, mut broken) = advance(setup, state, n, |script, victim| victim.pen.turn(script));
    let (what, value) = match (access, order.flatten()) {
        (Some(access), _) => describe(access),
        (None, None) => ("ends a turn of the pen", 0),
        (None, Some(order)) => {
            let victim = &mut to.victims[n];
            victim.at = Place::Gone;
            if victim.in_service || victim.devices {
                broken = broken.or(Some(Broken::UncleanRelease));
            }
            if order.entry != crate::requester::ENTRY {
                broken = broken.or(Some(Broken::LostRelease));
            }
            // Called back by a stop that was given up: at work in the old image again.
            if setup.stops > 1 && !to.overwritten {
                to.victims[n] = Victim::new(Cpu::new(n + 1).unwrap());
            }
            ("leaves the pen for", order.entry as u32)
        }
    };
    emit(n + 1, what, value, to, broken);
}
