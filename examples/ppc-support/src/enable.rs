// SPDX-License-Identifier: MIT OR Apache-2.0
//! The enable register of a controller without an in-service register: a line in service is kept masked, so that it
//! is not delivered again before its end.

use core::sync::atomic::{AtomicU32, Ordering};

/// Lines that may interrupt, and lines that are in service; the enable register is the former without the latter.
///
/// Every change ends in a call of `write` with the register's new value. An interrupt that changes the words
/// between is noticed, and the register written again.
#[derive(Debug, Default)]
pub(crate) struct EnableWord {
    enabled: AtomicU32,
    in_service: AtomicU32,
}

impl EnableWord {
    /// Lets the lines in `bits` interrupt.
    pub(crate) fn enable(&self, bits: u32, write: impl Fn(u32)) {
        self.enabled.fetch_or(bits, Ordering::Relaxed);
        self.update(write);
    }

    /// Masks the lines in `bits`; returns which of them were not.
    pub(crate) fn disable(&self, bits: u32, write: impl Fn(u32)) -> u32 {
        let old = self.enabled.fetch_and(!bits, Ordering::Relaxed);
        self.update(write);
        old & bits
    }

    /// Whether one of the lines in `bits` may interrupt, in service or not.
    pub(crate) fn is_enabled(&self, bits: u32) -> bool {
        self.enabled.load(Ordering::Relaxed) & bits != 0
    }

    /// The lines in `bits` are in service from now on.
    pub(crate) fn begin(&self, bits: u32, write: impl Fn(u32)) {
        self.in_service.fetch_or(bits, Ordering::Relaxed);
        self.update(write);
    }

    /// The lines in `bits` are not in service any more.
    pub(crate) fn end(&self, bits: u32, write: impl Fn(u32)) {
        self.in_service.fetch_and(!bits, Ordering::Relaxed);
        self.update(write);
    }

    fn update(&self, write: impl Fn(u32)) {
        let wanted = || self.enabled.load(Ordering::Relaxed) & !self.in_service.load(Ordering::Relaxed);
        let mut value = wanted();
        loop {
            write(value);
            let now = wanted();
            if now == value {
                break;
            }
            value = now;
        }
    }
}
