// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened, in order: handlers write it, the program compares it.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use ppc_support::{Failure, ensure, print, println};

/// Something that a handler saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The handler of this agent began.
    In(u8),
    /// It ended.
    Out(u8),
    /// A spurious interrupt was reported.
    Spurious,
    /// A vector of no line was reported.
    Unknown,
    /// A line without an entry was reported.
    NoHandler,
    /// A line whose entries were not responsible was reported.
    NotResponsible,
    /// A storm was masked.
    Masked,
    /// A storm could not be masked.
    NotMasked,
}

impl Event {
    const fn code(self) -> u32 {
        match self {
            Self::In(agent) => 0x100 | agent as u32,
            Self::Out(agent) => 0x200 | agent as u32,
            Self::Spurious => 0x300,
            Self::Unknown => 0x400,
            Self::NoHandler => 0x500,
            Self::NotResponsible => 0x600,
            Self::Masked => 0x700,
            Self::NotMasked => 0x800,
        }
    }
}

struct Code(u32);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agent = self.0 & 0xFF;
        match self.0 >> 8 {
            1 => write!(f, "in {agent}"),
            2 => write!(f, "out {agent}"),
            3 => f.write_str("spurious"),
            4 => f.write_str("unknown vector"),
            5 => f.write_str("no handler"),
            6 => f.write_str("not responsible"),
            7 => f.write_str("masked"),
            8 => f.write_str("not masked"),
            _ => f.write_str("?"),
        }
    }
}

const ROOM: usize = 64;

/// The events since the last check. Beyond its room they are only counted.
#[derive(Debug)]
pub struct Log {
    count: AtomicU32,
    codes: [AtomicU32; ROOM],
}

/// The log of the program.
pub static LOG: Log = Log { count: AtomicU32::new(0), codes: [const { AtomicU32::new(0) }; ROOM] };

impl Log {
    /// Adds an event.
    pub fn push(&self, event: Event) {
        let place = self.count.fetch_add(1, Ordering::Relaxed) as usize;
        if let Some(code) = self.codes.get(place) {
            code.store(event.code(), Ordering::Relaxed);
        }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets them.
    pub fn clear(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    /// Prints the events, forgets them, and fails unless they are the expected ones.
    ///
    /// # Errors
    /// Other events.
    pub fn expect(&self, what: &str, expected: &[Event]) -> Result<(), Failure> {
        let count = self.len();
        print!("{what}:");
        let seen = self.codes.iter().take(count).map(|code| code.load(Ordering::Relaxed));
        for (place, code) in seen.clone().enumerate() {
            print!("{} {}", if place == 0 { "" } else { "," }, Code(code));
        }
        println!();
        let same = count <= ROOM && seen.eq(expected.iter().map(|event| event.code()));
        self.clear();
        ensure!(same, "{what}: {count} events, other than the {} expected", expected.len());
        Ok(())
    }
}
