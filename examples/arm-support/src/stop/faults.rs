// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults: each row of the reference's table, with exactly the end that it must have.

use super::requester::Run;
use super::{Stoppable, Verdict};

/// A fault.
pub(super) struct Fault<B: Stoppable> {
    pub(super) name: &'static str,
    pub(super) inject: fn(&mut Run<B>) -> Verdict,
}

/// The fault of that name.
pub(super) fn find<B: Stoppable>(_name: &str) -> Option<Fault<B>> {
    None
}
