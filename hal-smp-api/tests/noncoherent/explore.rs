// SPDX-License-Identifier: MIT OR Apache-2.0
//! Breadth-first search over all states of a model: the first violation found has the shortest trace.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::Hash;
use std::rc::Rc;

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Broken {
    /// A core executes in the image after its overwrite began.
    Fetch,
    /// A core walks translation tables in the overwritten image.
    TableWalk,
    /// An old line lands on the overwritten image.
    WriteBack,
    /// The acknowledgement left while the core still executed in the image.
    AckOutsidePen,
    /// A core that was to go, or to come back, stays where it is for ever.
    LostRelease,
    /// A released core starts with the stop signal active or its devices running.
    UncleanRelease,
    /// The requester does not come to an end by itself.
    Unbounded,
    /// Two cores hold the role at once.
    TwoRequesters,
    /// No violation but a goal: the overwrite begins.
    Overwritten,
}

impl Broken {
    /// All violations.
    pub const ALL: [Self; 8] = [
        Self::Fetch,
        Self::TableWalk,
        Self::WriteBack,
        Self::AckOutsidePen,
        Self::LostRelease,
        Self::UncleanRelease,
        Self::Unbounded,
        Self::TwoRequesters,
    ];
}

/// One thing that may happen next.
pub struct Edge<S> {
    pub core: usize,
    pub what: &'static str,
    pub value: u32,
    pub to: S,
    pub broken: Option<Broken>,
}

pub trait Model {
    type State: Clone + Eq + Hash;
    fn initial(&self) -> Vec<Self::State>;
    /// Everything that may happen in that state.
    fn next(&self, state: &Self::State, edges: &mut Vec<Edge<Self::State>>);
}

pub struct Verdict {
    pub states: usize,
    /// The violation and how it comes about.
    pub found: Option<(Broken, String)>,
}

/// Visits every reachable state, or stops at the first violation that is `watched`.
///
/// Panics above `limit` states: a search that was cut short shows nothing.
pub fn explore<M: Model>(model: &M, watched: &[Broken], limit: usize) -> Verdict {
    let mut ids: HashMap<Rc<M::State>, usize> = HashMap::new();
    let mut states: Vec<Rc<M::State>> = Vec::new();
    let mut parents: Vec<(usize, usize, &'static str, u32)> = Vec::new();
    for state in model.initial() {
        let state = Rc::new(state);
        if ids.insert(state.clone(), states.len()).is_none() {
            states.push(state);
            parents.push((usize::MAX, 0, "", 0));
        }
    }
    let mut at = 0;
    let mut edges = Vec::new();
    while at < states.len() {
        let state = states[at].clone();
        model.next(&state, &mut edges);
        for edge in edges.drain(..) {
            if let Some(broken) = edge.broken.filter(|b| watched.contains(b)) {
                let last = (edge.core, edge.what, edge.value);
                let trace = trace(&parents, at, last, broken);
                return Verdict { states: states.len(), found: Some((broken, trace)) };
            }
            let to = Rc::new(edge.to);
            if !ids.contains_key(&to) {
                ids.insert(to.clone(), states.len());
                states.push(to);
                parents.push((at, edge.core, edge.what, edge.value));
                assert!(states.len() <= limit, "more than {limit} states");
            }
        }
        at += 1;
    }
    Verdict { states: states.len(), found: None }
}

fn trace(
    parents: &[(usize, usize, &'static str, u32)],
    mut at: usize,
    last: (usize, &'static str, u32),
    broken: Broken,
) -> String {
    let mut steps = vec![last];
    while parents[at].0 != usize::MAX {
        let (parent, core, what, value) = parents[at];
        steps.push((core, what, value));
        at = parent;
    }
    let mut text = String::new();
    for (n, (core, what, value)) in steps.iter().rev().enumerate() {
        let _ = writeln!(text, "{:4} cpu{core}: {what} {value:#x}", n + 1);
    }
    let _ = writeln!(text, "     => {broken:?}");
    text
}
