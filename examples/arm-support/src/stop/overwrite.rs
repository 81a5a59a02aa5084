// SPDX-License-Identifier: MIT OR Apache-2.0
//! The proof: the image is overwritten from end to end, and nobody minds.
//!
//! The requester leaves the image itself, as it would for a next kernel. Code in the pen area keeps a copy, fills text,
//! data, tables and every stack with instructions that trap, challenges each parked core, looks whether anybody wrote
//! into the poison, and brings the image back.

use super::{Stoppable, code, platform, requester::Run};
use crate::start;
use hal_smp_api::cpus::CpuSet;
use hal_smp_api::image::{ImageExclusive, Region};
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_arm::barrier;
use hal_smp_arm::victim::Departure;

/// From the start of the image to the copy: above everything that a program of these boards uses.
const BACKUP: usize = 0x0800_0000;
/// Polls of a parked core's answer: some seconds of the requester's own time on the emulator.
const POLLS: u32 = 200_000_000;

/// What the code in the pen area is told, and what it found. In memory that nobody caches.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Probe {
    pub(super) image: usize,
    pub(super) end: usize,
    pub(super) backup: usize,
    pub(super) resume: usize,
    pub(super) stack: usize,
    pub(super) slots: usize,
    pub(super) stride: usize,
    pub(super) half: usize,
    pub(super) poison: u32,
    pub(super) parked: u32,
    pub(super) nonce: u32,
    pub(super) polls: u32,
    /// Result: cores that did not answer.
    pub(super) silent: u32,
    /// Result: words that were no poison any more.
    pub(super) changed: u32,
}

/// What the overwrite did to the cores, or they to the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Damage {
    /// Cores that did not answer the challenge.
    pub(super) silent: CpuSet,
    /// Words that somebody changed.
    pub(super) changed: u32,
}

/// Overwrites the image, which only a stop of every possible core allows, and brings it back.
pub(super) fn overwrite<B: Stoppable>(
    run: &mut Run<B>,
    image: &ImageExclusive,
    parked: CpuSet,
) -> Result<Damage, &'static str> {
    let range = start::image();
    let len = (range.end - range.start) as u64;
    let region = |base: usize| Region { base: base as u64, len };
    image.permit(region(range.start)).map_err(|_| "the image overlaps the pens")?;
    image.permit(region(range.start + BACKUP)).map_err(|_| "the copy overlaps the pens")?;
    let area = run.area;
    let extra = area.extra();
    let (params, code) = (extra.start, extra.start + size_of::<Probe>().next_multiple_of(64));
    write_code(code, extra.end, code::probe())?;
    let slots = area.slots();
    // No answer of before may count as one.
    let taken = |nonce: u32| {
        let near = |cpu| slots.read(cpu, SlotWord::Echo).wrapping_sub(nonce) < 32;
        parked.iter().any(near)
    };
    let nonce = core::iter::repeat_with(|| run.hooks.fresh()).find(|&nonce| !taken(nonce)).unwrap_or_default();
    let probe = Probe {
        image: range.start,
        end: range.end,
        backup: range.start + BACKUP,
        resume: code::resume_address(),
        stack: 0,
        slots: area.slots_address(),
        stride: area.layout().stride(),
        half: area.layout().victim_half(),
        poison: platform::POISON,
        parked: parked.bits() as u32,
        nonce,
        polls: POLLS,
        silent: 0,
        changed: 0,
    };
    let pointer = params as *mut Probe;
    // SAFETY: the unused part of the pen area, aligned, which this program alone uses; the code above lies behind it.
    unsafe { pointer.write_volatile(probe) };
    let departure = Departure { target: code, args: [params, 0, 0, 0, 0, 0] };
    // SAFETY: only the address of the field is taken.
    code::excursion(unsafe { &raw mut (*pointer).stack }.cast(), &departure);
    // SAFETY: as above; the probe has written its results.
    let found = unsafe { pointer.read_volatile() };
    Ok(Damage { silent: CpuSet::from_bits(found.silent.into()), changed: found.changed })
}

/// Copies position-independent code into the pen area.
pub(super) fn write_code(at: usize, end: usize, code: &[u32]) -> Result<(), &'static str> {
    if at + 4 * code.len() > end {
        return Err("no room in the pen area");
    }
    for (n, word) in code.iter().enumerate() {
        // SAFETY: the unused part of the pen area, aligned and checked for room.
        unsafe { ((at + 4 * n) as *mut u32).write_volatile(*word) };
    }
    barrier::complete();
    barrier::refetch();
    Ok(())
}
