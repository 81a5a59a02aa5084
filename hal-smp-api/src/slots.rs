// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory through which requester and victim speak: one slot per core, one writer per word.
//!
//! No lock works here, since a lock's holder may be the core that is being stopped, and exclusives need the
//! coherency that the victim is about to leave. A word with one writer needs neither.

use crate::cpus::{Cpu, HwId};
use crate::word::Word;

/// Who may write a word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// The core that asks for the stop.
    Requester,
    /// The core whose slot it is.
    Victim,
}

/// The words of a slot. The requester's and the victim's lie in different write-back granules.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum SlotWord {
    /// Requester: `Stop` or `Cancel` with the generation.
    Request,
    /// Requester: the challenge. A fresh number after every acknowledgement.
    Nonce,
    /// Requester: `Release` with the generation, written after the words that it needs.
    Release,
    /// Requester: hardware id of the core that is to go.
    ReleaseId,
    /// Requester: physical entry address, bits 31:0.
    EntryLow,
    /// Requester: physical entry address, bits 63:32.
    EntryHigh,
    /// Requester: argument for the entry, bits 31:0.
    ArgLow,
    /// Requester: argument for the entry, bits 63:32.
    ArgHigh,
    /// Victim: where it is.
    Stage,
    /// Victim: bitwise complement of `Stage`, written after it.
    StageInverse,
    /// Victim: the last `Nonce` that the pen saw.
    Echo,
}

impl SlotWord {
    /// Words that the requester owns; the victim's follow.
    const REQUESTER_WORDS: usize = 8;

    /// All words of a slot.
    pub const ALL: [Self; 11] = [
        Self::Request,
        Self::Nonce,
        Self::Release,
        Self::ReleaseId,
        Self::EntryLow,
        Self::EntryHigh,
        Self::ArgLow,
        Self::ArgHigh,
        Self::Stage,
        Self::StageInverse,
        Self::Echo,
    ];

    /// The only writer of the word.
    #[must_use]
    pub const fn owner(self) -> Owner {
        if (self as usize) < Self::REQUESTER_WORDS { Owner::Requester } else { Owner::Victim }
    }

    /// Offset in bytes from the start of its owner's half of the slot.
    #[must_use]
    pub const fn offset_in_half(self) -> usize {
        match self.owner() {
            Owner::Requester => self as usize * 4,
            Owner::Victim => (self as usize - Self::REQUESTER_WORDS) * 4,
        }
    }
}

/// Where the slots lie: base + cpu × 2 × granule; first the requester's half, then the victim's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SlotLayout {
    granule: usize,
}

impl SlotLayout {
    /// 64-byte granule: enough for uncached memory and for every core with 64-byte lines or shorter.
    pub const UNCACHED: Self = Self { granule: 64 };

    /// Layout for a cache write-back granule in bytes (ARM: `4 << CTR.CWG`), a power of two from 64 to 2048.
    #[must_use]
    pub const fn new(granule: usize) -> Option<Self> {
        if granule.is_power_of_two() && granule >= 64 && granule <= 2048 { Some(Self { granule }) } else { None }
    }

    /// Bytes from one core's slot to the next.
    #[must_use]
    pub const fn stride(self) -> usize {
        2 * self.granule
    }

    /// Bytes from the start of a slot to the victim's half.
    #[must_use]
    pub const fn victim_half(self) -> usize {
        self.granule
    }

    /// Offset in bytes of a word from the base of all slots.
    #[must_use]
    pub const fn offset(self, cpu: Cpu, word: SlotWord) -> usize {
        let half = match word.owner() {
            Owner::Requester => 0,
            Owner::Victim => self.granule,
        };
        cpu.index() * self.stride() + half + word.offset_in_half()
    }
}

/// Access to the slots.
///
/// # Safety
/// * `read` returns what is at the point of coherency, and `write` reaches it before a later `barrier` returns,
///   whatever the state of either core's cache: uncached memory, or cached memory with maintenance on each access.
/// * Both are single 32-bit accesses, and never panic for a core of the topology.
/// * `barrier` returns only when all earlier accesses of this core are complete (ARM `DSB SY`, PowerPC `msync`).
pub unsafe trait Slots {
    /// Reads a word.
    fn read(&self, cpu: Cpu, word: SlotWord) -> u32;
    /// Writes a word.
    fn write(&self, cpu: Cpu, word: SlotWord, value: u32);
    /// Completes all earlier accesses.
    fn barrier(&self);
}

// SAFETY: forwards to an implementation that keeps the contract.
unsafe impl<S: Slots + ?Sized> Slots for &S {
    fn read(&self, cpu: Cpu, word: SlotWord) -> u32 {
        (**self).read(cpu, word)
    }
    fn write(&self, cpu: Cpu, word: SlotWord, value: u32) {
        (**self).write(cpu, word, value);
    }
    fn barrier(&self) {
        (**self).barrier();
    }
}

/// What an architecture adds to a plain volatile access.
pub trait Maintain {
    /// Makes the next read of `address` come from the point of coherency. Clean **and** invalidate: a plain
    /// invalidate may drop a neighbour's write. Nothing to do for uncached memory.
    fn before_read(&self, address: usize);
    /// Brings the last write of `address` to the point of coherency. Nothing to do for uncached memory.
    fn after_write(&self, address: usize);
    /// Completes all earlier accesses of this core.
    fn barrier(&self);
}

/// Slots in ordinary memory, accessed by volatile 32-bit loads and stores.
#[derive(Clone, Copy, Debug)]
pub struct VolatileSlots<M> {
    base: *mut u8,
    layout: SlotLayout,
    maintain: M,
}

impl<M: Maintain> VolatileSlots<M> {
    /// Takes a slot area.
    ///
    /// # Safety
    /// * `base` is aligned to the layout's granule and valid for volatile access for `cpus × layout.stride()` bytes
    ///   as long as the value lives; only cores below `cpus` are named in accesses.
    /// * Nothing but the stop protocol uses that memory, and it lies outside everything that an image may occupy.
    /// * The mapping is uncached, or `maintain` maintains it by address.
    pub const unsafe fn new(base: *mut u8, layout: SlotLayout, maintain: M) -> Self {
        Self { base, layout, maintain }
    }

    /// Where a core's requester half starts; the victim's follows by [`SlotLayout::victim_half`].
    #[must_use]
    pub fn slot(&self, cpu: Cpu) -> *mut u8 {
        self.base.wrapping_add(cpu.index() * self.layout.stride())
    }

    fn pointer(&self, cpu: Cpu, word: SlotWord) -> *mut u32 {
        self.base.wrapping_add(self.layout.offset(cpu, word)).cast()
    }
}

// SAFETY: volatile `u32` accesses inside the area that `new` was given, maintained as its contract says.
unsafe impl<M: Maintain> Slots for VolatileSlots<M> {
    fn read(&self, cpu: Cpu, word: SlotWord) -> u32 {
        let pointer = self.pointer(cpu, word);
        self.maintain.before_read(pointer as usize);
        // SAFETY: in the area, aligned, by the contract of `new`.
        unsafe { pointer.read_volatile() }
    }

    fn write(&self, cpu: Cpu, word: SlotWord, value: u32) {
        let pointer = self.pointer(cpu, word);
        // SAFETY: in the area, aligned, by the contract of `new`.
        unsafe { pointer.write_volatile(value) };
        self.maintain.after_write(pointer as usize);
    }

    fn barrier(&self) {
        self.maintain.barrier();
    }
}

/// Clears the requester's words of a core. For a cold start, when memory holds anything at all: before the core first looks
/// at its slot, for a request of before the reset would send it to the pen. A core that is already there is not
/// disturbed.
pub fn clear<S: Slots>(slots: &S, cpu: Cpu) {
    slots.write(cpu, SlotWord::Release, Word::IDLE);
    slots.write(cpu, SlotWord::Request, Word::IDLE);
    slots.barrier();
}

/// A release order as it stands in the slot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Order {
    /// Who is to go.
    pub id: HwId,
    /// Physical address of the first instruction.
    pub entry: u64,
    /// First argument at the entry.
    pub arg: u64,
}
