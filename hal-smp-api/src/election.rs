// SPDX-License-Identifier: MIT OR Apache-2.0
//! One requester: two cores that panic at once must not stop each other half-way.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::cpus::Cpu;

/// The atomic cell behind an [`Election`]; a trait so that the model checker can put its own in.
pub trait ElectionCell {
    /// Stores `new` if the cell holds `current`, with sequential consistency; otherwise returns what it holds.
    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32>;
}

impl ElectionCell for AtomicU32 {
    fn compare_exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        AtomicU32::compare_exchange(self, current, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

/// The election of the requester. It happens while coherency still works, so a plain atomic does.
#[derive(Debug, Default)]
pub struct Election<C = AtomicU32>(C);

impl Election {
    /// Nobody is requester.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }
}

/// Another core is the requester, and the loser is one of its targets. It may have masked everything (two cores that panic):
/// it looks for the request itself, by [`await_stop`](crate::victim::await_stop), and leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Who won.
    pub winner: Cpu,
}

impl<C: ElectionCell> Election<C> {
    /// An election over the given cell, which must hold 0.
    #[must_use]
    pub const fn over(cell: C) -> Self {
        Self(cell)
    }

    /// Tries to become the only requester.
    ///
    /// # Errors
    /// [`Lost`] names the winner.
    pub fn claim(&self, cpu: Cpu) -> Result<Claim, Lost> {
        match self.0.compare_exchange(0, cpu.index() as u32 + 1) {
            Ok(_) => Ok(Claim(cpu)),
            // The cell holds `index + 1` of the winner, written by this function alone.
            Err(held) => Err(Lost { winner: Cpu::new((held as usize).wrapping_sub(1)).unwrap_or(cpu) }),
        }
    }

    /// Gives the role back after a stop that was rolled back.
    pub fn withdraw(&self, claim: Claim) {
        // Only the holder of the claim gets here, so the exchange cannot fail.
        let _ = self.0.compare_exchange(claim.0.index() as u32 + 1, 0);
    }
}

/// The role of the requester; exists once.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Claim(pub(crate) Cpu);

impl Claim {
    /// The requester.
    #[must_use]
    pub const fn cpu(&self) -> Cpu {
        self.0
    }
}
