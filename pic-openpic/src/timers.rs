// SPDX-License-Identifier: MIT OR Apache-2.0
//! The global timers: 31-bit down counters that interrupt and start over.

use hal_exc_api::pic::{Capability, InterruptController, Line, PicError, Timers};

use crate::bus::Bus;
use crate::handshake::Handshake;
use crate::pic::OpenPic;
use crate::registers::{
    TCR_CASCADE, TCR_RATIO_SHIFT, TCR_RTM, TIMER_STOP, TIMERS_PER_GROUP, timer_base, timer_control, timer_count,
    timer_frequency,
};

/// The longest period.
const MAX_TICKS: u32 = TIMER_STOP - 1;

/// What clocks a group of four timers (Freescale).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimerClock {
    /// The platform clock divided by 8, as after reset.
    DividedBy8,
    /// The platform clock divided by 16.
    DividedBy16,
    /// The platform clock divided by 32.
    DividedBy32,
    /// The platform clock divided by 64.
    DividedBy64,
    /// The RTC input.
    RealTime,
}

impl TimerClock {
    const fn bits(self) -> u32 {
        match self {
            Self::DividedBy8 => 0,
            Self::DividedBy16 => 1 << TCR_RATIO_SHIFT,
            Self::DividedBy32 => 2 << TCR_RATIO_SHIFT,
            Self::DividedBy64 => 3 << TCR_RATIO_SHIFT,
            Self::RealTime => TCR_RTM,
        }
    }
}

/// Which timers of a group count together (Freescale): each counts the wrap-rounds of the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum TimerCascade {
    /// Each by itself.
    None = 0,
    /// 0 and 1.
    ZeroOne = 1,
    /// 1 and 2.
    OneTwo = 2,
    /// 0, 1 and 2.
    ZeroOneTwo = 3,
    /// 2 and 3.
    TwoThree = 4,
    /// 0 and 1, and 2 and 3.
    ZeroOneTwoThreePairs = 5,
    /// 1, 2 and 3.
    OneTwoThree = 6,
    /// All four.
    All = 7,
}

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    fn check_timer(&self, number: u8) -> Result<(), PicError> {
        let count = self.shape.model.timers;
        if number < count { Ok(()) } else { Err(PicError::NoSuchTimer { number, count }) }
    }

    /// The control register of the group of timer `number`, which only a Freescale MPIC has.
    fn change_control(&self, number: u8, change: impl FnOnce(u32) -> u32) -> Result<(), PicError> {
        self.check_timer(number)?;
        if !self.shape.model.freescale {
            return Err(PicError::Unsupported { capability: Capability::Timer, line: Some(self.timer_line(number)?) });
        }
        let register = timer_control(number);
        self.bus.write(register, change(self.bus.read(register)));
        Ok(())
    }

    /// Sets what clocks the group of timer `number`. Its timers should be stopped. Freescale only.
    pub fn set_timer_clock(&self, number: u8, clock: TimerClock) -> Result<(), PicError> {
        let field = TCR_RTM | 3 << TCR_RATIO_SHIFT;
        self.change_control(number, |old| old & !field | clock.bits())
    }

    /// Sets which timers of the group of timer `number` count together. Its timers should be stopped. Freescale only.
    pub fn set_timer_cascade(&self, number: u8, cascade: TimerCascade) -> Result<(), PicError> {
        self.change_control(number, |old| old & !TCR_CASCADE | cascade as u32)
    }

    /// The number of the first timer of the group of `number`.
    pub const fn timer_group(number: u8) -> u8 {
        number / TIMERS_PER_GROUP * TIMERS_PER_GROUP
    }
}

impl<B: Bus, H: Handshake> Timers for OpenPic<B, H> {
    fn timer_count(&self) -> u8 {
        self.shape.model.timers
    }

    fn timer_line(&self, number: u8) -> Result<Line, PicError> {
        self.check_timer(number)?;
        Ok(Line::new(self.line_count() - u16::from(self.shape.model.timers) + u16::from(number)))
    }

    /// What the board said in [`Config::timer_hz`](crate::Config::timer_hz), else what firmware left in the frequency
    /// register.
    fn timer_hz(&self, number: u8) -> Result<Option<u32>, PicError> {
        self.check_timer(number)?;
        Ok(self.timer_hz.or_else(|| match self.bus.read(timer_frequency(number)) {
            0 | u32::MAX => None,
            hz => Some(hz),
        }))
    }

    fn start_timer(&self, number: u8, ticks: u32) -> Result<(), PicError> {
        self.check_timer(number)?;
        if ticks == 0 || ticks > MAX_TICKS {
            return Err(PicError::BadPeriod { ticks, max: MAX_TICKS });
        }
        // The count is taken over when the inhibit bit goes from one to zero.
        self.bus.write(timer_base(number), TIMER_STOP | ticks);
        self.bus.write(timer_base(number), ticks);
        Ok(())
    }

    fn stop_timer(&self, number: u8) -> Result<(), PicError> {
        self.check_timer(number)?;
        let base = self.bus.read(timer_base(number));
        self.bus.write(timer_base(number), base | TIMER_STOP);
        Ok(())
    }

    fn timer_count_left(&self, number: u8) -> Result<u32, PicError> {
        self.check_timer(number)?;
        Ok(self.bus.read(timer_count(number)) & MAX_TICKS)
    }
}
