// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vector tables: which exceptions a CPU group has, where, and in which flavor.
//!
//! A family crate declares one `const` table per CPU group. [`VectorTable::new`] checks it, so that a
//! mistake in a table is an error of the compiler: every exception once, every address once, aligned, and far
//! enough from the next one for its prologue.

use core::fmt;

use crate::exception::{Exception, VectorWord};
use crate::flavor::{Class, Flavor};
use crate::install::MAX_PLAN;

/// Where a vector lies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VectorAddress {
    /// Bytes from the vector base (MSR\[IP\] or EVPR decide the base).
    Offset(u16),
    /// The number of the IVOR register that holds the offset from IVPR.
    Ivor(u8),
}

impl fmt::Display for VectorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "{offset:#06x}"),
            Self::Ivor(n) => write!(f, "ivor{n}"),
        }
    }
}

/// One row of a vector table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VectorEntry {
    /// Which exception.
    pub exception: Exception,
    /// Where it is delivered.
    pub address: VectorAddress,
    /// How it saves and returns.
    pub flavor: Flavor,
    /// Whether it is asynchronous. Machine check and system reset are, whatever caused them: their handlers run on a
    /// stack of their own and never reach the scheduler. Debug is synchronous, and its class has the same effect.
    pub asynchronous: bool,
    /// Whether r0 to r3 are shadow registers at entry (MSR\[TGPR\], 603-type TLB misses).
    pub shadow_gprs: bool,
}

impl VectorEntry {
    /// A synchronous exception.
    #[must_use]
    pub const fn synchronous(exception: Exception, address: VectorAddress, flavor: Flavor) -> Self {
        Self { exception, address, flavor, asynchronous: false, shadow_gprs: false }
    }

    /// An asynchronous exception.
    #[must_use]
    pub const fn asynchronous(exception: Exception, address: VectorAddress, flavor: Flavor) -> Self {
        Self { exception, address, flavor, asynchronous: true, shadow_gprs: false }
    }

    /// The same row, entered with MSR\[TGPR\] set.
    #[must_use]
    pub const fn with_shadow_gprs(self) -> Self {
        Self { shadow_gprs: true, ..self }
    }

    /// One list of `N` rows from several, so that groups can share what they have in common.
    ///
    /// # Panics
    /// When the parts do not have `N` rows together. Used in `const`, so this is an error of the compiler.
    #[must_use]
    pub const fn join<const N: usize>(parts: &[&[Self]]) -> [Self; N] {
        // Every row is overwritten below; the count is checked at the end.
        let filler = Self::synchronous(Exception::Program, VectorAddress::Offset(0), Flavor::Classic);
        let mut rows = [filler; N];
        let mut count = 0;
        let mut part = 0;
        while part < parts.len() {
            let mut row = 0;
            while row < parts[part].len() {
                assert!(count < N, "the parts have more rows than the list");
                rows[count] = parts[part][row];
                count += 1;
                row += 1;
            }
            part += 1;
        }
        assert!(count == N, "the parts have fewer rows than the list");
        rows
    }

    /// The level at which its handler runs.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self.exception {
            Exception::MachineCheck | Exception::SystemReset => Class::MachineCheck,
            Exception::Debug => Class::Debug,
            _ => match self.flavor {
                Flavor::Critical405 | Flavor::Critical => Class::Critical,
                Flavor::MachineCheck => Class::MachineCheck,
                Flavor::Debug => Class::Debug,
                Flavor::Classic | Flavor::Naked => Class::Standard,
            },
        }
    }

    /// The word that the prologue loads.
    #[must_use]
    pub const fn word(&self) -> VectorWord {
        VectorWord::new(self.exception, self.asynchronous)
    }

    /// Length of the prologue in bytes: 16, or 32 where MSR\[TGPR\] must be cleared first.
    #[must_use]
    pub const fn prologue_len(&self) -> u32 {
        if self.shadow_gprs { 32 } else { 16 }
    }
}

/// The vectors of one CPU group.
#[derive(Clone, Copy, Debug)]
pub struct VectorTable {
    name: &'static str,
    entries: &'static [VectorEntry],
}

impl VectorTable {
    /// Bytes between two IVOR slots as this crate lays them out.
    pub const IVOR_PITCH: u32 = 16;

    /// A table named after its CPU group.
    ///
    /// # Panics
    /// When there are more than [`MAX_PLAN`] rows, two rows have the same exception or the same address, an offset is not a multiple of 16, an
    /// IVOR number is not architected, a prologue would reach into the next vector, or offsets and IVORs are
    /// mixed. Tables are `const`, so this is an error of the compiler.
    #[must_use]
    pub const fn new(name: &'static str, entries: &'static [VectorEntry]) -> Self {
        assert!(entries.len() <= MAX_PLAN, "a vector table has more rows than a plan has places");
        let mut i = 0;
        while i < entries.len() {
            let a = entries[i];
            match a.address {
                VectorAddress::Offset(offset) => assert!(offset % 16 == 0, "vector offset is not a multiple of 16"),
                VectorAddress::Ivor(n) => {
                    assert!(n <= 15 || (n >= 32 && n <= 42), "no such IVOR");
                    assert!(a.prologue_len() <= Self::IVOR_PITCH, "prologue does not fit an IVOR slot");
                }
            }
            let mut j = 0;
            while j < i {
                let b = entries[j];
                assert!(a.exception as u8 != b.exception as u8, "exception stands twice in a vector table");
                match (a.address, b.address) {
                    (VectorAddress::Offset(x), VectorAddress::Offset(y)) => {
                        assert!(x != y, "address stands twice in a vector table");
                        let fits = if x > y {
                            y as u32 + b.prologue_len() <= x as u32
                        } else {
                            x as u32 + a.prologue_len() <= y as u32
                        };
                        assert!(fits, "prologue would reach into the next vector");
                    }
                    (VectorAddress::Ivor(x), VectorAddress::Ivor(y)) => {
                        assert!(x != y, "IVOR stands twice in a vector table");
                    }
                    _ => panic!("offsets and IVORs are mixed in a vector table"),
                }
                j += 1;
            }
            i += 1;
        }
        Self { name, entries }
    }

    /// The name of the CPU group.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The rows.
    #[must_use]
    pub const fn entries(&self) -> &'static [VectorEntry] {
        self.entries
    }

    /// The row of `exception`, if this CPU group has it.
    #[must_use]
    pub fn find(&self, exception: Exception) -> Option<&'static VectorEntry> {
        self.entries.iter().find(|entry| entry.exception == exception)
    }

    /// Where a row's prologue lies, in bytes from the vector base.
    #[must_use]
    pub const fn offset_of(entry: &VectorEntry) -> u32 {
        match entry.address {
            VectorAddress::Offset(offset) => offset as u32,
            VectorAddress::Ivor(n) => n as u32 * Self::IVOR_PITCH,
        }
    }

    /// Bytes from the vector base to the end of the last prologue.
    #[must_use]
    pub const fn len_bytes(&self) -> u32 {
        let mut end = 0;
        let mut i = 0;
        while i < self.entries.len() {
            let e = Self::offset_of(&self.entries[i]) + self.entries[i].prologue_len();
            if e > end {
                end = e;
            }
            i += 1;
        }
        end
    }
}
