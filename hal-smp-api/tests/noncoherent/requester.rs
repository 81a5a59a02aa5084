// SPDX-License-Identifier: MIT OR Apache-2.0
//! The requester: the crate's `Stop` from the first poll to release or roll-back, or somebody else's idea of one.

use std::hash::{Hash, Hasher};

use hal_smp_api::ack::SlotsOnly;
use hal_smp_api::clock::Micros;
use hal_smp_api::cpus::{Cpu, CpuSet, HwId, Topology};
use hal_smp_api::election::Election;
use hal_smp_api::image::Region;
use hal_smp_api::ladder::{Ladder, Rung, Signal};
use hal_smp_api::release::post;
use hal_smp_api::slots::Order;
use hal_smp_api::stop::{Plan, Progress, Stop};
use hal_smp_api::word::Generation;

use crate::explore::Broken;
use crate::script::{Access, Hooks, PATIENCE, Script};
use crate::victim::{Emit, id};
use crate::world::{MOST, Reset, Setup, State};

/// Where released cores go.
pub const ENTRY: u64 = 0x8000;
/// The stop under test; the one before it left its words in memory.
pub const NOW: Generation = match Generation::new(7) {
    Some(generation) => generation,
    None => Generation::FIRST,
};

/// Whose requester it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    Ours,
    /// Overwrites once every flag is set.
    AllFlags,
    /// Overwrites after a fixed delay.
    FixedDelay,
}

static IDS: [HwId; MOST] = [HwId(0x100), HwId(0x101), HwId(0x102)];
static RUNGS: [Rung; 2] = [
    Rung { signal: Signal::Irq, patience: Micros(PATIENCE), restartable: true },
    Rung { signal: Signal::CoreReset, patience: Micros(PATIENCE), restartable: false },
];

impl Setup {
    pub fn rungs(&self) -> &'static [Rung] {
        if self.reset == Reset::None { &RUNGS[..1] } else { &RUNGS }
    }

    fn hooks<'a, 'b>(&self, script: &'a Script<'b>) -> Hooks<'a, 'b> {
        Hooks { script, resets: self.reset != Reset::None }
    }
}

/// A stop that the search can branch on.
#[derive(PartialEq, Eq, Debug)]
pub struct Branch(Stop<'static, MOST>);

impl Clone for Branch {
    fn clone(&self) -> Self {
        // SAFETY: plain data without destructor or interior pointers. The type refuses copies so that a machine has
        // one requester; each branch of the search is a machine of its own.
        Self(unsafe { std::ptr::read(&self.0) })
    }
}

impl Hash for Branch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Doing {
    /// Polls the stop; with the answers to the poll under way.
    Polls(Branch, Vec<u32>),
    /// Calls everybody back.
    RollsBack(Branch, Vec<u32>),
    /// Waits in another system's way.
    Waits,
    CacheOff,
    Cleans,
    Overwrites,
    /// Releases that core.
    Posts(usize, Vec<u32>),
    Done,
}

impl Doing {
    pub fn start(setup: &Setup, generation: Generation) -> Self {
        if setup.kind != Kind::Ours {
            return Self::Waits;
        }
        let election = Election::new();
        let plan = Plan {
            topology: Topology::new(&IDS[..=setup.victims]).unwrap(),
            ladder: Ladder::new(setup.rungs()).unwrap(),
            generation,
            reserved: Region { base: 0x1_0000, len: 0x1000 },
        };
        let claim = election.claim(Cpu::new(0).unwrap()).unwrap();
        // SAFETY: the model has exactly these cores.
        let stop = unsafe { Stop::new(claim, plan) }.unwrap();
        Self::Polls(Branch(stop), Vec::new())
    }
}

fn describe(access: Access) -> (&'static str, u32) {
    match access {
        Access::Read(_, word) => ("reads slot word", word as u32),
        Access::Write(_, word, _) => ("writes slot word", word as u32),
        Access::Barrier => ("barrier", 0),
        Access::Signal(targets) => ("signals", targets.bits() as u32),
        Access::Kill(cpu) => ("resets core", cpu.index() as u32),
        Access::Held(cpu) => ("looks at the reset of core", cpu.index() as u32),
        Access::Now => ("reads the clock", 0),
    }
}

/// One access of the crate's requester, or its end.
fn step(setup: &Setup, to: &mut State) -> (&'static str, u32) {
    match std::mem::replace(&mut to.doing, Doing::Done) {
        Doing::Polls(branch, mut past) => {
            let mut stop = branch.clone();
            let script = Script::new(&past);
            let progress = stop.0.poll(&script, &mut SlotsOnly, &mut setup.hooks(&script), &script).unwrap();
            if let Some(access) = script.wanted() {
                past.push(to.perform(setup, 0, access).0);
                to.doing = Doing::Polls(branch, past);
                return describe(access);
            }
            match progress {
                Progress::Pending => {
                    to.doing = Doing::Polls(stop, Vec::new());
                    ("ends a poll", 0)
                }
                Progress::Stopped => {
                    // The real permission: without it nothing below happens.
                    let (image, _claim) = stop.0.finish().unwrap();
                    assert_eq!(image.others(), CpuSet::first(setup.victims + 1).without(Cpu::new(0).unwrap()));
                    to.doing = Doing::CacheOff;
                    ("holds the image for itself", image.others().bits() as u32)
                }
                Progress::Incomplete => {
                    to.doing = Doing::RollsBack(stop, Vec::new());
                    ("gives the stop up", 0)
                }
            }
        }
        Doing::RollsBack(branch, mut past) => {
            let script = Script::new(&past);
            let incomplete = branch.clone().0.finish().unwrap_err();
            incomplete.roll_back(&script, &mut setup.hooks(&script), |_| (ENTRY, 0));
            if let Some(access) = script.wanted() {
                past.push(to.perform(setup, 0, access).0);
                to.doing = Doing::RollsBack(branch, past);
                return describe(access);
            }
            if to.given_up + 1 < setup.stops {
                to.given_up += 1;
                let next = branch.0.generation().next();
                to.doing = Doing::start(setup, next);
            }
            ("has called everybody back", 0)
        }
        Doing::Posts(n, mut past) => {
            let script = Script::new(&past);
            let cpu = Cpu::new(n).unwrap();
            let order = Order { id: id(cpu), entry: ENTRY, arg: 0 };
            let generation = (0..to.given_up).fold(NOW, |generation, _| generation.next());
            post(&script, cpu, generation, &order);
            if let Some(access) = script.wanted() {
                past.push(to.perform(setup, 0, access).0);
                to.doing = Doing::Posts(n, past);
                return describe(access);
            }
            if n < setup.victims {
                to.doing = Doing::Posts(n + 1, Vec::new());
            }
            ("has released core", n as u32)
        }
        other => {
            to.doing = other;
            ("", 0)
        }
    }
}

/// Runs until the function under way ends.
fn whole(setup: &Setup, to: &mut State) -> (&'static str, u32) {
    loop {
        let done = step(setup, to);
        match &to.doing {
            Doing::Polls(_, past) | Doing::RollsBack(_, past) | Doing::Posts(_, past) if !past.is_empty() => {}
            _ => return done,
        }
    }
}

pub fn next(setup: &Setup, state: &State, emit: &mut Emit<'_>) {
    let mut to = state.clone();
    match &state.doing {
        Doing::Waits => {
            let all = (2 << setup.victims) - 2;
            let ready = match setup.kind {
                Kind::FixedDelay => state.epoch > 0,
                _ => state.flags & all == all,
            };
            if ready {
                to.doing = Doing::CacheOff;
                emit(0, "believes that the others are away", state.flags, to, None);
            }
        }
        Doing::CacheOff => {
            to.requester_cache = false;
            to.doing = if setup.requester_cleans { Doing::Cleans } else { Doing::Overwrites };
            emit(0, "turns its cache off", 0, to, None);
        }
        Doing::Cleans => {
            let why = to.write_back(0);
            to.doing = Doing::Overwrites;
            emit(0, "cleans and invalidates its cache", 0, to, why);
        }
        Doing::Overwrites => {
            to.overwritten = true;
            to.doing = if setup.kind == Kind::Ours { Doing::Posts(1, Vec::new()) } else { Doing::Done };
            emit(0, "overwrites the image", 0, to, Some(Broken::Overwritten));
        }
        Doing::Done => {
            if setup.kind == Kind::Ours {
                everybody_comes_back(setup, state, emit);
            }
        }
        Doing::Polls(_, past) | Doing::RollsBack(_, past) | Doing::Posts(_, past) => {
            if past.is_empty() && !ends(setup, state) {
                emit(0, "never ends", 0, to, Some(Broken::Unbounded));
                return;
            }
            let (what, value) = if setup.fine { step(setup, &mut to) } else { whole(setup, &mut to) };
            emit(0, what, value, to, None);
        }
    }
}

/// Whether the requester, with all others frozen, comes to an end while its clock runs.
fn ends(setup: &Setup, state: &State) -> bool {
    let key = (state.doing.clone(), state.words);
    if setup.bounded.borrow().contains(&key) {
        return true;
    }
    let mut to = state.clone();
    for _ in 0..150 {
        match to.doing {
            Doing::Polls(..) | Doing::RollsBack(..) | Doing::Posts(..) => whole(setup, &mut to),
            _ => {
                setup.bounded.borrow_mut().insert(key);
                return true;
            }
        };
        to.epoch += u32::from(setup.clock_runs);
    }
    false
}

/// With all orders out, every victim that was caught must get away by itself, whatever it was doing.
fn everybody_comes_back(setup: &Setup, state: &State, emit: &mut Emit<'_>) {
    for n in 0..setup.victims {
        let mut to = state.clone();
        to.perform(setup, 0, Access::Barrier);
        let mut left = 200;
        while to.victims[n].held() && left > 0 {
            let mut after = None;
            // The last way on: out of an early loop as well as round the pen's.
            crate::victim::next(setup, &to, n, &mut |_, _, _, state, broken| {
                if broken.is_none() {
                    after = after.take().or(Some(state));
                }
            });
            match after {
                Some(state) => to = state,
                None => break,
            }
            left -= 1;
        }
        if to.victims[n].held() {
            emit(n + 1, "is never let go", 0, to, Some(Broken::LostRelease));
        }
    }
}
