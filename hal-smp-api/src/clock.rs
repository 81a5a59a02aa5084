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
        self.is_past(self.elapsed(clock))
    }

    /// Whether it has passed when so many ticks have gone by since it was set.
    pub(crate) const fn is_past(&self, elapsed: u64) -> bool {
        elapsed >= self.ticks
    }

    /// Ticks since the deadline was set.
    pub fn elapsed<C: Clock>(&self, clock: &C) -> u64 {
        clock.now().wrapping_sub(self.start)
    }
}

/// Spaces out a question that is expensive to ask, such as a call of firmware, while one waits for another answer.
///
/// Each question comes when the time since the wait began has grown by an eighth. So an answer is at most an eighth of the
/// wait late, and a wait of a second at a 50 MHz counter takes about 150 questions instead of as many as there is time for: a
/// call of firmware in every turn of a loop costs the caller most of its time, and holds up whoever needs the same lock or
/// interconnect in order to give the answer.
///
/// ```
/// use hal_smp_api::clock::Spacing;
/// let mut spacing = Spacing::new();
/// let asked: Vec<u64> = (0..100).filter(|elapsed| spacing.is_due(*elapsed)).collect();
/// assert_eq!(asked, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 19, 22, 25, 29, 33, 38, 43, 49, 56, 64, 73, 83, 94]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Spacing {
    /// Ticks from the start of the wait to the next question.
    next: u64,
}

impl Spacing {
    /// The first question is due at once.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0 }
    }

    /// Whether it is time to ask, `elapsed` ticks after the wait began. If so, the question counts as asked.
    pub const fn is_due(&mut self, elapsed: u64) -> bool {
        let due = elapsed >= self.next;
        if due {
            self.next = elapsed.saturating_add(elapsed / 8).saturating_add(1);
        }
        due
    }
}
