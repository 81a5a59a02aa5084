// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spin tables: `enable-method = "spin-table"`, where a core waits for a word of memory to become an address
//! (Devicetree specification 0.4, 3.8.1; Linux, Documentation/arch/arm64/booting.rst).
//!
//! The protocol has three holes, and this module a part against each:
//! * one word may serve several cores: [`SpinTable::start`] refuses such a core, and `hold` (AArch64) gives each its own word;
//! * there is no way back: a stopped core cannot return to the loader's loop, whose memory may be gone. [`Rows`] is a
//!   table of our own in reserved memory, which the next image is told of as its `cpu-release-addr`;
//! * nothing says whether a core came: a release is a word in memory, and only the core itself can confirm it.

use core::fmt;

use hal_smp_api::cpus::HwId;
use hal_smp_api::slots::Maintain;

use crate::barrier;
use crate::psci::affinity_argument;

#[cfg(target_arch = "aarch64")]
pub mod hold;

/// A core as its device tree node has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SpinCore {
    /// `reg`: which core.
    pub id: HwId,
    /// `cpu-release-addr`: physical address of its release word.
    pub release: u64,
}

/// A start that was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpinTableError {
    /// No core with this id is in the table.
    NoSuchCore(HwId),
    /// The release address is 0 or not aligned to 8.
    ReleaseAddress(u64),
    /// The entry is 0, which releases nobody, or not aligned to an instruction.
    Entry(u64),
    /// The word of this core is also another's.
    Shared {
        /// The core that was to be started.
        id: HwId,
        /// One that would start with it.
        with: HwId,
    },
    /// The word holds this already: the core was released before, and there is no way back.
    Released {
        /// The core.
        id: HwId,
        /// What its word holds.
        word: u64,
    },
    /// A table for this many cores does not fit.
    NoRoom(usize),
}

impl fmt::Display for SpinTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchCore(id) => write!(f, "no core {id} in the spin table"),
            Self::ReleaseAddress(address) => write!(f, "release address {address:#x} is 0 or not a multiple of 8"),
            Self::Entry(entry) => write!(f, "entry {entry:#x} is 0 or not a multiple of 4"),
            Self::Shared { id, with } => write!(f, "core {id} cannot be started without core {with}"),
            Self::Released { id, word } => write!(f, "core {id} was released before, to {word:#x}"),
            Self::NoRoom(cores) => write!(f, "no room for {cores} cores"),
        }
    }
}

impl core::error::Error for SpinTableError {}

/// The release words of a machine.
#[derive(Clone, Copy, Debug)]
pub struct SpinTable<'a, M> {
    cores: &'a [SpinCore],
    maintain: M,
}

impl<'a, M: Maintain> SpinTable<'a, M> {
    /// Takes the device tree's cores. `maintain` brings a word to the point of coherency, where a core without cache reads
    /// it.
    ///
    /// # Errors
    /// [`SpinTableError::ReleaseAddress`] for the first address that cannot be one.
    ///
    /// # Safety
    /// * Each release address is memory that this core can read and write there (identity-mapped, as the loader's is), and
    ///   nobody but the waiting cores and the holder of this value uses the word.
    pub unsafe fn new(cores: &'a [SpinCore], maintain: M) -> Result<Self, SpinTableError> {
        match cores.iter().find(|core| core.release == 0 || !core.release.is_multiple_of(8)) {
            Some(core) => Err(SpinTableError::ReleaseAddress(core.release)),
            None => Ok(Self { cores, maintain }),
        }
    }

    /// Releases one core to the physical address `entry`, where it arrives with MMU and data cache off and no argument.
    ///
    /// # Errors
    /// [`SpinTableError`]; then nothing was written. [`SpinTableError::Shared`] asks for [`start_together`](Self::start_together).
    ///
    /// # Safety
    /// * `entry` is code for a core with MMU and data cache off, in the exception level in which the loader left all
    ///   cores, and everything it reads that way is clean to the point of coherency.
    pub unsafe fn start(&self, id: HwId, entry: u64) -> Result<(), SpinTableError> {
        let core = *self.cores.iter().find(|core| core.id == id).ok_or(SpinTableError::NoSuchCore(id))?;
        if let Some(other) = self.cores.iter().find(|other| other.id != id && other.release == core.release) {
            return Err(SpinTableError::Shared { id, with: other.id });
        }
        // SAFETY: the contract is the same.
        unsafe { self.start_together(id, entry) }
    }

    /// Releases that core and every other that waits for the same word. The entry must tell them apart by their hardware
    /// id and keep those that are not wanted: `hold` (AArch64) does.
    ///
    /// # Errors
    /// [`SpinTableError`]; then nothing was written.
    ///
    /// # Safety
    /// As [`start`](Self::start), for each of these cores.
    pub unsafe fn start_together(&self, id: HwId, entry: u64) -> Result<(), SpinTableError> {
        let core = *self.cores.iter().find(|core| core.id == id).ok_or(SpinTableError::NoSuchCore(id))?;
        // SAFETY: the address is the word of a waiting core, by the contract of `new`.
        unsafe { release(core, entry, &self.maintain) }
    }
}

/// Writes a release word: it is one store, reaches memory, and only then is the core woken.
///
/// # Safety
/// `core.release` is aligned to 8 and valid for volatile access.
unsafe fn release<M: Maintain>(core: SpinCore, entry: u64, maintain: &M) -> Result<(), SpinTableError> {
    if entry == 0 || !entry.is_multiple_of(4) {
        return Err(SpinTableError::Entry(entry));
    }
    let word = core.release as usize as *mut u64;
    maintain.before_read(word.addr());
    // SAFETY: the caller's promise. The word is little-endian whatever the image is.
    let held = u64::from_le(unsafe { word.read_volatile() });
    if held != 0 {
        return Err(SpinTableError::Released { id: core.id, word: held });
    }
    // SAFETY: as above; one 64-bit store, so that the core never sees half an address.
    unsafe { word.write_volatile(entry.to_le()) };
    maintain.after_write(word.addr());
    // The word is in memory before the event that makes the core look at it.
    maintain.barrier();
    barrier::event();
    Ok(())
}

/// Bytes of one core in [`Rows`]: its MPIDR affinity, then its release word.
pub const ROW: usize = 16;
/// The affinity that ends the rows; no core has it.
const END: u64 = u64::MAX;

/// A spin table of our own: a release word for each core, found by the core through its hardware id.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    base: u64,
    cores: usize,
}

impl Rows {
    /// Bytes that the rows of so many cores take.
    #[must_use]
    pub const fn size(cores: usize) -> usize {
        (cores + 1) * ROW
    }

    /// Writes the rows, nobody released, at `base` (`room` bytes).
    ///
    /// # Errors
    /// [`SpinTableError::ReleaseAddress`] if `base` is not aligned to 16, [`SpinTableError::NoRoom`] if the room is too small.
    ///
    /// # Safety
    /// * `base` is valid for volatile access for `room` bytes, at the same address with and without translation, in memory
    ///   that is reserved for as long as a core may wait there.
    /// * No core waits there yet.
    pub unsafe fn write<M: Maintain>(
        base: u64,
        room: usize,
        ids: &[HwId],
        maintain: &M,
    ) -> Result<Self, SpinTableError> {
        if base == 0 || !base.is_multiple_of(ROW as u64) {
            return Err(SpinTableError::ReleaseAddress(base));
        }
        if Self::size(ids.len()) > room {
            return Err(SpinTableError::NoRoom(ids.len()));
        }
        let affinities = ids.iter().map(|id| affinity_argument(*id)).chain([END]);
        for (n, affinity) in affinities.enumerate() {
            let row = base as usize + n * ROW;
            for (address, value) in [(row, affinity), (row + 8, 0)] {
                // SAFETY: inside the room, aligned, by the caller's promise.
                unsafe { (address as *mut u64).write_volatile(value) };
                maintain.after_write(address);
            }
        }
        maintain.barrier();
        Ok(Self { base, cores: ids.len() })
    }

    /// The core's entry for a device tree: what the next image is told of as `cpu-release-addr`.
    #[must_use]
    pub fn core(&self, n: usize, id: HwId) -> Option<SpinCore> {
        (n < self.cores).then_some(SpinCore { id, release: self.base + (n * ROW) as u64 + 8 })
    }
}
