// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last act of an image: code outside of it copies the next one over it, reads back what it wrote, and enters.
//!
//! [`prepare`] takes the [`ImageExclusive`]: whoever has no evidence for every other core cannot come here. It puts the
//! code and its [`Move`] into the pen area and says how to leave for it; the board then leaves, by the same
//! sequence as a victim, with all levels of cache clean.
//!
//! The mover runs with everything masked, caches and translation off, so what it writes is in memory when it is
//! written. It uses no stack. If memory does not keep what it wrote, there is no image left to return to: it enters the
//! fallback, with the address of the first difference in the first register.

use core::fmt;

use hal_smp_api::image::{ImageError, ImageExclusive, Region};
use hal_smp_api::slots::Maintain;

use crate::pen::{PenError, Room};
use crate::victim::Departure;

#[cfg(target_arch = "arm")]
mod a32;
#[cfg(target_arch = "aarch64")]
mod a64;
#[cfg(target_arch = "arm")]
pub use a32::code;
#[cfg(target_arch = "aarch64")]
pub use a64::code;

/// Bytes that the mover copies at a time; a length is rounded up to it.
pub const BLOCK: u64 = 64;

/// What is to be copied, and how it is entered. All addresses are physical.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Move {
    /// Where the next image lies, 8-byte aligned.
    pub source: u64,
    /// Where it is to run, 8-byte aligned.
    pub destination: u64,
    /// Its length in bytes, not 0; up to [`BLOCK`] − 1 more are copied.
    pub len: u64,
    /// Its first instruction.
    pub entry: u64,
    /// What it finds in the first four registers.
    pub registers: [u64; 4],
    /// What is entered if the copy does not read back: an address in the reserved region.
    pub fallback: u64,
}

/// Why a move cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MoveError {
    /// The image does not allow it, or source and destination overlap.
    Image(ImageError),
    /// The pen area does not take the code.
    Pen(PenError),
    /// An address is not a multiple of 8; carries it.
    Unaligned(u64),
    /// The entry is outside what is copied; carries it.
    Entry(u64),
    /// Length 0, or beyond the end of the address space; carries it.
    Length(u64),
    /// An address or a register has bits that the registers of this instruction set have not; carries it.
    TooWide(u64),
}

impl fmt::Display for MoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Pen(error) => error.fmt(f),
            Self::Unaligned(address) => write!(f, "{address:#x} is not a multiple of 8"),
            Self::Entry(entry) => write!(f, "entry {entry:#x} is outside what is copied"),
            Self::Length(len) => write!(f, "{len:#x} bytes cannot be copied"),
            Self::TooWide(value) => write!(f, "{value:#x} does not fit a register"),
        }
    }
}

impl core::error::Error for MoveError {}

impl From<ImageError> for MoveError {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

impl From<PenError> for MoveError {
    fn from(error: PenError) -> Self {
        Self::Pen(error)
    }
}

impl Move {
    /// Number of whole blocks.
    const fn blocks(&self) -> u64 {
        self.len.div_ceil(BLOCK)
    }

    /// Checks everything that can be wrong with it, as long as there is somebody to tell.
    ///
    /// # Errors
    /// [`MoveError`], but for [`MoveError::Pen`].
    pub fn check(&self, image: &ImageExclusive) -> Result<(), MoveError> {
        for address in [self.source, self.destination] {
            if !address.is_multiple_of(8) {
                return Err(MoveError::Unaligned(address));
            }
        }
        // Both regions and the rounding must end below the top of the address space.
        let top = self.source.max(self.destination);
        if self.len == 0 || self.len.checked_next_multiple_of(BLOCK).and_then(|len| top.checked_add(len)).is_none() {
            return Err(MoveError::Length(self.len));
        }
        if let Some(value) = self.beyond(usize::MAX as u64) {
            return Err(MoveError::TooWide(value));
        }
        let len = self.blocks() * BLOCK;
        let to = Region { base: self.destination, len };
        image.permit(to)?;
        if to.overlaps(&Region { base: self.source, len }) {
            return Err(ImageError::Overlap(to.base).into());
        }
        if !to.contains(self.entry) {
            return Err(MoveError::Entry(self.entry));
        }
        Ok(image.permit_entry(self.fallback)?)
    }

    /// What of it lies above `highest`, of which the code would drop the upper half. The entry lies in what is copied.
    fn beyond(&self, highest: u64) -> Option<u64> {
        let last = self.blocks() * BLOCK - 1;
        let [a, b, c, d] = self.registers;
        [self.source + last, self.destination + last, self.fallback, a, b, c, d].into_iter().find(|&n| n > highest)
    }

    /// As the code reads it: 64-bit words in the machine's order.
    fn words(&self) -> [u32; 18] {
        let [a, b, c, d] = self.registers;
        let wide = [self.destination, self.source, self.blocks(), self.entry, a, b, c, d, self.fallback];
        core::array::from_fn(|n| (wide[n / 2] >> (32 * (n % 2))) as u32)
    }
}

/// Puts `code`, which is `code()` of this module or a test's double, and the move into the room. Returns how to leave for it: leave with
/// every level of cache clean (`victim::Levels::All`, or a flush of everything that is read or written from now on).
///
/// # Errors
/// [`MoveError`]; the image is lost to the caller only in form, nothing of it was overwritten.
pub fn prepare<M: Maintain>(
    image: ImageExclusive,
    room: &mut Room<M>,
    code: &[u32],
    what: &Move,
) -> Result<Departure, MoveError> {
    what.check(&image)?;
    // The room is part of the area that every stop reserves; this is the proof.
    image.permit_entry(room.next() as u64)?;
    let target = room.put(code)?;
    let job = room.put(&what.words())?;
    Ok(Departure { target, args: [job, 0, 0, 0, 0, 0] })
}

#[cfg(test)]
mod tests {
    use super::Move;

    type Change = fn(&mut Move);

    #[test]
    fn nothing_of_a_move_loses_its_upper_half() {
        let good = Move {
            source: 0x1000,
            destination: 0xFFFF_FF80,
            len: 65,
            entry: 0xFFFF_FF80,
            registers: [0, 1, 2, 0xFFFF_FFFF],
            fallback: 0x2000,
        };
        let highest = u32::MAX.into();
        assert_eq!(good.beyond(highest), None);
        let changes: [(Change, u64); 6] = [
            (|what| what.destination = 0x1_4800_0000, 0x1_4800_007F),
            (|what| what.source = 0x1_0000_0000, 0x1_0000_007F),
            // The end of the last block.
            (|what| what.len = 129, 0x1_0000_003F),
            (|what| what.registers[0] = 1 << 32, 1 << 32),
            (|what| what.registers[3] = 1 << 40, 1 << 40),
            (|what| what.fallback = 0x1_0000_2000, 0x1_0000_2000),
        ];
        for (change, beyond) in changes {
            let mut bad = good;
            change(&mut bad);
            assert_eq!((bad.beyond(highest), bad.beyond(u64::MAX)), (Some(beyond), None));
        }
    }
}
