// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers that must not be mixed up, each a type of its own.

use core::fmt;

/// An interrupt line of one controller: `0..line_count`, whatever can be delivered by it
/// (device sources, inter-processor interrupts, timers, message registers).
///
/// A line says nothing about the controller that it belongs to; a cascaded controller has its own
/// lines from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Line(u16);

impl Line {
    /// Line `number`. Whether a controller has it is the controller's to say
    /// ([`InterruptController::check_line`](super::InterruptController::check_line)).
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Line `number`, or `None` if no controller can have that many lines (more than 65 536).
    pub const fn checked(number: usize) -> Option<Self> {
        if number <= u16::MAX as usize { Some(Self(number as u16)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The number as an index into a per-line table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number that a controller hands out when an interrupt is acknowledged. What it means
/// (identity, table, fixed offset) is known to the driver; callers see [`Line`]s.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Vector(u16);

impl Vector {
    /// Vector `number`.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vector {:#x}", self.0)
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// Urgency of a line: **greater is more urgent**, on every controller.
///
/// The usable values are those of the controller's [`PriorityRange`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Priority(u8);

impl Priority {
    /// Priority `level`. Whether a controller has it is asked from its [`PriorityRange`].
    pub const fn new(level: u8) -> Self {
        Self(level)
    }

    /// The level.
    pub const fn level(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "priority {}", self.0)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The priorities that a controller implements: every value from `lowest` to `highest`, both
/// included, each a level of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriorityRange {
    lowest: Priority,
    highest: Priority,
}

impl PriorityRange {
    /// The range `lowest..=highest`, or `None` if it is empty.
    pub const fn new(lowest: u8, highest: u8) -> Option<Self> {
        if lowest <= highest { Some(Self { lowest: Priority(lowest), highest: Priority(highest) }) } else { None }
    }

    /// The least urgent priority with which a line still interrupts.
    pub const fn lowest(self) -> Priority {
        self.lowest
    }

    /// The most urgent priority.
    pub const fn highest(self) -> Priority {
        self.highest
    }

    /// How many distinct levels there are; at least 1.
    pub const fn levels(self) -> u16 {
        (self.highest.0 - self.lowest.0) as u16 + 1
    }

    /// Whether the controller implements `priority`.
    pub const fn contains(self, priority: Priority) -> bool {
        self.lowest.0 <= priority.0 && priority.0 <= self.highest.0
    }
}

/// Logical index of a CPU, `0..32`. Boards map it to the hardware's number (PIR, MPIDR, …).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct CpuId(u8);

impl CpuId {
    /// CPU 0, the one that boots.
    pub const BOOT: Self = Self(0);
    /// Number of CPUs that [`CpuMask`] can hold.
    pub const LIMIT: usize = 32;

    /// CPU `index`, or `None` at [`CpuId::LIMIT`] and above.
    pub const fn new(index: usize) -> Option<Self> {
        if index < Self::LIMIT { Some(Self(index as u8)) } else { None }
    }

    /// The index.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CPU {}", self.0)
    }
}

impl fmt::Display for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A set of CPUs; bit *n* is the CPU with index *n*.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct CpuMask(u32);

impl CpuMask {
    /// No CPU.
    pub const EMPTY: Self = Self(0);

    /// The CPUs whose bits are set in `bits` (bit 0 = CPU 0).
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Only `cpu`.
    pub const fn only(cpu: CpuId) -> Self {
        Self(1 << cpu.0)
    }

    /// CPUs 0 to `count - 1`; all 32 from 32 upwards.
    pub const fn first(count: usize) -> Self {
        if count >= CpuId::LIMIT { Self(u32::MAX) } else { Self((1 << count) - 1) }
    }

    /// The bits (bit 0 = CPU 0).
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether no CPU is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many CPUs are in the set.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether `cpu` is in the set.
    pub const fn contains(self, cpu: CpuId) -> bool {
        self.0 & (1 << cpu.0) != 0
    }

    /// This set and `cpu`.
    pub const fn with(self, cpu: CpuId) -> Self {
        Self(self.0 | (1 << cpu.0))
    }

    /// This set without `cpu`.
    pub const fn without(self, cpu: CpuId) -> Self {
        Self(self.0 & !(1 << cpu.0))
    }

    /// What both sets hold.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The lowest CPU of the set.
    pub const fn lowest(self) -> Option<CpuId> {
        if self.0 == 0 { None } else { Some(CpuId(self.0.trailing_zeros() as u8)) }
    }

    /// The CPUs in ascending order.
    pub const fn iter(self) -> CpuMaskIter {
        CpuMaskIter(self)
    }
}

impl IntoIterator for CpuMask {
    type Item = CpuId;
    type IntoIter = CpuMaskIter;

    fn into_iter(self) -> CpuMaskIter {
        self.iter()
    }
}

/// Iterator over the CPUs of a [`CpuMask`], ascending.
#[derive(Clone, Debug)]
pub struct CpuMaskIter(CpuMask);

impl Iterator for CpuMaskIter {
    type Item = CpuId;

    fn next(&mut self) -> Option<CpuId> {
        let cpu = self.0.lowest()?;
        self.0 = self.0.without(cpu);
        Some(cpu)
    }
}

impl fmt::Debug for CpuMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CPUs ")?;
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CpuMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (n, cpu) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            write!(f, "{cpu}")?;
        }
        f.write_str("}")
    }
}

/// What a line waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TriggerMode {
    /// Interrupts as long as the input is high.
    LevelHigh,
    /// Interrupts as long as the input is low.
    LevelLow,
    /// Interrupts once for each change from low to high.
    EdgeRising,
    /// Interrupts once for each change from high to low.
    EdgeFalling,
}

impl TriggerMode {
    /// Whether the line stays asserted until the device is served.
    pub const fn is_level(self) -> bool {
        matches!(self, Self::LevelHigh | Self::LevelLow)
    }

    /// Whether high, or the change to high, is the active state.
    pub const fn is_active_high(self) -> bool {
        matches!(self, Self::LevelHigh | Self::EdgeRising)
    }

    /// The mode with these two properties.
    pub const fn from_parts(level: bool, active_high: bool) -> Self {
        match (level, active_high) {
            (true, true) => Self::LevelHigh,
            (true, false) => Self::LevelLow,
            (false, true) => Self::EdgeRising,
            (false, false) => Self::EdgeFalling,
        }
    }
}

impl fmt::Display for TriggerMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LevelHigh => "level, active high",
            Self::LevelLow => "level, active low",
            Self::EdgeRising => "rising edge",
            Self::EdgeFalling => "falling edge",
        })
    }
}
