// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time from a hardware counter. Loop counts lie: the other core may not have run one instruction when a counted
//! loop ends.

/// A free-running counter.
pub trait Clock {
    /// The counter; it may wrap.
    fn now(&self) -> u64;
    /// Ticks per second, not 0.
    fn frequency(&self) -> u64;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> u64 {
        (**self).now()
    }
    fn frequency(&self) -> u64 {
        (**self).frequency()
    }
}

/// A span of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Micros(pub u32);

/// A point in time that cannot be moved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Deadline {
    start: u64,
    ticks: u64,
}

impl Deadline {
    /// The deadline `span` from now.
    pub fn after<C: Clock>(clock: &C, span: Micros) -> Self {
        let ticks = u128::from(span.0) * u128::from(clock.frequency()) / 1_000_000;
        Self { start: clock.now(), ticks: u64::try_from(ticks).unwrap_or(u64::MAX) }
    }

    /// Whether it has passed. Right across a wrap of the counter.
    pub fn passed<C: Clock>(&self, clock: &C) -> bool {
        self.elapsed(clock) >= self.ticks
    }

    /// Ticks since the deadline was set.
    pub fn elapsed<C: Clock>(&self, clock: &C) -> u64 {
        clock.now().wrapping_sub(self.start)
    }
}
