// SPDX-License-Identifier: MIT OR Apache-2.0
//! A firmware's power state of a core in one cached word with two writers: the core that goes off, and the one that
//! wants it on again.

use crate::explore::{Broken, Edge, Model};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Power {
    On,
    Off,
    OnPending,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    memory: Power,
    /// The caller's cache holds `OnPending`, not yet in memory.
    dirty: bool,
    caller: u8,
    victim: u8,
}

/// Whether the caller reads its word back and writes it again if it is gone.
pub struct OnPending {
    pub reads_back: bool,
}

impl Model for OnPending {
    type State = State;

    fn initial(&self) -> Vec<State> {
        vec![State { memory: Power::On, dirty: false, caller: 0, victim: 0 }]
    }

    fn next(&self, state: &State, edges: &mut Vec<Edge<State>>) {
        let mut to = state.clone();
        let mut broken = None;
        let what = match state.victim {
            0 => {
                to.memory = Power::Off;
                "cache off: writes OFF to memory"
            }
            1 => {
                to.dirty = false;
                "invalidates the line, in every cache"
            }
            // Powered on by the caller's last step.
            2 if state.caller == 4 => {
                broken = (state.memory != Power::OnPending).then_some(Broken::LostRelease);
                "starts and looks for ON_PENDING"
            }
            _ => "",
        };
        if !what.is_empty() {
            to.victim += 1;
            edges.push(Edge { core: 1, what, value: state.memory as u32, to, broken });
        }
        let mut to = state.clone();
        to.caller += 1;
        let what = match state.caller {
            0 if state.memory == Power::Off => "reads OFF",
            1 => {
                to.dirty = true;
                "writes ON_PENDING into its cache"
            }
            2 => {
                if state.dirty {
                    to.memory = Power::OnPending;
                    to.dirty = false;
                }
                "cleans the line"
            }
            3 if self.reads_back && state.memory != Power::OnPending => {
                to.caller = 1;
                "reads back, finds its word gone"
            }
            3 => "switches the core on",
            _ => return,
        };
        edges.push(Edge { core: 0, what, value: state.memory as u32, to, broken: None });
    }
}
