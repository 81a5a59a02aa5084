// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tick of a timer that reloads itself.

use super::{Period, Schedule, Tick, TimeBase};

/// A timer that counts down with the time base, reloads itself at zero and raises an exception then.
pub trait ReloadTimer: TimeBase {
    /// Whether [`load`](Self::load) leaves the reload value alone.
    const CAN_REALIGN: bool;

    /// Keeps the counter from zero until it is loaded.
    fn hold(&mut self);

    /// Sets the reload value to `counts` and enables reload and exception.
    fn enable(&mut self, counts: u32);

    /// Sets the counter to `counts`; on a timer without [`CAN_REALIGN`](Self::CAN_REALIGN) the reload value too.
    fn load(&mut self, counts: u32);

    /// Takes the pending exception back.
    fn acknowledge(&mut self);

    /// Counts until it expires.
    fn remaining(&self) -> u32;

    /// Disables reload and exception, and takes a pending exception back.
    fn stop(&mut self);
}

/// A tick by automatic reload, watched against the time base.
///
/// A reload in hardware does not drift. One that does anyway (an emulator that reloads when it gets round to
/// it) is noticed: when the timer is off its deadline by more than 1/64 of the period, its counter is set right.
#[derive(Clone, Copy, Debug)]
pub struct ReloadTick<R> {
    timer: R,
    schedule: Schedule,
    realigned: u32,
}

impl<R: ReloadTimer> ReloadTick<R> {
    /// Starts ticks of `period`; the first ends one period from now.
    pub fn start(mut timer: R, period: Period) -> Self {
        let schedule = Schedule::new(period, timer.now());
        // Reload is on before the counter starts: one that reaches zero without it stays there for ever.
        timer.hold();
        timer.stop();
        timer.enable(period.counts());
        timer.load(period.counts());
        Self { timer, schedule, realigned: 0 }
    }

    /// How often the timer had to be set right: 0 on hardware.
    #[must_use]
    pub const fn realigned(&self) -> u32 {
        self.realigned
    }

    /// By how many counts the timer will expire after (or, negative, before) the next deadline.
    fn phase_error(&self) -> i64 {
        let period = i64::from(self.schedule.period().counts());
        let expected = i64::from(self.schedule.remaining(self.timer.now()));
        let off = (i64::from(self.timer.remaining()) - expected).rem_euclid(period);
        // A reload between the two reads is a difference of a whole period, which the remainder takes out.
        if off > period / 2 { off - period } else { off }
    }
}

impl<R: ReloadTimer> Tick for ReloadTick<R> {
    fn on_interrupt(&mut self) -> u32 {
        // Acknowledged before the time is read: an expiry in between is pending again, and is counted twice by nobody
        // because its deadline has been counted here.
        self.timer.acknowledge();
        let period = self.schedule.period().counts();
        // The timer may be a little early against the deadline, and is believed then.
        let due = self.schedule.advance(self.timer.now(), period / 32);
        if R::CAN_REALIGN && self.phase_error().unsigned_abs() > u64::from(period / 64) {
            self.timer.load(self.schedule.remaining(self.timer.now()));
            self.realigned = self.realigned.wrapping_add(1);
        }
        due
    }

    fn ticks(&self) -> u64 {
        self.schedule.ticks()
    }

    fn missed(&self) -> u64 {
        self.schedule.missed()
    }

    fn stop(&mut self) {
        self.timer.stop();
    }
}
