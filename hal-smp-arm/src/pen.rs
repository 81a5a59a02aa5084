// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pen area: code, hand-over record and slots, outside every image.
//!
//! ```text
//! base            pen code, CODE_BYTES
//! + RECORD        hand-over record, RECORD_BYTES
//! + SLOTS         slots: cpus × 2 × granule
//! extra()         the rest: for code that runs while the image is overwritten
//! ```
//!
//! The code is copied there and **read back**, when it is installed and again before each stop: a core that is sent to
//! a corrupted pen is lost, and with it the proof.

use core::fmt;
use core::ops::Range;

use hal_smp_api::cpus::{Cpu, HwId, MAX_CPUS};
use hal_smp_api::handover::{self, HandOver, HandOverError};
use hal_smp_api::image::Region;
use hal_smp_api::slots::{Maintain, SlotLayout, VolatileSlots};
use hal_smp_api::word::{Code, Generation, Word};

use crate::barrier;
use crate::victim::Departure;

#[cfg(target_arch = "arm")]
pub mod a32;
#[cfg(target_arch = "aarch64")]
pub mod a64;
mod room;

pub use room::Room;

/// Bytes for the pen's code.
pub const CODE_BYTES: usize = 0x400;
/// Offset of the hand-over record.
pub const RECORD: usize = CODE_BYTES;
/// Bytes for the hand-over record: enough for [`MAX_CPUS`] cores.
pub const RECORD_BYTES: usize = 0x400;
/// Offset of the slots, a multiple of every granule.
pub const SLOTS: usize = RECORD + RECORD_BYTES;

/// Option of a pen: poll the slot instead of waiting by `WFE`, for a requester that cannot send an event.
pub const POLL: usize = 1;

/// Option of the AArch64 pen: enter the coherency domain again before the release, as a core must that left it by
/// `CPUECTLR_EL1.SMPEN`. AArch32 images do this themselves at their entry, where the control bit is theirs.
pub const JOIN: usize = 2;

const _: () = assert!(RECORD_BYTES >= 4 * handover::words(MAX_CPUS, 16) && SLOTS.is_multiple_of(2048));

// The pens compare raw words: they rely on this layout.
const _: () = {
    let Some(generation) = Generation::new(0x12_3456) else { panic!() };
    assert!(Word::new(generation, Code::Stop).raw() == 0x1234_5600 | Code::STOP);
    assert!(Word::new(generation, Code::Parked).raw() == 0x1234_5600 | Code::PARKED);
    assert!(Word::new(generation, Code::Released).raw() == 0x1234_5600 | Code::RELEASED);
    assert!(Word::new(generation, Code::Release).raw() == 0x1234_5600 | Code::RELEASE);
    // Codes are 1 to 7, or 4 in the low nibble with a reason above it.
    assert!(Word::decode(0x100).is_none() && Word::decode(0x108).is_none() && Word::decode(0x1F4).is_some());
};

/// What is wrong with a pen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PenError {
    /// The base is not aligned to 2 KiB; carries it.
    Unaligned(usize),
    /// The area has fewer bytes than code, record and slots need.
    TooSmall {
        /// Bytes that it has.
        len: usize,
        /// Bytes that it needs.
        needed: usize,
    },
    /// No such number of cores, 1 to 64; carries it.
    Cpus(usize),
    /// The code is empty or longer than [`CODE_BYTES`]; carries its words.
    CodeLength(usize),
    /// A word of the code does not read back.
    Corrupted {
        /// Where.
        address: usize,
        /// What it must be.
        expected: u32,
        /// What it is.
        found: u32,
    },
}

impl fmt::Display for PenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unaligned(base) => write!(f, "pen area {base:#x} is not aligned to 2 KiB"),
            Self::TooSmall { len, needed } => write!(f, "pen area of {len} bytes, {needed} are needed"),
            Self::Cpus(cpus) => write!(f, "pen area for {cpus} cores, 1 to {MAX_CPUS} are possible"),
            Self::CodeLength(words) => write!(f, "pen code of {words} words, 1 to {} are possible", CODE_BYTES / 4),
            Self::Corrupted { address, expected, found } => {
                write!(f, "pen at {address:#x} holds {found:#010x} instead of {expected:#010x}")
            }
        }
    }
}

impl core::error::Error for PenError {}

/// A second channel on which the pen reports, beside its slot: see [`FlagRegister`](crate::flags::FlagRegister).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Witness {
    /// Physical address of the register to store to.
    pub register: usize,
    /// What to store.
    pub bits: u32,
}

/// A pen area, and how its memory is accessed.
#[derive(Clone, Copy, Debug)]
pub struct Area<M> {
    base: usize,
    len: usize,
    cpus: usize,
    layout: SlotLayout,
    maintain: M,
}

impl<M: Maintain + Copy> Area<M> {
    /// Takes an area for `cpus` possible cores. Nothing is written.
    ///
    /// # Errors
    /// [`PenError`] if it is not aligned to 2 KiB, too small, or for an impossible number of cores.
    ///
    /// # Safety
    /// * `base..base + len` is memory mapped at its physical address, valid for volatile 32-bit accesses as long as the
    ///   value lives, and executable with translation off.
    /// * It lies outside every image, and nothing but the stop protocol uses it below [`extra`](Self::extra).
    /// * The mapping is uncached, or `maintain` maintains it by address.
    pub const unsafe fn new(
        base: usize,
        len: usize,
        layout: SlotLayout,
        cpus: usize,
        maintain: M,
    ) -> Result<Self, PenError>
    where
        M: Copy,
    {
        let needed = SLOTS + cpus * layout.stride();
        if cpus == 0 || cpus > MAX_CPUS {
            Err(PenError::Cpus(cpus))
        } else if !base.is_multiple_of(2048) {
            Err(PenError::Unaligned(base))
        } else if len < needed {
            Err(PenError::TooSmall { len, needed })
        } else {
            Ok(Self { base, len, cpus, layout, maintain })
        }
    }

    /// What no overwrite may touch as long as a core is parked.
    pub const fn reserved(&self) -> Region {
        Region { base: self.base as u64, len: self.len as u64 }
    }

    /// Physical address of the pen's first instruction.
    pub const fn entry(&self) -> usize {
        self.base
    }

    /// Address of the slots.
    pub const fn slots_address(&self) -> usize {
        self.base + SLOTS
    }

    /// How the slots are laid out.
    pub const fn layout(&self) -> SlotLayout {
        self.layout
    }

    /// The slots.
    pub const fn slots(&self) -> VolatileSlots<M> {
        // SAFETY: aligned, large enough and outside every image by the contract and the checks of `new`.
        unsafe { VolatileSlots::new(self.slots_address() as *mut u8, self.layout, self.maintain) }
    }

    /// Memory of the area that the protocol does not use.
    pub const fn extra(&self) -> Range<usize> {
        self.slots_address() + self.cpus * self.layout.stride()..self.base + self.len
    }

    /// How a core leaves for this pen. `options` is 0, or [`POLL`] and [`JOIN`] as needed.
    pub const fn departure(&self, cpu: Cpu, id: HwId, witness: Option<Witness>, options: usize) -> Departure {
        let slot = self.slots_address() + cpu.index() * self.layout.stride();
        let (register, bits) = match witness {
            Some(witness) => (witness.register, witness.bits as usize),
            None => (0, 0),
        };
        Departure {
            target: self.base,
            args: [slot, slot + self.layout.victim_half(), id.0 as usize, register, bits, options],
        }
    }

    /// Copies the pen's code, reads it back and makes it visible to instruction fetch. Not while a core is parked
    /// there: an image that finds parked cores [`verify`](Self::verify)s what its predecessor installed.
    ///
    /// # Errors
    /// [`PenError::CodeLength`], or [`PenError::Corrupted`] if memory does not keep what was written.
    pub fn install(&self, code: &[u32]) -> Result<(), PenError> {
        if code.is_empty() || code.len() > CODE_BYTES / 4 {
            return Err(PenError::CodeLength(code.len()));
        }
        for (n, word) in code.iter().enumerate() {
            self.write(4 * n, *word);
        }
        self.maintain.barrier();
        barrier::refetch();
        self.verify(code)
    }

    /// Reads the code back. Call it before each stop, before anybody is signalled.
    ///
    /// # Errors
    /// [`PenError::Corrupted`] names the first word that differs.
    pub fn verify(&self, code: &[u32]) -> Result<(), PenError> {
        if code.is_empty() || code.len() > CODE_BYTES / 4 {
            return Err(PenError::CodeLength(code.len()));
        }
        for (n, expected) in code.iter().copied().enumerate() {
            let found = self.read(4 * n);
            if found != expected {
                return Err(PenError::Corrupted { address: self.base + 4 * n, expected, found });
            }
        }
        Ok(())
    }

    /// Writes the hand-over record.
    ///
    /// # Errors
    /// See [`HandOver::encode`].
    pub fn write_record(&self, record: &HandOver<'_>) -> Result<(), HandOverError> {
        let mut words = [0; RECORD_BYTES / 4];
        let used = record.encode(&mut words)?;
        for (n, word) in words[..used].iter().enumerate() {
            self.write(RECORD + 4 * n, *word);
        }
        self.maintain.barrier();
        Ok(())
    }

    /// Reads the record's words, to be checked by [`Record::decode`](hal_smp_api::handover::Record::decode).
    pub fn read_record(&self) -> [u32; RECORD_BYTES / 4] {
        core::array::from_fn(|n| self.read(RECORD + 4 * n))
    }

    fn read(&self, offset: usize) -> u32 {
        let address = self.base + offset;
        self.maintain.before_read(address);
        // SAFETY: in the area and aligned; valid by the contract of `new`.
        unsafe { (address as *const u32).read_volatile() }
    }

    fn write(&self, offset: usize, value: u32) {
        let address = self.base + offset;
        // SAFETY: in the area and aligned; valid by the contract of `new`.
        unsafe { (address as *mut u32).write_volatile(value) };
        self.maintain.after_write(address);
    }
}
