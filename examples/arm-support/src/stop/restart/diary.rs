// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one image tells the next beside the hand-over record: how far the rounds are, and what was found.

use crate::MAX_CPUS;

/// Marks the words as ours.
const MAGIC: u32 = 0x0D1A_271E;

/// The words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(super) struct Words {
    magic: u32,
    /// Rounds that are done.
    pub(super) round: u32,
    /// Rounds that are wanted.
    pub(super) rounds: u32,
    /// Things that were not as they should be.
    pub(super) violations: u32,
    /// Generation wraps seen.
    pub(super) wraps: u32,
    /// Number of the victims' misbehaviour, 0 for none.
    pub(super) mutant: u32,
    /// Whether the first image saw FIQ arrive on every core: 1, or 0.
    pub(super) fiq: u32,
    /// Microseconds from the signal to the evidence, by core.
    pub(super) latency: [u32; MAX_CPUS],
    /// Cores that were off instead of parked, a bit each.
    pub(super) off: u32,
    /// Rung that reached each core: 0 none, 1 irq, 2 another.
    pub(super) rung: [u32; MAX_CPUS],
}

/// Bytes that they take.
pub(super) const BYTES: usize = size_of::<Words>().next_multiple_of(64);

/// Where they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Diary(*mut Words);

impl Diary {
    /// Takes their place.
    ///
    /// # Safety
    /// `at` is aligned to 4 bytes, outside every image, mapped uncached, valid for [`BYTES`] and used by nobody else.
    pub(super) const unsafe fn new(at: usize) -> Self {
        Self(at as *mut Words)
    }

    /// What the former image wrote; `None` at a cold start.
    pub(super) fn read(&self) -> Option<Words> {
        // SAFETY: by the contract of `new`; any bits are a value.
        Some(unsafe { self.0.read_volatile() }).filter(|words| words.magic == MAGIC)
    }

    /// Begins it.
    pub(super) const fn fresh(rounds: u32, mutant: u32, fiq: bool) -> Words {
        Words {
            magic: MAGIC,
            round: 0,
            rounds,
            violations: 0,
            wraps: 0,
            mutant,
            fiq: fiq as u32,
            latency: [0; MAX_CPUS],
            off: 0,
            rung: [0; MAX_CPUS],
        }
    }

    /// Writes it for the next image.
    pub(super) fn write(&self, words: &Words) {
        // SAFETY: by the contract of `new`.
        unsafe { self.0.write_volatile(*words) };
    }
}
