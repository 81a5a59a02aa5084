// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deadlines on the time base.

use super::Period;

/// Deadlines one period apart, and how many have passed.
///
/// Deadlines are absolute: the next one is the last one plus the period, never "now plus the period", so
/// lateness does not add up. All arithmetic wraps with the 64-bit time base.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    period: Period,
    next: u64,
    ticks: u64,
    missed: u64,
}

impl Schedule {
    /// A schedule whose first deadline is one period after `now`.
    #[must_use]
    pub const fn new(period: Period, now: u64) -> Self {
        Self { period, next: now.wrapping_add(period.counts() as u64), ticks: 0, missed: 0 }
    }

    /// Counts the deadlines that have passed at `now`, those up to `slack` counts ahead included, and returns
    /// their number.
    ///
    /// When the next deadline is more than a period ahead, somebody has set the time base back: the schedule then
    /// starts anew from `now` rather than wait for the old time to come again.
    pub const fn advance(&mut self, now: u64, slack: u32) -> u32 {
        let period = self.period.counts() as u64;
        let ahead = self.next.wrapping_sub(now);
        if ahead > slack as u64 && ahead < 1 << 63 {
            if ahead > period + slack as u64 {
                self.next = now.wrapping_add(period);
            }
            return 0;
        }
        let late = now.wrapping_add(slack as u64).wrapping_sub(self.next);
        // Nearly always one; the 64-bit division is a subroutine on a 32-bit core.
        let due = if late < period { 1 } else { 1 + late / period };
        self.next = self.next.wrapping_add(due.wrapping_mul(period));
        self.ticks = self.ticks.wrapping_add(due);
        self.missed = self.missed.wrapping_add(due - 1);
        if due > u32::MAX as u64 { u32::MAX } else { due as u32 }
    }

    /// Counts from `now` to the next deadline, at least 1: what a timer may be loaded with, which is never the past.
    #[must_use]
    pub const fn remaining(&self, now: u64) -> u32 {
        let ahead = self.next.wrapping_sub(now);
        if ahead == 0 || ahead >= 1 << 63 {
            1
        } else if ahead > Period::MAX as u64 {
            Period::MAX
        } else {
            ahead as u32
        }
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Deadlines that have passed.
    #[must_use]
    pub const fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Deadlines that were counted together with an earlier one.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}
