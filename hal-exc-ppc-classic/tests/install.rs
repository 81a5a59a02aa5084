// SPDX-License-Identifier: MIT OR Apache-2.0
//! An install on a host, for every model of this family in the table of CPUs: each vector is planned, written where the
//! CPU looks for it, and reads back as what was meant.

use std::collections::BTreeMap;

use hal_exc_api::cpu::{Cpu, Features, Group, Pvr, identify, models};
use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::family::Family;
use hal_exc_api::flavor::Class;
use hal_exc_api::install::{Exceptions, InstallError, Layout, MIN_STACK, Range, Setup, StackSet, VectorArea};
use hal_exc_api::memory::CodeMemory;
use hal_exc_api::percpu::{LOCK_STORE, PerCpu};
use hal_exc_api::prologue::decode;
use hal_exc_api::vectors::VectorTable;
use hal_exc_ppc_classic::FAMILY;

/// Where the vectors go.
const BASE: u32 = 0;

/// Words as they were written.
#[derive(Default)]
struct Memory(BTreeMap<u32, u32>);

impl CodeMemory for Memory {
    fn write(&mut self, address: u32, word: u32) {
        self.0.insert(address, word);
    }

    fn read(&self, address: u32) -> u32 {
        self.0.get(&address).copied().unwrap_or(0)
    }

    fn publish(&mut self, start: u32, len: u32, line: u32) {
        assert!(line.is_power_of_two() && (16..=64).contains(&line), "a cache line of {line}");
        for address in self.0.keys() {
            assert!((start..start + len).contains(address), "{address:#x} is not made visible");
        }
    }
}

fn served() -> impl Iterator<Item = Cpu> {
    models().map(|model| identify(Pvr(model.value)).unwrap()).filter(|cpu| FAMILY.claims(cpu))
}

fn setup(cpu: &Cpu, base: u32) -> Setup {
    let stack = |n: u32| Range { start: 0x2_0000 + n * MIN_STACK, len: MIN_STACK };
    let stacks =
        StackSet { interrupt: stack(0), critical: stack(1), debug: stack(2), machine_check: stack(3), fatal: stack(4) };
    // SAFETY: nothing is executed, the addresses are never used.
    let (layout, area) =
        unsafe { (Layout::new(Box::leak(Box::new(PerCpu::new())), stacks), VectorArea::new(base, 0x3000)) };
    Exceptions::new(cpu, &[&FAMILY]).unwrap().memory(layout).vectors(area)
}

#[test]
fn every_vector_of_every_model_is_written_and_reads_back() {
    let mut rows = 0;
    for cpu in served() {
        let mut memory = Memory::default();
        let installed =
            setup(&cpu, BASE).prepare(&mut memory, 0, true).unwrap_or_else(|error| panic!("{cpu}: {error}"));
        assert_eq!(installed.family_name(), FAMILY.family_name(&cpu));
        assert_eq!(installed.vector_base(), BASE);
        let mut words = 0;
        for entry in installed.table().entries() {
            let name = format!("{cpu}: {}", entry.exception);
            let slot = BASE + VectorTable::offset_of(entry);
            let len = if entry.shadow_gprs { 8 } else { 4 };
            let prologue: Vec<u32> = (0..len).map(|i| memory.read(slot + 4 * i)).collect();
            let decoded = decode(slot, &prologue).unwrap_or_else(|| panic!("{name} is no prologue"));
            assert_eq!(decoded.vector, VectorWord::new(entry.exception, entry.asynchronous), "{name}");
            assert_eq!(decoded.clears_tgpr, entry.shadow_gprs, "{name}");
            let wrapper = FAMILY.wrappers(&cpu).iter().find(|wrapper| wrapper.serves(entry)).unwrap();
            assert_eq!(decoded.target, (wrapper.target)().near, "{name}");
            // The lock store protects standard interrupts, and nothing else begins with it.
            let locks = entry.class() == Class::Standard && entry.asynchronous;
            assert_eq!(decoded.first == LOCK_STORE, locks, "{name}");
            words += len as usize;
            rows += 1;
        }
        assert_eq!(memory.0.len(), words, "{cpu}: words outside the prologues");
    }
    assert!(rows >= 400, "{rows} rows only");
}

#[test]
fn a_second_cpu_compares_and_a_changed_word_is_found() {
    for cpu in served() {
        let mut memory = Memory::default();
        setup(&cpu, BASE).prepare(&mut memory, 0, true).unwrap();
        setup(&cpu, BASE).prepare(&mut memory, 1, false).unwrap();
        let last = *memory.0.keys().next_back().unwrap();
        memory.0.entry(last).and_modify(|word| *word ^= 1);
        let error = setup(&cpu, BASE).prepare(&mut memory, 1, false).unwrap_err();
        assert!(matches!(error, InstallError::ReadBack { address, .. } if address == last), "{cpu}: {error}");
    }
}

#[test]
fn a_naked_vector_is_one_branch_and_nothing_else_changes() {
    for cpu in served() {
        let board = BASE + 0x8_0000;
        let result = setup(&cpu, BASE).naked(Exception::FpUnavailable, board).prepare(&mut Memory::default(), 0, true);
        let Some(entry) = FAMILY.table(&cpu).unwrap().find(Exception::FpUnavailable) else {
            assert!(matches!(result, Err(InstallError::NoSuchVector { .. })), "{cpu}");
            continue;
        };
        result.unwrap();
        let (plan, _) = setup(&cpu, BASE).naked(Exception::FpUnavailable, board).plan().unwrap();
        let (wrapped, _) = setup(&cpu, BASE).plan().unwrap();
        for (vector, other) in plan.vectors().zip(wrapped.vectors()) {
            if vector.exception == Exception::FpUnavailable {
                let slot = BASE + VectorTable::offset_of(entry);
                // `b board`
                assert_eq!(vector.prologue.words(), [18 << 26 | (board - slot)], "{cpu}");
            } else {
                assert_eq!(vector.prologue, other.prologue, "{cpu}: {}", vector.exception);
            }
        }
    }
}

#[test]
fn models_with_shadow_registers_leave_them_in_all_three_tlb_miss_vectors() {
    let mut seen = 0;
    for cpu in served() {
        let (plan, _) = setup(&cpu, BASE).plan().unwrap();
        let cleared: Vec<_> = plan
            .vectors()
            .filter(|vector| decode(vector.address, vector.prologue.words()).unwrap().clears_tgpr)
            .map(|vector| vector.address)
            .collect();
        if cpu.features().contains(Features::TGPR) {
            assert_eq!(cleared, [0x1000, 0x1100, 0x1200], "{cpu}");
            seen += 1;
        } else {
            assert!(cleared.is_empty(), "{cpu}");
        }
    }
    assert!(seen >= 8, "{seen} models with shadow registers");
}

/// DMISS and IMISS exist on these cores only; everywhere else a wrapper that reads them would trap in the entry code.
#[test]
fn tlb_misses_have_wrappers_of_their_own_where_the_core_keeps_their_address() {
    let misses = [Exception::InstructionTlbMiss, Exception::DataLoadTlbMiss, Exception::DataStoreTlbMiss];
    let mut seen = 0;
    for cpu in served() {
        let table = FAMILY.table(&cpu).unwrap();
        let soft = matches!(
            cpu.group(),
            Group::Ppc602 | Group::Ppc603 | Group::G2Le | Group::E300 | Group::Ppc755 | Group::Ppc7450
        );
        for entry in table.entries() {
            let wrapper = FAMILY.wrappers(&cpu).iter().find(|wrapper| wrapper.serves(entry)).unwrap();
            let expected = soft && misses.contains(&entry.exception);
            assert_eq!(!wrapper.only.is_empty(), expected, "{cpu}: {}", entry.exception);
            seen += usize::from(expected);
        }
        // Data and instruction side differ but on a core with one register for both.
        let of = |exception| {
            let entry = table.find(exception)?;
            FAMILY.wrappers(&cpu).iter().position(|wrapper| wrapper.serves(entry))
        };
        assert_eq!(of(misses[1]), of(misses[2]), "{cpu}");
        if soft {
            assert_eq!(of(misses[0]) == of(misses[1]), cpu.group() == Group::Ppc7450, "{cpu}");
        }
    }
    assert!(seen >= 60, "{seen} rows only");
}

#[test]
fn mistake_16_base_and_msr_ip_disagree() {
    for cpu in served() {
        // A host's MSR[IP] is 0.
        for base in [0xFFF0_0000, 0x1_0000] {
            let error = setup(&cpu, base).plan().err().unwrap();
            assert!(matches!(error, InstallError::VectorBase { base: b, .. } if b == base), "{cpu}: {error}");
        }
    }
}
