// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cores with caches that nothing keeps coherent, the image between them, and the memory of the slots.

use std::cell::RefCell;
use std::collections::HashSet;

use hal_smp_api::cpus::Cpu;
use hal_smp_api::slots::SlotWord;
use hal_smp_api::victim::Step;
use hal_smp_api::word::{Code, Word};

use crate::explore::{Broken, Edge, Model};
use crate::requester::{Doing, Kind, NOW};
use crate::script::{Access, PATIENCE};
use crate::victim::{Place, Victim};

/// Core 0 asks, the others are victims.
pub const MOST: usize = 3;

/// A line of the image in one core's cache.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Line {
    /// Not there, or there and clean: a clean line never goes to memory, and what it holds is not modelled.
    Clean,
    Dirty,
}

/// What a victim does from the stop signal on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    Step(Step),
    /// Sets this core's bit in a mask, as other systems do.
    SetFlag,
    /// Writes `Parked` into the slot.
    EarlyAck,
    /// Runs the pen's loop for a while, wherever the core is.
    EarlyTurns,
    /// Runs the pen's loop until released.
    Park,
    /// Loops for ever.
    Spin,
}

/// What a reset of one core does, where the SoC has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reset {
    None,
    /// A pulse: the core starts again, in the image.
    Pulse,
    /// It stays in reset, and a status register says so.
    Held,
}

/// The model's parameters.
pub struct Setup {
    pub victims: usize,
    pub acts: Vec<Act>,
    pub kind: Kind,
    /// Every access is a step of its own; otherwise every function of the crate is.
    pub fine: bool,
    /// What the slots hold at the start.
    pub leftovers: Vec<[u32; SlotWord::ALL.len()]>,
    /// Whether the requester puts its own cache out of the way before it overwrites.
    pub requester_cleans: bool,
    /// How many stops the requester tries; the next one follows a roll-back at once.
    pub stops: u32,
    /// The second rung, if there is one.
    pub reset: Reset,
    /// Whether the requester's counter counts.
    pub clock_runs: bool,
    /// (requester, words) from which the requester is known to end.
    pub bounded: RefCell<HashSet<(Doing, [[u32; 11]; MOST])>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The slots at the point of coherency.
    pub words: [[u32; SlotWord::ALL.len()]; MOST],
    /// Writes of each core that are on their way; only a barrier orders those to different words.
    pub on_the_way: [Vec<(Cpu, SlotWord, u32)>; MOST],
    /// The mask of the other systems.
    pub flags: u32,
    pub overwritten: bool,
    /// Stops that were rolled back.
    pub given_up: u32,
    /// Patiences that have gone by.
    pub epoch: u32,
    pub signalled: u32,
    pub lines: [Line; MOST],
    pub requester_cache: bool,
    pub doing: Doing,
    pub victims: Vec<Victim>,
}

impl State {
    /// Performs an access of a core; the answer, and what is broken by it.
    pub fn perform(&mut self, setup: &Setup, core: usize, access: Access) -> (u32, Option<Broken>) {
        match access {
            Access::Read(cpu, word) => {
                let own = self.on_the_way[core].iter().rev();
                let forwarded = own.clone().find(|w| (w.0, w.1) == (cpu, word));
                let memory = self.words[cpu.index()][word as usize];
                (forwarded.map_or(memory, |w| w.2), None)
            }
            Access::Write(cpu, word, value) => {
                self.on_the_way[core].push((cpu, word, value));
                let parked = word == SlotWord::Stage && Word::decode(value).is_some_and(|w| w.code == Code::Parked);
                let outside = parked && !self.victims[core - 1].in_pen;
                (0, outside.then_some(Broken::AckOutsidePen))
            }
            Access::Barrier => {
                for n in 0..self.on_the_way[core].len() {
                    let (cpu, word, value) = self.on_the_way[core][n];
                    self.words[cpu.index()][word as usize] = value;
                }
                self.on_the_way[core].clear();
                (0, None)
            }
            Access::Signal(targets) => {
                self.signalled |= targets.bits() as u32;
                (0, None)
            }
            Access::Kill(cpu) => {
                // Its lines are lost; stores that have left it still arrive.
                self.lines[cpu.index()] = Line::Clean;
                let victim = &mut self.victims[cpu.index() - 1];
                *victim = Victim::new(cpu);
                if setup.reset == Reset::Held {
                    victim.at = Place::InReset;
                }
                (0, None)
            }
            Access::Held(cpu) => (u32::from(self.victims[cpu.index() - 1].at == Place::InReset), None),
            Access::Now => (self.epoch * PATIENCE, None),
        }
    }

    /// Takes the line out of a core's cache; broken if that writes on the new image.
    pub fn write_back(&mut self, core: usize) -> Option<Broken> {
        let dirty = self.lines[core] == Line::Dirty;
        self.lines[core] = Line::Clean;
        (dirty && self.overwritten).then_some(Broken::WriteBack)
    }

    fn cache_on(&self, core: usize) -> bool {
        if core == 0 {
            self.requester_cache
        } else {
            let victim = &self.victims[core - 1];
            victim.cache_on && !victim.is_away()
        }
    }

    /// Whether code of the image runs there that may store to its data and stack.
    fn may_store(&self, core: usize) -> bool {
        self.cache_on(core) && (core == 0 || !self.victims[core - 1].in_pen)
    }
}

impl Model for Setup {
    type State = State;

    fn initial(&self) -> Vec<State> {
        let victim = |n| Victim::new(Cpu::new(n + 1).unwrap());
        let start = |leftover: &[u32; 11]| State {
            words: [*leftover; MOST],
            on_the_way: [const { Vec::new() }; MOST],
            flags: 0,
            overwritten: false,
            given_up: 0,
            epoch: 0,
            signalled: if self.kind == Kind::Ours { 0 } else { u32::MAX },
            lines: [Line::Clean; MOST],
            requester_cache: true,
            doing: Doing::start(self, NOW),
            victims: (0..self.victims).map(victim).collect(),
        };
        self.leftovers.iter().map(start).collect()
    }

    fn next(&self, state: &State, edges: &mut Vec<Edge<State>>) {
        let mut edge = |core, what, value, to, broken| {
            edges.push(Edge { core, what, value, to, broken });
        };
        for core in 0..=self.victims {
            // Stores arrive in any order, except those to the same word.
            for (n, &(cpu, word, value)) in state.on_the_way[core].iter().enumerate() {
                let earlier = &state.on_the_way[core][..n];
                if earlier.iter().all(|w| (w.0, w.1) != (cpu, word)) {
                    let mut to = state.clone();
                    to.on_the_way[core].remove(n);
                    to.words[cpu.index()][word as usize] = value;
                    edge(core, "a store arrives", value, to, None);
                }
            }
            // A cache takes lines in and gives them up whenever it likes. What the requester's does while it waits
            // meets nobody, so its lines matter from the end of the stop on.
            let early = core == 0 && matches!(state.doing, Doing::Polls(..) | Doing::RollsBack(..));
            if early {
                continue;
            }
            if state.may_store(core) && state.lines[core] != Line::Dirty && !state.overwritten {
                let mut to = state.clone();
                to.lines[core] = Line::Dirty;
                edge(core, "fills a line of the image and stores to it", 0, to, None);
            }
            if state.lines[core] == Line::Dirty {
                let mut to = state.clone();
                let broken = to.write_back(core);
                edge(core, "evicts the line of the image", 0, to, broken);
            }
        }
        let watches_clock = matches!(state.doing, Doing::Polls(..) | Doing::Waits);
        if watches_clock && state.epoch < self.stops * self.rungs().len() as u32 {
            let mut to = state.clone();
            to.epoch += 1;
            edge(0, "the patience of a rung goes by", 0, to, None);
        }
        for n in 0..self.victims {
            crate::victim::next(self, state, n, &mut edge);
        }
        crate::requester::next(self, state, &mut edge);
    }
}
