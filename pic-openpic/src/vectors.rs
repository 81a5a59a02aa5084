// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which vector a line answers with, without collisions.
//!
//! Where the vector field has room for every line, and it has but on an 8-bit controller with more than 247 sources,
//! the vector **is** the line number and nothing is looked up. Otherwise the lines from
//! [`VectorMap::direct`] on share [`SLOTS`] vectors, which are assigned when a line is enabled and given back
//! when it is disabled; a line that is in service then keeps its vector until it is ended and another line wants one. The spurious vector is always the field's highest value and never given to a line.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::pic::{Line, PicError};

/// Vectors that are assigned on demand.
pub(crate) const SLOTS: u16 = 32;
const FREE: u32 = u32::MAX;

pub(crate) struct VectorMap {
    /// Vectors below are lines.
    direct: u32,
    spurious: u32,
    slots: [AtomicU32; SLOTS as usize],
}

impl VectorMap {
    /// For `lines` lines and a vector field of `bits` bits (8 or 16).
    pub(crate) fn new(lines: u16, bits: u8) -> Self {
        let spurious = (1u32 << bits.min(16)) - 1;
        let direct = if u32::from(lines) <= spurious { u32::from(lines) } else { spurious - u32::from(SLOTS) };
        Self { direct, spurious, slots: [const { AtomicU32::new(FREE) }; SLOTS as usize] }
    }

    pub(crate) const fn spurious(&self) -> u32 {
        self.spurious
    }

    #[inline(always)]
    pub(crate) fn is_direct(&self, vector: u32) -> bool {
        vector < self.direct
    }

    /// The line that has a vector that is not direct.
    pub(crate) fn indirect(&self, vector: u32) -> Option<Line> {
        let slot = self.slots.get(vector.checked_sub(self.direct)? as usize)?;
        let line = slot.load(Ordering::Acquire);
        u16::try_from(line).ok().map(Line::new)
    }

    /// The vector of `line`, if it has one now.
    pub(crate) fn of(&self, line: Line) -> Option<u32> {
        let number = u32::from(line.number());
        if number < self.direct {
            return Some(number);
        }
        let slot = self.slots.iter().position(|slot| slot.load(Ordering::Acquire) == number)?;
        Some(self.direct + slot as u32)
    }

    /// The vector of `line`, taken from the free ones if it has none, then from a line that is `done` with its own.
    /// Serialised by the caller.
    pub(crate) fn assign(&self, line: Line, done: impl Fn(Line) -> bool) -> Result<u32, PicError> {
        if let Some(vector) = self.of(line) {
            return Ok(vector);
        }
        let find = |free: &dyn Fn(u32) -> bool| self.slots.iter().position(|slot| free(slot.load(Ordering::Acquire)));
        let slot = find(&|owner| owner == FREE)
            .or_else(|| find(&|owner| u16::try_from(owner).is_ok_and(|owner| done(Line::new(owner)))))
            .ok_or(PicError::NoFreeVector { line })?;
        if let Some(cell) = self.slots.get(slot) {
            cell.store(u32::from(line.number()), Ordering::Release);
        }
        Ok(self.direct + slot as u32)
    }

    /// Gives the vector of `line` back, if it was taken on demand. No CPU may have acknowledged it without having looked it
    /// up. Serialised by the caller.
    pub(crate) fn give_back(&self, line: Line) {
        let number = u32::from(line.number());
        if number >= self.direct
            && let Some(cell) = self.slots.iter().find(|slot| slot.load(Ordering::Acquire) == number)
        {
            cell.store(FREE, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every size of controller, as many lines enabled as there are vectors: no two share one, none is the
    /// spurious one, and each leads back to its line.
    #[test]
    fn no_collisions() {
        for bits in [8, 16] {
            for sources in 1..=256u16 {
                let lines = sources + 8;
                let map = VectorMap::new(lines, bits);
                let mut used = BTreeSet::new();
                let mut refused = 0u32;
                for line in (0..lines).map(Line::new) {
                    match map.assign(line, |_| false) {
                        Ok(vector) => {
                            assert_ne!(vector, map.spurious());
                            assert!(vector < 1 << bits);
                            assert!(used.insert(vector), "{sources} sources: {vector} twice");
                            let back = if map.is_direct(vector) { Some(line) } else { map.indirect(vector) };
                            assert_eq!(back, Some(line));
                        }
                        Err(error) => {
                            assert_eq!(error, PicError::NoFreeVector { line });
                            refused += 1;
                        }
                    }
                }
                let room = (1u32 << bits) - 1;
                assert_eq!(refused, u32::from(lines).saturating_sub(room), "{sources} sources");
            }
        }
    }

    #[test]
    fn given_back_vectors_are_used_again() {
        let map = VectorMap::new(264, 8);
        let lines: std::vec::Vec<Line> = (223..255).map(Line::new).collect();
        for &line in &lines {
            map.assign(line, |_| false).unwrap();
        }
        let late = Line::new(263);
        assert_eq!(map.assign(late, |_| false), Err(PicError::NoFreeVector { line: late }));
        let vector = map.of(lines[7]).unwrap();
        map.give_back(lines[7]);
        assert_eq!(map.of(lines[7]), None);
        assert_eq!(map.indirect(vector), None);
        assert_eq!(map.assign(late, |_| false), Ok(vector));
        assert_eq!(map.indirect(vector), Some(late));
        // Direct ones stay.
        map.give_back(Line::new(5));
        assert_eq!(map.of(Line::new(5)), Some(5));
    }
}
