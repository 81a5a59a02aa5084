// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record that the old image leaves for the next one: who is parked, where, and how to release.
//!
//! Little-endian words on little-endian machines, native on others: both images run on the same core. A CRC-32
//! covers everything, since the record lies in memory that a cold start leaves random.

use core::fmt;

use crate::cpus::HwId;
use crate::image::Region;
use crate::word::Generation;

/// State of a core at hand-over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Held {
    /// The core that hands over.
    Requester,
    /// In our pen; released through its slot.
    Parked,
    /// In the boot's pen; released as after power-on.
    BootPen,
    /// Off; started as after power-on.
    Off,
}

impl Held {
    const fn number(self) -> u32 {
        match self {
            Self::Requester => 1,
            Self::Parked => 2,
            Self::BootPen => 3,
            Self::Off => 4,
        }
    }

    const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Requester,
            2 => Self::Parked,
            3 => Self::BootPen,
            4 => Self::Off,
            _ => return None,
        })
    }
}

/// A core in the record. Its position is the index of its slot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HeldCore {
    /// Which core.
    pub id: HwId,
    /// Where it is.
    pub held: Held,
    /// Whether it can be released again ([`Rung::restartable`](crate::ladder::Rung::restartable)); if not, it stays where it
    /// is until the machine is reset.
    pub restartable: bool,
}

/// Set in a core's state word if it is restartable; the number of [`Held`] is below.
const RESTARTABLE: u32 = 1 << 8;

impl HeldCore {
    const fn state(&self) -> u32 {
        self.held.number() | if self.restartable { RESTARTABLE } else { 0 }
    }

    fn from_words(id: u32, state: u32) -> Option<Self> {
        let held = Held::from_number(state & !RESTARTABLE)?;
        Some(Self { id: HwId(id), held, restartable: state & RESTARTABLE != 0 })
    }
}

/// What the next image must know.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HandOver<'a> {
    /// The stop that parked the cores; releases carry it.
    pub generation: Generation,
    /// Pens, slots and this record: not to be written while a core is parked.
    pub reserved: Region,
    /// Physical address of the slots.
    pub slots: u64,
    /// Write-back granule of the slot layout in bytes.
    pub granule: u32,
    /// A number of the images' own choosing (a round, a reason).
    pub note: u32,
    /// All possible cores, at most [`MAX_CPUS`](crate::cpus::MAX_CPUS).
    pub cores: &'a [HeldCore],
    /// Memory that devices go on using and that is not the next image's, such as the tables of a GICv3 whose LPIs cannot be
    /// turned off. What the registers say, the next image reads from them.
    pub kept: &'a [Region],
}

/// Why there is no record, or none was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HandOverError {
    /// The buffer needs this many words.
    TooSmall(usize),
    /// The first word is no magic number: cold start.
    NoRecord(u32),
    /// A version that this code does not know.
    Version(u32),
    /// The checksum does not match; carries the one that was computed.
    Checksum(u32),
    /// A field holds an impossible value; carries the word's position.
    Field(usize),
}

impl fmt::Display for HandOverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSmall(words) => write!(f, "the record needs {words} words"),
            Self::NoRecord(word) => write!(f, "no record: first word {word:#010x}"),
            Self::Version(version) => write!(f, "record version {version}"),
            Self::Checksum(computed) => write!(f, "checksum mismatch, computed {computed:#010x}"),
            Self::Field(position) => write!(f, "impossible value in word {position}"),
        }
    }
}

impl core::error::Error for HandOverError {}

/// First word of a record.
pub const MAGIC: u32 = 0x5350_4F54;
const VERSION: u32 = 2;
const HEADER: usize = 13;

/// Words of a record with so many cores and regions that are kept.
#[must_use]
pub const fn words(cores: usize, kept: usize) -> usize {
    HEADER + 2 * cores + 4 * kept + 1
}

/// A number of 64 bits in two words.
const fn halves(wide: u64) -> [u32; 2] {
    [wide as u32, (wide >> 32) as u32]
}

impl HandOver<'_> {
    /// Words that the record takes.
    #[must_use]
    pub const fn words(&self) -> usize {
        words(self.cores.len(), self.kept.len())
    }

    /// Writes the record.
    ///
    /// # Errors
    /// [`HandOverError::TooSmall`] if the buffer is.
    pub fn encode(&self, to: &mut [u32]) -> Result<usize, HandOverError> {
        let words = self.words();
        let Some(to) = to.get_mut(..words) else {
            return Err(HandOverError::TooSmall(words));
        };
        let ([base, base_high], [len, len_high]) = (halves(self.reserved.base), halves(self.reserved.len));
        let [slots, slots_high] = halves(self.slots);
        let header: [u32; HEADER] = [
            MAGIC,
            VERSION,
            self.cores.len() as u32,
            self.generation.number(),
            base,
            base_high,
            len,
            len_high,
            slots,
            slots_high,
            self.granule,
            self.note,
            self.kept.len() as u32,
        ];
        let cores = self.cores.iter().flat_map(|core| [core.id.0, core.state()]);
        let kept = self.kept.iter().flat_map(|region| [halves(region.base), halves(region.len)].into_iter().flatten());
        for (word, value) in to.iter_mut().zip(header.into_iter().chain(cores).chain(kept)) {
            *word = value;
        }
        to[words - 1] = crc32(&to[..words - 1]);
        Ok(words)
    }
}

/// A record that was found, checked. Reads from the words it was decoded from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Record<'a> {
    words: &'a [u32],
    generation: Generation,
}

impl<'a> Record<'a> {
    /// Checks the words that the old image left.
    ///
    /// # Errors
    /// [`HandOverError`]; then the cores must be treated as after a cold start.
    pub fn decode(words: &'a [u32]) -> Result<Self, HandOverError> {
        if words.len() < HEADER + 1 {
            return Err(HandOverError::TooSmall(HEADER + 1));
        }
        if words[0] != MAGIC {
            return Err(HandOverError::NoRecord(words[0]));
        }
        if words[1] != VERSION {
            return Err(HandOverError::Version(words[1]));
        }
        let cores = words[2] as usize;
        if cores == 0 || cores > crate::cpus::MAX_CPUS {
            return Err(HandOverError::Field(2));
        }
        // No buffer holds more than it has words; the sums below stay small.
        let kept = words[12] as usize;
        if kept > words.len() {
            return Err(HandOverError::TooSmall(kept));
        }
        let total = self::words(cores, kept);
        let Some(words) = words.get(..total) else {
            return Err(HandOverError::TooSmall(total));
        };
        let computed = crc32(&words[..total - 1]);
        if computed != words[total - 1] {
            return Err(HandOverError::Checksum(computed));
        }
        let generation = Generation::new(words[3]).ok_or(HandOverError::Field(3))?;
        for n in 0..cores {
            let position = HEADER + 2 * n;
            HeldCore::from_words(words[position], words[position + 1]).ok_or(HandOverError::Field(position + 1))?;
        }
        Ok(Self { words, generation })
    }

    /// The stop that parked the cores.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Memory not to be written while a core is parked.
    #[must_use]
    pub fn reserved(&self) -> Region {
        Region { base: self.wide(4), len: self.wide(6) }
    }

    /// Physical address of the slots.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.wide(8)
    }

    /// Write-back granule of the slot layout in bytes.
    #[must_use]
    pub fn granule(&self) -> u32 {
        self.words[10]
    }

    /// The images' own number.
    #[must_use]
    pub fn note(&self) -> u32 {
        self.words[11]
    }

    /// All possible cores, in the order of their slots.
    pub fn cores(&self) -> impl Iterator<Item = HeldCore> + 'a {
        let (cores, _) = self.lists();
        cores.chunks_exact(2).filter_map(|pair| HeldCore::from_words(pair[0], pair[1]))
    }

    /// Memory that devices go on using.
    pub fn kept(&self) -> impl Iterator<Item = Region> + 'a {
        let (_, kept) = self.lists();
        kept.chunks_exact(4).map(|words| Region { base: wide(words[0], words[1]), len: wide(words[2], words[3]) })
    }

    /// The words of the cores, and those of what is kept.
    fn lists(&self) -> (&'a [u32], &'a [u32]) {
        self.words[HEADER..self.words.len() - 1].split_at(2 * self.words[2] as usize)
    }

    fn wide(&self, at: usize) -> u64 {
        wide(self.words[at], self.words[at + 1])
    }
}

const fn wide(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

/// CRC-32 (IEEE 802.3, reflected) over the words' little-endian bytes.
#[must_use]
pub fn crc32(words: &[u32]) -> u32 {
    let mut crc = !0;
    for byte in words.iter().flat_map(|word| word.to_le_bytes()) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
