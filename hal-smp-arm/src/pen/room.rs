// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rest of a pen area: code and data that must outlive the image, read back like the pen.

use hal_smp_api::slots::Maintain;

use super::{Area, PenError};
use crate::barrier;

/// Everything put here starts on a boundary of this many bytes, so that no two share a cache line.
const ALIGN: usize = 64;

/// What is left of [`Area::extra`], from the bottom up.
#[derive(Debug)]
pub struct Room<M> {
    at: usize,
    end: usize,
    maintain: M,
}

impl<M: Maintain + Copy> Area<M> {
    /// The rest of the area, all of it free. One user at a time: a second one begins at the same place.
    pub fn room(&self) -> Room<M> {
        let extra = self.extra();
        Room { at: extra.start.next_multiple_of(ALIGN), end: extra.end, maintain: self.maintain }
    }
}

impl<M: Maintain> Room<M> {
    /// The address that the next [`put`](Self::put) returns.
    #[must_use]
    pub const fn next(&self) -> usize {
        self.at
    }

    /// Two rooms: up to `address`, rounded up to 64 bytes, and from there on. One of them is empty if it lies outside.
    #[must_use]
    pub fn split_at(self, address: usize) -> (Self, Self)
    where
        M: Copy,
    {
        let middle = address.next_multiple_of(ALIGN).clamp(self.at, self.end);
        (Self { end: middle, ..self }, Self { at: middle, ..self })
    }

    /// Copies words there, reads them back and makes them visible to instruction fetch. Returns their address.
    ///
    /// # Errors
    /// [`PenError::TooSmall`] if there is no room for them, [`PenError::Corrupted`] if memory does not keep them.
    pub fn put(&mut self, words: &[u32]) -> Result<usize, PenError> {
        let (base, needed) = (self.at, 4 * words.len());
        let len = self.end.saturating_sub(base);
        if needed > len {
            return Err(PenError::TooSmall { len, needed });
        }
        for (address, word) in (base..).step_by(4).zip(words) {
            // SAFETY: in the area, aligned, and nobody else's, by the contract of `Area::new`.
            unsafe { (address as *mut u32).write_volatile(*word) };
            self.maintain.after_write(address);
        }
        self.maintain.barrier();
        barrier::refetch();
        for (address, expected) in (base..).step_by(4).zip(words.iter().copied()) {
            self.maintain.before_read(address);
            // SAFETY: as above.
            let found = unsafe { (address as *const u32).read_volatile() };
            if found != expected {
                return Err(PenError::Corrupted { address, expected, found });
            }
        }
        self.at = (base + needed).next_multiple_of(ALIGN);
        Ok(base)
    }
}
