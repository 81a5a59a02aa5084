// SPDX-License-Identifier: MIT OR Apache-2.0
//! Code that overwrites the image: it runs in the pen area, without a stack, and works off a list of steps.
//!
//! The image composes the list while it still exists; the mover needs nothing else. Data cache and translation are off
//! when it runs (the requester leaves by the victims' own sequence), so what it writes is in memory at once, and
//! at the end only instruction caches have to forget the former image.

use core::ops::Range;

use crate::cpu;

#[cfg(target_arch = "arm")]
mod a32;
#[cfg(target_arch = "aarch64")]
mod a64;

unsafe extern "C" {
    static arm_support_mover: u32;
    static arm_support_mover_end: u32;
}

/// The code, to be copied.
fn code() -> &'static [u32] {
    let (start, end) = (&raw const arm_support_mover, &raw const arm_support_mover_end);
    // SAFETY: the assembly emits whole words between the two symbols, in read-only data.
    unsafe { core::slice::from_raw_parts(start, (end as usize - start as usize) / 4) }
}

/// Multiplier and increment of the numbers between the poison words (Numerical Recipes' generator).
const MULTIPLIER: u32 = 1_664_525;
const INCREMENT: u32 = 1_013_904_223;

const ENTER: usize = 0;
const FILL: usize = 1;
const CHECK: usize = 2;
const STORE: usize = 3;
const AWAIT: usize = 4;
const COPY: usize = 5;
const COMPARE: usize = 6;

/// One step. Addresses are physical; ranges are whole multiples of 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(super) struct Step {
    what: usize,
    operands: [usize; 3],
}

impl Step {
    /// Writes poison and numbers in turn: a word that no core can execute, then one that depends on `seed`.
    pub(super) const fn fill(range: &Range<usize>, seed: u32) -> Self {
        Self { what: FILL, operands: [range.start, range.end, seed as usize] }
    }

    /// Compares every word with what [`fill`](Self::fill) wrote.
    pub(super) const fn check(range: &Range<usize>, seed: u32) -> Self {
        Self { what: CHECK, operands: [range.start, range.end, seed as usize] }
    }

    /// Stores a 32-bit word, then wakes whoever waits for an event.
    pub(super) const fn store(address: usize, value: u32) -> Self {
        Self { what: STORE, operands: [address, value as usize, 0] }
    }

    /// Waits until a 32-bit word has that value, at most so many polls.
    pub(super) const fn wait(address: usize, value: u32, polls: u32) -> Self {
        Self { what: AWAIT, operands: [address, value as usize, polls as usize] }
    }

    /// Copies, upwards.
    pub(super) const fn copy(to: &Range<usize>, from: usize) -> Self {
        Self { what: COPY, operands: [to.start, to.end, from] }
    }

    /// Compares the copy with its source.
    pub(super) const fn compare(to: &Range<usize>, from: usize) -> Self {
        Self { what: COMPARE, operands: [to.start, to.end, from] }
    }

    /// The last step: enters code at `entry` with an argument in its first register.
    pub(super) const fn enter(entry: usize, argument: usize) -> Self {
        Self { what: ENTER, operands: [entry, argument, 0] }
    }
}

/// What the mover leaves for the next image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub(super) struct Findings {
    /// Steps that found something else than they should.
    pub(super) count: usize,
    /// Address of the last such step in the list.
    pub(super) step: usize,
    /// The address at which it did.
    pub(super) address: usize,
}

/// The mover's place: code, then findings and the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mover {
    base: usize,
}

/// Offsets of the findings and of the list.
const CODE: usize = 0x200;
const LIST: usize = CODE + 0x20;
/// Steps of a list; what is behind the one that enters is not looked at.
pub(super) const STEPS: usize = 6 + 2 * crate::MAX_CPUS;
/// Bytes that a mover takes.
pub(super) const BYTES: usize = LIST + STEPS * size_of::<Step>();

const _: () = assert!(size_of::<Findings>() <= 0x20);

impl Mover {
    /// Takes a place for it.
    ///
    /// # Safety
    /// * `base..base + BYTES` is memory outside every image, aligned to 32 bytes, mapped uncached at its physical address.
    /// * Nobody else uses it.
    pub(super) const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    /// Copies the code and reads it back; whether it is as it should be. At a cold start.
    pub(super) fn install(&self) -> bool {
        let code = code();
        assert!(code.len() * 4 <= CODE, "the mover's code is longer than its place");
        let at = self.base as *mut u32;
        for (n, word) in code.iter().enumerate() {
            // SAFETY: inside the place, by the contract of `new` and the check above.
            unsafe { at.add(n).write_volatile(*word) };
        }
        hal_smp_arm::barrier::refetch();
        self.verify()
    }

    /// Whether the code is as it should be.
    pub(super) fn verify(&self) -> bool {
        let at = self.base as *const u32;
        // SAFETY: inside the place, by the contract of `new`.
        code().iter().enumerate().all(|(n, word)| unsafe { at.add(n).read_volatile() } == *word)
    }

    /// First instruction: nothing of the image is left from here on.
    pub(super) const fn entry(&self) -> usize {
        self.base
    }

    /// What the last run found; for the image that it entered.
    pub(super) fn findings(&self) -> Findings {
        // SAFETY: inside the place, aligned, by the contract of `new`; any bits are a value.
        unsafe { ((self.base + CODE) as *const Findings).read_volatile() }
    }

    /// Writes the list; returns what [`entry`](Self::entry) wants in its first two registers.
    pub(super) fn prepare(&self, steps: &[Step; STEPS]) -> [usize; 2] {
        // SAFETY: inside the place, aligned, by the contract of `new`.
        unsafe {
            ((self.base + CODE) as *mut Findings).write_volatile(Findings::default());
            let list = (self.base + LIST) as *mut Step;
            for (n, step) in steps.iter().enumerate() {
                list.add(n).write_volatile(*step);
            }
        }
        cpu::dsb();
        [self.base + LIST, self.base + CODE]
    }
}
