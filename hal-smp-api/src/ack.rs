// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ways for a parked core to be seen, with what each of them can and cannot show.
//!
//! Slots show everything. A set/clear device register is the "something in hardware" that the 2012 thread asked
//! for: its write-one-to-set side is an atomic OR done by the device, so several non-coherent cores can acknowledge
//! in one word by plain stores. It has no room for a generation, so it only ever confirms what a slot says.

use core::fmt;

use crate::cpus::{Cpu, CpuSet};
use crate::slots::{SlotWord, Slots};
use crate::word::{Code, Generation, Refusal, Word};

/// What a channel can do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Capabilities {
    /// Accesses go to memory or a device, never to a cache.
    pub uncached: bool,
    /// Each core has a word of its own.
    pub per_core_word: bool,
    /// The device merges stores of several cores.
    pub atomic_or: bool,
    /// What it says outlives a reset of the machine, so leftovers must be expected.
    pub survives_reset: bool,
    /// Acknowledgements carry the generation.
    pub generation: bool,
}

impl Capabilities {
    /// Whether acknowledgements of cores without coherency can arrive.
    ///
    /// # Errors
    /// [`ChannelError::Cached`] and [`ChannelError::Overwrites`]: one would be believed that is not there, or be lost.
    pub const fn check(self) -> Result<(), ChannelError> {
        if !self.uncached {
            Err(ChannelError::Cached)
        } else if !self.per_core_word && !self.atomic_or {
            Err(ChannelError::Overwrites)
        } else {
            Ok(())
        }
    }
}

/// What a channel says about a core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Report {
    /// Nothing for this stop.
    Silent,
    /// The handler was entered.
    Entered,
    /// The pen acknowledged.
    Parked,
    /// The core cannot leave.
    Refused(Refusal),
    /// The core has left the pen.
    Released,
}

/// The channel could not be made ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leftover {
    /// Cores whose old acknowledgement does not go away.
    pub cpus: CpuSet,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "old acknowledgements of {:?} cannot be cleared", self.cpus)
    }
}

impl core::error::Error for Leftover {}

/// Why a stop cannot use a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ChannelError {
    /// It could not be made ready.
    Leftover(Leftover),
    /// It goes through caches, which the victims have turned off and the requester has not.
    Cached,
    /// The store of one core may undo another's: neither a word for each core nor an OR in the device.
    Overwrites,
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leftover(leftover) => leftover.fmt(f),
            Self::Cached => f.write_str("the channel goes through caches"),
            Self::Overwrites => f.write_str("on the channel one core's store may undo another's"),
        }
    }
}

impl core::error::Error for ChannelError {}

/// A channel on which acknowledgements arrive.
///
/// # Safety
/// `report` answers [`Report::Parked`] only if code fetched in the pen sent it, or memory held a leftover of the same look;
/// channels without `generation` must have been cleared by `arm`.
pub unsafe trait AckChannel {
    /// What it can do. A stop refuses a channel that does not pass [`Capabilities::check`].
    fn capabilities(&self) -> Capabilities;

    /// Makes it ready for a new stop of those cores. Called before the first signal, unless reports carry the generation.
    ///
    /// # Errors
    /// [`Leftover`] if an old acknowledgement could not be removed.
    fn arm(&mut self, cpus: CpuSet) -> Result<(), Leftover>;

    /// What it says about a core in that stop.
    fn report(&mut self, cpu: Cpu, generation: Generation) -> Report;
}

/// The slots as a channel.
#[derive(Clone, Copy, Debug)]
pub struct SlotChannel<S>(pub S);

// SAFETY: `Parked` is the pen's code; leftovers of the same generation fail the challenge.
unsafe impl<S: Slots> AckChannel for SlotChannel<S> {
    fn capabilities(&self) -> Capabilities {
        Capabilities { uncached: true, per_core_word: true, atomic_or: false, survives_reset: true, generation: true }
    }

    fn arm(&mut self, _: CpuSet) -> Result<(), Leftover> {
        // The victim owns its words; the generation makes leftovers harmless.
        Ok(())
    }

    fn report(&mut self, cpu: Cpu, generation: Generation) -> Report {
        let stage = self.0.read(cpu, SlotWord::Stage);
        if self.0.read(cpu, SlotWord::StageInverse) != !stage {
            return Report::Silent;
        }
        match Word::decode(stage) {
            Some(word) if word.generation == generation => match word.code {
                Code::Entered => Report::Entered,
                Code::Parked => Report::Parked,
                Code::Released => Report::Released,
                Code::Refused(reason) => Report::Refused(reason),
                Code::Stop | Code::Cancel | Code::Release => Report::Silent,
            },
            _ => Report::Silent,
        }
    }
}

/// A register with a write-one-to-set and a write-one-to-clear side (vexpress SYS_NVFLAGS). Bit *n* is core *n*.
///
/// # Safety
/// The set side merges concurrent stores of several cores; only pens write it, and only `arm` clears it.
pub unsafe trait SetClear {
    /// The bits that are set.
    fn read(&self) -> u32;
    /// Clears these bits.
    fn clear(&mut self, bits: u32);
}

/// A set/clear register as a channel.
#[derive(Clone, Copy, Debug)]
pub struct FlagChannel<R>(pub R);

// SAFETY: armed by clearing and reading back; set by pens only, by the contract of `SetClear`.
unsafe impl<R: SetClear> AckChannel for FlagChannel<R> {
    fn capabilities(&self) -> Capabilities {
        Capabilities { uncached: true, per_core_word: false, atomic_or: true, survives_reset: true, generation: false }
    }

    fn arm(&mut self, cpus: CpuSet) -> Result<(), Leftover> {
        self.0.clear(cpus.bits() as u32);
        let left = CpuSet::from_bits(u64::from(self.0.read()) & cpus.bits());
        if left.is_empty() && cpus.bits() >> 32 == 0 { Ok(()) } else { Err(Leftover { cpus: left }) }
    }

    fn report(&mut self, cpu: Cpu, _: Generation) -> Report {
        if cpu.index() < 32 && self.0.read() >> cpu.index() & 1 != 0 { Report::Parked } else { Report::Silent }
    }
}

/// No second channel: it confirms whatever the slots say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SlotsOnly;

// SAFETY: never asked alone; a stop always needs the slot's word and the answered challenge too.
unsafe impl AckChannel for SlotsOnly {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            uncached: true,
            // Those of the slots.
            per_core_word: true,
            atomic_or: false,
            survives_reset: false,
            generation: false,
        }
    }
    fn arm(&mut self, _: CpuSet) -> Result<(), Leftover> {
        Ok(())
    }
    fn report(&mut self, _: Cpu, _: Generation) -> Report {
        Report::Parked
    }
}
