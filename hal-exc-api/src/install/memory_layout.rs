// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory that an install is given, and the checks on it.

use core::cell::UnsafeCell;
use core::fmt;

use super::{InstallError, StackName};
use crate::percpu::PerCpu;

/// The smallest stack that is accepted, in bytes: the largest frame, and room for a small handler.
pub const MIN_STACK: u32 = 1024;

/// Bytes at the bottom of the interrupt stack that count as used up: what a handler that began just above them may still
/// push. A nested interrupt that begins inside them is an overflow; what goes deeper meets the guard word.
pub(crate) const GUARD: u32 = 256;

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

impl Range {
    /// The address behind the last byte.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.wrapping_add(self.len)
    }

    /// Whether its last byte has an address.
    const fn fits(self) -> bool {
        self.start as u64 + self.len as u64 <= 1 << 32
    }

    const fn overlaps(self, other: Self) -> bool {
        let (a, b) = (self.start as u64, other.start as u64);
        a < b + other.len as u64 && b < a + self.len as u64
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}+{:#x}", self.start, self.len)
    }
}

/// The stacks of one CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackSet {
    /// Standard interrupts.
    pub interrupt: Range,
    /// Critical interrupts.
    pub critical: Range,
    /// Debug.
    pub debug: Range,
    /// Machine check and system reset.
    pub machine_check: Range,
    /// Fatal reports.
    pub fatal: Range,
}

impl StackSet {
    const fn named(&self) -> [(StackName, &'static str, Range); 5] {
        [
            (StackName::Interrupt, "interrupt stack", self.interrupt),
            (StackName::Critical, "critical stack", self.critical),
            (StackName::Debug, "debug stack", self.debug),
            (StackName::MachineCheck, "machine-check stack", self.machine_check),
            (StackName::Fatal, "fatal stack", self.fatal),
        ]
    }
}

/// The per-CPU block and the stacks of one CPU.
#[derive(Clone, Copy)]
pub struct Layout {
    pub(crate) per_cpu: &'static PerCpu,
    pub(crate) stacks: StackSet,
}

impl Layout {
    /// Memory from elsewhere than a [`CpuMemory`], from a linker script for example.
    ///
    /// # Safety
    /// * The stacks are writable memory that nobody else uses, for ever.
    /// * They are mapped whenever an exception can be taken, without help of an exception.
    /// * On cores whose entry code runs untranslated (classic, 403, 405) they are mapped one to one, cached as untranslated
    ///   accesses are: write-back on classic cores.
    #[must_use]
    pub const unsafe fn new(per_cpu: &'static PerCpu, stacks: StackSet) -> Self {
        Self { per_cpu, stacks }
    }

    /// Checks alignment, size and overlap, with the vector area too.
    pub(super) fn check(&self, vectors: Range) -> Result<(), InstallError> {
        let stacks = self.stacks.named();
        if !vectors.fits() {
            return Err(InstallError::BeyondMemory { area: "vector area", range: vectors });
        }
        for (stack, name, range) in stacks {
            if range.start % 16 != 0 || range.len % 16 != 0 {
                return Err(InstallError::StackUnaligned { stack, range });
            }
            // A stack that ends at 2^32 would have a top of 0.
            if !range.fits() || range.end() == 0 {
                return Err(InstallError::BeyondMemory { area: name, range });
            }
            if range.len < MIN_STACK {
                return Err(InstallError::StackTooSmall { stack, len: range.len, min: MIN_STACK });
            }
        }
        let block = Range { start: core::ptr::from_ref(self.per_cpu) as usize as u32, len: size_of::<PerCpu>() as u32 };
        let mut areas = [("", Range { start: 0, len: 0 }); 7];
        for (area, (_, name, range)) in areas.iter_mut().zip(stacks) {
            *area = (name, range);
        }
        areas[5] = ("vector area", vectors);
        areas[6] = ("per-CPU block", block);
        for (i, &second) in areas.iter().enumerate() {
            for &first in &areas[..i] {
                if first.1.overlaps(second.1) {
                    return Err(InstallError::Overlap { first, second });
                }
            }
        }
        Ok(())
    }
}

#[repr(C, align(16))]
struct Stack<const LEN: usize>(UnsafeCell<[u8; LEN]>);

impl<const LEN: usize> Stack<LEN> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; LEN]))
    }

    fn range(&self) -> Range {
        Range { start: self.0.get() as usize as u32, len: LEN as u32 }
    }
}

/// The per-CPU block and all stacks of one CPU, to be made `static`, one per CPU.
///
/// `INTERRUPT` is the size of the interrupt stack in bytes (nested interrupts share it), `ISOLATED` that of each
/// of the four others. Both are multiples of 16 and at least [`MIN_STACK`].
///
/// The interrupt stack lies above the critical one: when it is overrun, neither the block nor the stack on which that is
/// reported is damaged.
#[repr(C)]
pub struct CpuMemory<const INTERRUPT: usize = 8192, const ISOLATED: usize = 4096> {
    fatal: Stack<ISOLATED>,
    machine_check: Stack<ISOLATED>,
    debug: Stack<ISOLATED>,
    critical: Stack<ISOLATED>,
    interrupt: Stack<INTERRUPT>,
    per_cpu: PerCpu,
}

// SAFETY: the stacks are only reached by the CPU that claimed the block, through its stack pointer.
unsafe impl<const I: usize, const S: usize> Sync for CpuMemory<I, S> {}

impl<const INTERRUPT: usize, const ISOLATED: usize> CpuMemory<INTERRUPT, ISOLATED> {
    /// Memory that no CPU uses yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made once per CPU, in a static")]
    pub const fn new() -> Self {
        Self {
            fatal: Stack::new(),
            machine_check: Stack::new(),
            debug: Stack::new(),
            critical: Stack::new(),
            interrupt: Stack::new(),
            per_cpu: PerCpu::new(),
        }
    }
}

impl<const I: usize, const S: usize> From<&'static CpuMemory<I, S>> for Layout {
    fn from(memory: &'static CpuMemory<I, S>) -> Self {
        Self {
            per_cpu: &memory.per_cpu,
            stacks: StackSet {
                interrupt: memory.interrupt.range(),
                critical: memory.critical.range(),
                debug: memory.debug.range(),
                machine_check: memory.machine_check.range(),
                fatal: memory.fatal.range(),
            },
        }
    }
}

/// Where vectors are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VectorArea(Range);

impl VectorArea {
    /// Memory from elsewhere than a [`VectorPage`]: the fixed area of a classic core, for example.
    ///
    /// # Safety
    /// * It is writable memory that nobody else uses, for ever.
    /// * It is mapped one to one and executable whenever an exception can be taken.
    #[must_use]
    pub const unsafe fn new(base: u32, len: u32) -> Self {
        Self(Range { start: base, len })
    }

    pub(super) const fn range(self) -> Range {
        self.0
    }
}

/// A vector area in the image: 64 KiB aligned as IVPR and EVPR ask for, 12 KiB long, which is enough for every
/// table.
#[repr(C, align(65536))]
pub struct VectorPage(UnsafeCell<[u8; 0x3000]>);

// SAFETY: written once, by an install, before any CPU takes an exception through it.
unsafe impl Sync for VectorPage {}

impl VectorPage {
    /// An empty page.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made once, in a static")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; 0x3000]))
    }
}

impl From<&'static VectorPage> for VectorArea {
    fn from(page: &'static VectorPage) -> Self {
        Self(Range { start: page.0.get() as usize as u32, len: 0x3000 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_ends_with_the_addresses() {
        assert!(Range { start: 0xFFF0_0000, len: 0x10_0000 }.fits());
        assert!(!Range { start: 0xFFF0_0000, len: 0x10_0010 }.fits());
    }

    #[test]
    fn stacks_that_wrap_are_refused() {
        static BLOCK: PerCpu = PerCpu::new();
        let at = |start| Range { start, len: 0x1000 };
        let good = StackSet {
            interrupt: at(0x1_0000),
            critical: at(0x2_0000),
            debug: at(0x3_0000),
            machine_check: at(0x4_0000),
            fatal: at(0x5_0000),
        };
        let check = |stacks, vectors| Layout { per_cpu: &BLOCK, stacks }.check(vectors);
        for start in [0xFFFF_F000, 0xFFFF_F800] {
            let found = check(StackSet { fatal: at(start), ..good }, at(0x6_0000));
            assert_eq!(found, Err(InstallError::BeyondMemory { area: "fatal stack", range: at(start) }));
        }
        assert!(matches!(check(good, at(0xFFFF_F800)), Err(InstallError::BeyondMemory { area: "vector area", .. })));
        assert!(!matches!(check(good, at(0xFFFF_F000)), Err(InstallError::BeyondMemory { .. })));
    }
}
