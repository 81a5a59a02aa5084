// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words that requester and victim exchange: a generation and a code.
//!
//! A word is worth nothing unless it carries the generation of *this* stop: memory that survives a restart is
//! full of words that were true once.

use core::fmt;

/// Number of a stop, `1..=0xFF_FFFF`; never 0, so that cleared memory holds no valid word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Generation(u32);

impl Generation {
    /// The generation of the first stop after a cold start.
    pub const FIRST: Self = Self(1);
    /// The last generation before [`next`](Self::next) wraps to 1.
    pub const LAST: Self = Self(0x00FF_FFFF);

    /// The generation with that number, `None` outside `1..=0xFF_FFFF`.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        if number == 0 || number > Self::LAST.0 { None } else { Some(Self(number)) }
    }

    /// The number, `1..=0xFF_FFFF`.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The generation of the next stop; 1 follows [`LAST`](Self::LAST).
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == Self::LAST.0 { Self(1) } else { Self(self.0 + 1) }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "generation {}", self.0)
    }
}

/// Why a victim cannot leave, `0..=15`; the numbers belong to the platform (PSCI maps `DENIED` here).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Refusal(u8);

impl Refusal {
    /// The reason with that number, `None` above 15.
    #[must_use]
    pub const fn new(reason: u8) -> Option<Self> {
        if reason < 16 { Some(Self(reason)) } else { None }
    }

    /// The number, `0..=15`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What a word says. The low nibble of the word; bits 7:4 hold the reason of a refusal and are 0 otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// Victim: the stop handler was entered. Sent from the old image, so it proves nothing about memory.
    Entered,
    /// Victim: written **only by code fetched in the pen**.
    Parked,
    /// Victim: left the pen for the entry that the release named.
    Released,
    /// Victim: cannot leave the image.
    Refused(Refusal),
    /// Requester: stop and park.
    Stop,
    /// Requester: the stop of that generation was given up.
    Cancel,
    /// Requester: leave the pen, if the release id is yours.
    Release,
}

impl Code {
    /// Low byte of a `Stop` word, for pens written in assembly.
    pub const STOP: u32 = 5;
    /// Low byte of a `Parked` word, for pens written in assembly.
    pub const PARKED: u32 = 2;
    /// Low byte of a `Released` word, for pens written in assembly.
    pub const RELEASED: u32 = 3;
    /// Low byte of a `Release` word, for pens written in assembly.
    pub const RELEASE: u32 = 7;

    const fn byte(self) -> u32 {
        match self {
            Self::Entered => 1,
            Self::Parked => Self::PARKED,
            Self::Released => Self::RELEASED,
            Self::Refused(reason) => 4 | (reason.0 as u32) << 4,
            Self::Stop => Self::STOP,
            Self::Cancel => 6,
            Self::Release => Self::RELEASE,
        }
    }
}

/// A generation and a code in 32 bits: generation in 31:8, code in 7:0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Word {
    /// The stop that the word speaks of.
    pub generation: Generation,
    /// What it says.
    pub code: Code,
}

impl Word {
    /// The word that means nothing.
    pub const IDLE: u32 = 0;

    /// A word of that generation and code.
    #[must_use]
    pub const fn new(generation: Generation, code: Code) -> Self {
        Self { generation, code }
    }

    /// The 32 bits that are stored.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.generation.0 << 8 | self.code.byte()
    }

    /// The word behind 32 stored bits; `None` for [`IDLE`](Self::IDLE), generation 0 and unknown codes.
    #[must_use]
    pub const fn decode(raw: u32) -> Option<Self> {
        let Some(generation) = Generation::new(raw >> 8) else {
            return None;
        };
        let code = match raw & 0xFF {
            1 => Code::Entered,
            Code::PARKED => Code::Parked,
            Code::RELEASED => Code::Released,
            Code::STOP => Code::Stop,
            6 => Code::Cancel,
            Code::RELEASE => Code::Release,
            byte if byte & 0xF == 4 => Code::Refused(Refusal((byte >> 4) as u8)),
            _ => return None,
        };
        Some(Self { generation, code })
    }
}
