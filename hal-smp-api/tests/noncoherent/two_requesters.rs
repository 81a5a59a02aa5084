// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two cores run the crate's election at once, one access at a time.

use std::cell::Cell;

use hal_smp_api::cpus::Cpu;
use hal_smp_api::election::{Election, ElectionCell};

use crate::explore::{Broken, Edge, Model};

#[derive(Clone, Copy)]
enum Access {
    CompareExchange(u32, u32),
    Load,
    Store(u32),
}

/// As [`Script`](crate::script::Script), for the election's cell.
struct ScriptedCell<'a> {
    atomic: bool,
    past: &'a [u32],
    at: Cell<usize>,
    wanted: &'a Cell<Option<Access>>,
}

impl ScriptedCell<'_> {
    fn ask(&self, access: Access) -> u32 {
        let at = self.at.get();
        self.at.set(at + 1);
        if at == self.past.len() {
            self.wanted.set(Some(access));
        }
        self.past.get(at).copied().unwrap_or(0)
    }
}

impl ElectionCell for ScriptedCell<'_> {
    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        let held = if self.atomic {
            self.ask(Access::CompareExchange(current, new))
        } else {
            let held = self.ask(Access::Load);
            if held == current {
                self.ask(Access::Store(new));
            }
            held
        };
        if held == current { Ok(held) } else { Err(held) }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    cell: u32,
    past: [Vec<u32>; 2],
    won: [Option<bool>; 2],
}

/// Whether the cell's exchange is one access, or a load and a store.
pub struct TwoRequesters {
    pub atomic: bool,
}

impl Model for TwoRequesters {
    type State = State;

    fn initial(&self) -> Vec<State> {
        vec![State { cell: 0, past: [Vec::new(), Vec::new()], won: [None; 2] }]
    }

    fn next(&self, state: &State, edges: &mut Vec<Edge<State>>) {
        for core in 0..2 {
            if state.won[core].is_some() {
                continue;
            }
            let wanted = Cell::new(None);
            let election = Election::over(ScriptedCell {
                atomic: self.atomic,
                past: &state.past[core],
                at: Cell::new(0),
                wanted: &wanted,
            });
            let won = election.claim(Cpu::new(core).unwrap()).is_ok();
            let mut to = state.clone();
            let what = match wanted.get() {
                Some(access) => {
                    let held = to.cell;
                    match access {
                        Access::CompareExchange(current, new) if held == current => to.cell = new,
                        Access::Store(new) => to.cell = new,
                        _ => {}
                    }
                    to.past[core].push(held);
                    "accesses the election's cell, which held"
                }
                None => {
                    to.won[core] = Some(won);
                    "ends its claim; won:"
                }
            };
            let value = if wanted.get().is_some() { state.cell } else { u32::from(won) };
            let broken = (to.won == [Some(true); 2]).then_some(Broken::TwoRequesters);
            edges.push(Edge { core, what, value, to, broken });
        }
    }
}
