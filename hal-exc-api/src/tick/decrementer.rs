// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tick of a decrementer that does not reload itself.

use super::{Period, Schedule, Tick, TimeBase};

/// A decrementer without reload (SPR 22), which counts with the time base: an exception comes when it passes zero.
pub trait Decrementer: TimeBase {
    /// Sets it; the exception comes `counts` + 1 counts later, and an exception that is pending at this instant
    /// is taken back where the core's decrementer works that way. `counts` is never above [`Period::MAX`].
    fn set(&mut self, counts: u32);
}

/// A tick by re-arming: each interrupt sets the decrementer to what is left until the next deadline.
#[derive(Clone, Copy, Debug)]
pub struct DecrementerTick<D> {
    timer: D,
    schedule: Schedule,
    running: bool,
}

impl<D: Decrementer> DecrementerTick<D> {
    /// Starts ticks of `period`; the first ends one period from now.
    pub fn start(mut timer: D, period: Period) -> Self {
        let schedule = Schedule::new(period, timer.now());
        timer.set(period.counts());
        Self { timer, schedule, running: true }
    }
}

impl<D: Decrementer> Tick for DecrementerTick<D> {
    fn on_interrupt(&mut self) -> u32 {
        if !self.running {
            self.timer.set(Period::MAX);
            return 0;
        }
        let now = self.timer.now();
        let due = self.schedule.advance(now, 0);
        self.timer.set(self.schedule.remaining(now));
        due
    }

    fn ticks(&self) -> u64 {
        self.schedule.ticks()
    }

    fn missed(&self) -> u64 {
        self.schedule.missed()
    }

    fn stop(&mut self) {
        self.running = false;
        self.timer.set(Period::MAX);
    }
}
