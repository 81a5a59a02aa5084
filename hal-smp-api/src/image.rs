// SPDX-License-Identifier: MIT OR Apache-2.0
//! The right to overwrite the image, and what may be done with it.

use core::fmt;

use crate::cpus::{Cpu, CpuSet, Topology};
use crate::evidence::Confirmed;
use crate::word::Generation;

/// A range of physical memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Region {
    /// First byte.
    pub base: u64,
    /// Length in bytes.
    pub len: u64,
}

impl Region {
    /// Whether the two share a byte; a region that runs past the end of the address space overlaps everything above it.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.len != 0
            && other.len != 0
            && self.base <= other.base.saturating_add(other.len - 1)
            && other.base <= self.base.saturating_add(self.len - 1)
    }

    /// Whether `address` lies in it.
    #[must_use]
    pub const fn contains(&self, address: u64) -> bool {
        address >= self.base && address - self.base < self.len
    }
}

/// Why the image does not belong to the requester alone, or an overwrite is not allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ImageError {
    /// No evidence for this possible core.
    Missing(Cpu),
    /// Evidence of another stop.
    OldEvidence(Cpu, Generation),
    /// The destination overlaps the pens and slots; carries its first address.
    Reserved(u64),
    /// The destination overlaps its source; carries its first address.
    Overlap(u64),
    /// The entry lies outside the reserved region.
    NotReserved(u64),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(cpu) => write!(f, "no evidence that {cpu} has left the image"),
            Self::OldEvidence(cpu, generation) => {
                write!(f, "the evidence for {cpu} is of {generation}")
            }
            Self::Reserved(address) => write!(f, "destination {address:#x} overlaps the pens"),
            Self::Overlap(address) => write!(f, "destination {address:#x} overlaps its source"),
            Self::NotReserved(address) => {
                write!(f, "entry {address:#x} lies outside the reserved region")
            }
        }
    }
}

impl core::error::Error for ImageError {}

/// The image's memory belongs to the calling core alone.
///
/// Obtainable only from evidence for every possible core; the overwrite and the entry of the next image take it:
///
/// ```compile_fail,E0451
/// use hal_smp_api::{cpus::CpuSet, image::{ImageExclusive, Region}, word::Generation};
/// let forged = ImageExclusive { generation: Generation::FIRST, others: CpuSet::EMPTY, reserved: Region { base: 0, len: 0 } };
/// ```
///
/// It cannot be kept for a second time either:
///
/// ```compile_fail,E0382
/// use hal_smp_api::image::ImageExclusive;
/// fn enter(_: ImageExclusive) {}
/// fn twice(image: ImageExclusive) { enter(image); enter(image); }
/// ```
///
/// Only a [`Stop`](crate::stop::Stop) draws the conclusion, whose constructor is `unsafe` for what it must be promised:
///
/// ```compile_fail,E0624
/// use hal_smp_api::{cpus::{Cpu, HwId, Topology}, image::{ImageExclusive, Region}, word::Generation};
/// let alone = [HwId(0)];
/// let (topology, me) = (Topology::new(&alone).unwrap(), Cpu::new(0).unwrap());
/// let forged = ImageExclusive::conclude(&topology, me, Generation::FIRST, Region { base: 0, len: 0 }, []);
/// ```
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct ImageExclusive {
    generation: Generation,
    others: CpuSet,
    reserved: Region,
}

impl ImageExclusive {
    /// Draws the conclusion from the evidence. `reserved` holds the pens and slots.
    ///
    /// # Errors
    /// [`ImageError::Missing`] for the first possible core (other than `me`) without evidence,
    /// [`ImageError::OldEvidence`] for evidence of another generation.
    pub(crate) fn conclude(
        topology: &Topology<'_>,
        me: Cpu,
        generation: Generation,
        reserved: Region,
        evidence: impl IntoIterator<Item = Confirmed>,
    ) -> Result<Self, ImageError> {
        let mut seen = CpuSet::EMPTY;
        for item in evidence {
            if item.generation() != generation {
                return Err(ImageError::OldEvidence(item.cpu(), item.generation()));
            }
            seen = seen.with(item.cpu());
        }
        let others = topology.possible().without(me);
        match others.minus(seen).iter().next() {
            Some(cpu) => Err(ImageError::Missing(cpu)),
            None => Ok(Self { generation, others, reserved }),
        }
    }

    /// The stop that made the image exclusive.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// The cores that are out of the way.
    #[must_use]
    pub const fn others(&self) -> CpuSet {
        self.others
    }

    /// What must stay untouched as long as a core is parked.
    #[must_use]
    pub const fn reserved(&self) -> Region {
        self.reserved
    }

    /// Checks that a region may be written.
    ///
    /// # Errors
    /// [`ImageError::Reserved`] if it touches the pens.
    pub const fn permit(&self, region: Region) -> Result<(), ImageError> {
        if region.overlaps(&self.reserved) { Err(ImageError::Reserved(region.base)) } else { Ok(()) }
    }

    /// Checks a release that happens while the image stays exclusive: into another pen, for a foreign boot protocol.
    ///
    /// # Errors
    /// [`ImageError::NotReserved`] if the entry is not in the reserved region.
    pub const fn permit_entry(&self, entry: u64) -> Result<(), ImageError> {
        if self.reserved.contains(entry) { Ok(()) } else { Err(ImageError::NotReserved(entry)) }
    }

    /// Overwrites `len` bytes at `destination`.
    ///
    /// # Errors
    /// [`ImageError::Reserved`] or [`ImageError::Overlap`]; then nothing is written.
    ///
    /// # Safety
    /// * `source` is valid for reads and `destination` for writes of `len` bytes.
    /// * The code and stack of the calling core lie outside the destination.
    pub unsafe fn overwrite(&self, destination: *mut u8, source: *const u8, len: usize) -> Result<(), ImageError> {
        let to = Region { base: destination as u64, len: len as u64 };
        self.permit(to)?;
        if to.overlaps(&Region { base: source as u64, len: len as u64 }) {
            return Err(ImageError::Overlap(to.base));
        }
        // SAFETY: valid by this function's contract, disjoint by the check above.
        unsafe { core::ptr::copy_nonoverlapping(source, destination, len) };
        Ok(())
    }
}
