// SPDX-License-Identifier: MIT OR Apache-2.0
//! The plan of an install: every prologue, generated and verified, before a word is written.

use super::{InstallError, VectorArea};
use crate::cpu::Cpu;
use crate::exception::Exception;
use crate::family::Family;
use crate::memory::CodeMemory;
use crate::prologue::{self, Prologue, TRAMPOLINE_WORDS, Template};
use crate::vectors::VectorTable;

/// The most vectors that a table may have.
pub const MAX_PLAN: usize = 40;

/// One vector of a plan.
#[derive(Clone, Copy, Debug)]
pub struct PlannedVector {
    /// Which exception.
    pub exception: Exception,
    /// Where its prologue goes.
    pub address: u32,
    /// The prologue.
    pub prologue: Prologue,
}

/// All vectors of a CPU, ready to be written.
#[derive(Debug)]
pub struct Plan {
    base: u32,
    table: &'static VectorTable,
    vectors: [Option<PlannedVector>; MAX_PLAN],
    end: u32,
}

impl Plan {
    pub(super) fn new(
        cpu: &Cpu,
        family: &'static dyn Family,
        area: VectorArea,
        naked: Option<(Exception, u32)>,
    ) -> Result<Self, InstallError> {
        let table = family.table(cpu).ok_or(InstallError::NoTable { model: cpu.model().name })?;
        let range = area.range();
        family.check_base(cpu, range.start)?;
        if table.len_bytes() > range.len {
            return Err(InstallError::VectorAreaTooSmall { needed: table.len_bytes(), given: range.len });
        }
        if let Some((exception, _)) = naked.filter(|(exception, _)| table.find(*exception).is_none()) {
            return Err(InstallError::NoSuchVector { exception, model: cpu.model().name });
        }
        let mut plan = Self { base: range.start, table, vectors: [None; MAX_PLAN], end: 0 };
        // Trampolines go behind the last prologue.
        let mut free = range.start + table.len_bytes().next_multiple_of(16);
        for (place, entry) in plan.vectors.iter_mut().zip(table.entries()) {
            let exception = entry.exception;
            let address = range.start + VectorTable::offset_of(entry);
            let failed = |error| InstallError::Prologue { exception, error };
            if let Some((_, target)) = naked.filter(|(naked, _)| *naked == exception) {
                let prologue = prologue::generate_naked(address, target).map_err(failed)?;
                *place = Some(PlannedVector { exception, address, prologue });
                continue;
            }
            let guarded = family.guarded(cpu).filter(|wrapper| {
                matches!(exception, Exception::DataTlbMiss | Exception::DataStorage) && wrapper.serves(entry)
            });
            let wrapper = family.wrappers(cpu).iter().find(|wrapper| wrapper.serves(entry));
            let no_wrapper = InstallError::NoWrapper { exception, flavor: entry.flavor };
            let wrapper = wrapper.ok_or(no_wrapper)?;
            let (wrapper, template) = match &guarded {
                Some(wrapper) => (wrapper, Template::guarded()),
                None => (wrapper, Template::of(entry).ok_or(no_wrapper)?),
            };
            // The area may end where addresses do.
            let room = u64::from(free - range.start) + 4 * TRAMPOLINE_WORDS as u64 <= u64::from(range.len);
            let prologue = prologue::generate(address, entry, &template, (wrapper.target)(), room.then_some(free))
                .map_err(failed)?;
            if prologue.trampoline().is_some() {
                free += 4 * TRAMPOLINE_WORDS as u32;
            }
            *place = Some(PlannedVector { exception, address, prologue });
        }
        plan.end = free;
        Ok(plan)
    }

    /// Vector base.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// Bytes from the base to the end of the last prologue or trampoline.
    #[must_use]
    pub const fn len_bytes(&self) -> u32 {
        self.end - self.base
    }

    /// The table it is made from.
    #[must_use]
    pub const fn table(&self) -> &'static VectorTable {
        self.table
    }

    /// The vectors, in the order of the table.
    pub fn vectors(&self) -> impl Iterator<Item = &PlannedVector> {
        self.vectors.iter().flatten()
    }

    fn for_each_word(&self, mut f: impl FnMut(u32, u32) -> Result<(), InstallError>) -> Result<(), InstallError> {
        for vector in self.vectors() {
            for (i, &word) in vector.prologue.words().iter().enumerate() {
                f(vector.address + 4 * i as u32, word)?;
            }
            if let Some((address, words)) = vector.prologue.trampoline() {
                for (i, &word) in words.iter().enumerate() {
                    f(address + 4 * i as u32, word)?;
                }
            }
        }
        Ok(())
    }

    /// Writes everything, makes it visible to instruction fetch and reads it back.
    pub(super) fn write(&self, memory: &mut impl CodeMemory, line: u32) -> Result<(), InstallError> {
        self.for_each_word(|address, word| {
            memory.write(address, word);
            Ok(())
        })?;
        memory.publish(self.base, self.end - self.base, line);
        self.verify(memory)
    }

    /// Compares memory with the plan.
    pub(super) fn verify(&self, memory: &impl CodeMemory) -> Result<(), InstallError> {
        self.for_each_word(|address, wanted| {
            let found = memory.read(address);
            if found == wanted { Ok(()) } else { Err(InstallError::ReadBack { address, wanted, found }) }
        })
    }
}
