// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tick: one interface over the three timers that PowerPC cores make it with.
//!
//! | timer | cores | how it repeats | acknowledge |
//! |---|---|---|---|
//! | decrementer | classic | the handler sets it again | setting it |
//! | decrementer | Book E, e500, e200 | DECAR and TCR\[ARE\] | TSR\[DIS\] |
//! | PIT | 405 | its own reload value and TCR\[ARE\] | TSR\[PIS\] |
//!
//! All are delivered as [`Exception::Decrementer`](crate::exception::Exception::Decrementer). All count against the
//! time base and not against their own interrupts, so a late handler neither shifts the ticks after it
//! nor loses one: [`Tick::on_interrupt`] says how many periods ended since it was asked last. That may be
//! more than one (missed ticks) and it may be none (the tick was counted by the call before).
//!
//! The arithmetic ([`Schedule`], [`DecrementerTick`], [`ReloadTick`]) is generic over the registers and tested on the
//! host against simulated timers; the registers themselves are the `hardware` module, for PowerPC only.
//! The 601 has a real-time clock in place of the time base, the e200z0 has neither, and the time base of the 403 has register
//! numbers of its own that are not read here: all three are refused with [`TickError::NoTimeBase`].

mod decrementer;
mod delay;
#[cfg(target_arch = "powerpc")]
pub mod hardware;
mod reload;
mod schedule;

use core::fmt;

pub use decrementer::{Decrementer, DecrementerTick};
pub use delay::TimeBaseDelay;
pub use reload::{ReloadTick, ReloadTimer};
pub use schedule::Schedule;

use crate::cpu::{Cpu, Features, Pvr, TickTimer};

/// A 64-bit counter that counts up steadily: the time base (SPR 268 and 269).
pub trait TimeBase {
    /// Its value now.
    fn now(&self) -> u64;
}

/// What every tick can do, whatever timer makes it.
pub trait Tick {
    /// To be called once per decrementer exception: acknowledges it, arms the next one, and returns how many periods
    /// ended since the last call: 1 as a rule, more when ticks were missed, 0 when there is nothing to count.
    fn on_interrupt(&mut self) -> u32;

    /// Ticks since the start, missed ones included.
    fn ticks(&self) -> u64;

    /// Ticks that had no interrupt of their own.
    fn missed(&self) -> u64;

    /// Ends the ticks. A classic decrementer cannot be switched off: it goes on to interrupt once in a while,
    /// and `on_interrupt` returns 0 for that.
    fn stop(&mut self);
}

/// The length of a tick in counts of the time base: 1 to [`Period::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Period(u32);

impl Period {
    /// The longest one: a decrementer with its upper bit set counts as expired.
    pub const MAX: u32 = 0x7FFF_FFFF;

    /// A period of `counts`.
    ///
    /// # Errors
    /// [`TickError::Period`] when it is zero or above [`Period::MAX`].
    pub const fn new(counts: u32) -> Result<Self, TickError> {
        if counts == 0 || counts > Self::MAX { Err(TickError::Period(counts)) } else { Ok(Self(counts)) }
    }

    /// The period of `hz` ticks a second, of a time base that counts `time_base_hz` a second, rounded down.
    ///
    /// # Errors
    /// [`TickError::Rate`] when the period would be zero or above [`Period::MAX`].
    pub const fn of_rate(time_base_hz: u32, hz: u32) -> Result<Self, TickError> {
        let error = TickError::Rate { time_base_hz, hz };
        match time_base_hz.checked_div(hz) {
            Some(counts) => match Self::new(counts) {
                Ok(period) => Ok(period),
                Err(_) => Err(error),
            },
            None => Err(error),
        }
    }

    /// The period in counts of the time base.
    #[must_use]
    pub const fn counts(self) -> u32 {
        self.0
    }
}

/// Why there is no tick or no delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TickError {
    /// A period of that many counts is zero or longer than the timer.
    Period(u32),
    /// No period makes this rate.
    Rate {
        /// Counts of the time base per second.
        time_base_hz: u32,
        /// Ticks per second.
        hz: u32,
    },
    /// The CPU with this PVR has no time base that is read here.
    NoTimeBase(Pvr),
    /// The time base stands still at this value: the board has not enabled it.
    TimeBaseStopped(u64),
}

impl fmt::Display for TickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(counts) => write!(f, "a tick of {counts} counts is not between 1 and {}", Period::MAX),
            Self::Rate { time_base_hz, hz } => {
                write!(f, "a time base of {time_base_hz} Hz cannot make {hz} ticks a second")
            }
            Self::NoTimeBase(pvr) => write!(f, "the CPU with PVR {pvr} has no time base that is supported"),
            Self::TimeBaseStopped(value) => write!(f, "the time base stands still at {value:#x}"),
        }
    }
}

impl core::error::Error for TickError {}

/// Which timer makes the tick of `cpu`.
///
/// # Errors
/// [`TickError::NoTimeBase`] for the 601, the 403 and the e200z0.
pub fn timer_of(cpu: &Cpu) -> Result<TickTimer, TickError> {
    if cpu.features().contains(Features::TIME_BASE) {
        Ok(cpu.core().tick)
    } else {
        Err(TickError::NoTimeBase(cpu.pvr()))
    }
}
