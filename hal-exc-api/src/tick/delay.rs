// SPDX-License-Identifier: MIT OR Apache-2.0
//! Delays by the time base.

use super::{TickError, TimeBase};

/// Waits by watching the time base. With the feature `embedded-hal` it is a `DelayNs`.
///
/// ```
/// use core::cell::Cell;
/// use hal_exc_api::tick::{TimeBase, TimeBaseDelay};
///
/// struct Counter(Cell<u64>);
/// impl TimeBase for Counter {
///     fn now(&self) -> u64 {
///         self.0.set(self.0.get() + 1);
///         self.0.get()
///     }
/// }
///
/// let mut delay = TimeBaseDelay::new(Counter(Cell::new(0)), 1_000_000)?; // 1 MHz
/// assert!(delay.wait_ns(5_000).is_ok());
/// # Ok::<(), hal_exc_api::tick::TickError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeBaseDelay<T> {
    time_base: T,
    hz: u32,
}

/// Reads of an unchanged time base after which it counts as stopped. The slowest time bases count once in some
/// hundred instructions.
const PATIENCE: u32 = 1 << 20;

impl<T: TimeBase> TimeBaseDelay<T> {
    /// Delays by `time_base`, which counts `hz` a second.
    ///
    /// # Errors
    /// [`TickError::TimeBaseStopped`] when it stands still.
    pub fn new(time_base: T, hz: u32) -> Result<Self, TickError> {
        let delay = Self { time_base, hz };
        delay.wait_counts(1)?;
        Ok(delay)
    }

    /// Waits at least `ns` nanoseconds.
    ///
    /// # Errors
    /// [`TickError::TimeBaseStopped`] when the time base has stopped since; the wait is then too short.
    pub fn wait_ns(&mut self, ns: u32) -> Result<(), TickError> {
        // At most 2^64 - 2^33 + 1 + 10^9: no overflow. One count more, because the first is a partial one.
        self.wait_counts((u64::from(ns) * u64::from(self.hz)).div_ceil(1_000_000_000) + 1)
    }

    fn wait_counts(&self, counts: u64) -> Result<(), TickError> {
        let start = self.time_base.now();
        let mut last = start;
        let mut unchanged = 0;
        while last.wrapping_sub(start) < counts {
            let now = self.time_base.now();
            unchanged = if now == last { unchanged + 1 } else { 0 };
            if unchanged == PATIENCE {
                return Err(TickError::TimeBaseStopped(now));
            }
            last = now;
        }
        Ok(())
    }
}

/// A stopped time base ends the delay early, because the trait has no way to say so; [`TimeBaseDelay::new`] has
/// seen it run.
#[cfg(feature = "embedded-hal")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-hal")))]
impl<T: TimeBase> embedded_hal::delay::DelayNs for TimeBaseDelay<T> {
    fn delay_ns(&mut self, ns: u32) {
        let _ = self.wait_ns(ns);
    }
}
