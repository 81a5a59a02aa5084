// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cores by index, by hardware id, and sets of them.
//!
//! A stop asks about every core that *could* run, not about those that a mask calls online: a core that was
//! never started, or was parked by an earlier stop, can wake up just as well. [`Topology`] is therefore the
//! list of possible cores, and everything else is a subset of it.

use core::fmt;

/// The most cores that a [`CpuSet`] can hold.
pub const MAX_CPUS: usize = 64;

/// Index of a core in the [`Topology`], `0..MAX_CPUS`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cpu(u8);

impl Cpu {
    /// The core with that index, or `None` from [`MAX_CPUS`] on.
    #[must_use]
    pub const fn new(index: usize) -> Option<Self> {
        if index < MAX_CPUS { Some(Self(index as u8)) } else { None }
    }

    /// The index, `0..MAX_CPUS`.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cpu{}", self.0)
    }
}

/// What the hardware calls a core: ARM's MPIDR affinity (Aff3 in bits 31:24, Aff2..Aff0 below) or PowerPC's PIR.
///
/// Indices may change from one image to the next, hardware ids may not: a release names a core by this.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HwId(pub u32);

impl fmt::Display for HwId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// A set of cores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CpuSet(u64);

impl CpuSet {
    /// No core.
    pub const EMPTY: Self = Self(0);

    /// The cores `0..count`; everything from [`MAX_CPUS`] on is left out.
    #[must_use]
    pub const fn first(count: usize) -> Self {
        if count >= MAX_CPUS { Self(u64::MAX) } else { Self((1 << count) - 1) }
    }

    /// The set whose bit *n* stands for core *n*.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Bit *n* stands for core *n*.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// This set and that core.
    #[must_use]
    pub const fn with(self, cpu: Cpu) -> Self {
        Self(self.0 | 1 << cpu.0)
    }

    /// This set without that core.
    #[must_use]
    pub const fn without(self, cpu: Cpu) -> Self {
        Self(self.0 & !(1 << cpu.0))
    }

    /// Those of this set that are not in `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the core is in the set.
    #[must_use]
    pub const fn contains(self, cpu: Cpu) -> bool {
        self.0 >> cpu.0 & 1 != 0
    }

    /// How many cores are in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether no core is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The cores of the set in rising order.
    pub fn iter(self) -> impl Iterator<Item = Cpu> {
        (0..MAX_CPUS as u8).map(Cpu).filter(move |cpu| self.contains(*cpu))
    }
}

impl FromIterator<Cpu> for CpuSet {
    fn from_iter<I: IntoIterator<Item = Cpu>>(cpus: I) -> Self {
        cpus.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Cpu::index)).finish()
    }
}

/// Why a list of hardware ids is no topology.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TopologyError {
    /// The list is empty.
    Empty,
    /// More cores than [`MAX_CPUS`]; carries the count.
    TooMany(usize),
    /// Two cores with this id.
    Duplicate(HwId),
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the topology names no core"),
            Self::TooMany(count) => write!(f, "{count} cores, at most {MAX_CPUS} are supported"),
            Self::Duplicate(id) => write!(f, "hardware id {id} is listed twice"),
        }
    }
}

impl core::error::Error for TopologyError {}

/// Every core that the machine may ever run, by hardware id. The position in the list is the core's [`Cpu`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Topology<'a> {
    ids: &'a [HwId],
}

impl<'a> Topology<'a> {
    /// Takes the list of all possible cores, the requester among them. That none is left out is promised to
    /// [`Stop::new`](crate::stop::Stop::new).
    ///
    /// # Errors
    /// [`TopologyError`] if the list is empty, too long or names a core twice.
    pub fn new(ids: &'a [HwId]) -> Result<Self, TopologyError> {
        if ids.is_empty() {
            return Err(TopologyError::Empty);
        }
        if ids.len() > MAX_CPUS {
            return Err(TopologyError::TooMany(ids.len()));
        }
        for (n, id) in ids.iter().enumerate() {
            if ids[..n].contains(id) {
                return Err(TopologyError::Duplicate(*id));
            }
        }
        Ok(Self { ids })
    }

    /// All possible cores.
    #[must_use]
    pub const fn possible(&self) -> CpuSet {
        CpuSet::first(self.ids.len())
    }

    /// The hardware id of a core, `None` if the topology has no such core.
    #[must_use]
    pub fn id(&self, cpu: Cpu) -> Option<HwId> {
        self.ids.get(cpu.index()).copied()
    }

    /// The core with that hardware id.
    #[must_use]
    pub fn cpu(&self, id: HwId) -> Option<Cpu> {
        self.ids.iter().position(|i| *i == id).and_then(Cpu::new)
    }
}
