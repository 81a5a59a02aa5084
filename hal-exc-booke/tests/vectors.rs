// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every table, row by row, against figures that are written down here independently. `src/cpu.rs` says where each
//! table's figures come from.

use hal_exc_api::cpu::{Group, Pvr, VectorBase, identify, models};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::{Class, Flavor};
use hal_exc_api::vectors::{VectorAddress, VectorTable};
use hal_exc_booke::ivor::{self, VectorRegisters};
use hal_exc_booke::{cpu, vectors};

/// Rows as a manual's table has them: address, exception, how it saves (S: SRR0/1, C: CSRR0/1 or SRR2/3, M: MCSRR0/1,
/// D: DSRR0/1), `a` for asynchronous, `t` for shadow registers at entry.
fn rows(text: &str) -> Vec<String> {
    let mut rows: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    rows.sort();
    rows
}

/// The rows of the table under test, in the same notation.
fn table(pvr: u32) -> Vec<String> {
    let cpu = identify(Pvr(pvr)).unwrap();
    let table = vectors::table(&cpu).unwrap();
    let mut rows: Vec<String> = table
        .entries()
        .iter()
        .map(|entry| {
            let flavor = match entry.flavor {
                Flavor::Classic => "S",
                Flavor::Critical | Flavor::Critical405 => "C",
                Flavor::MachineCheck => "M",
                Flavor::Debug => "D",
                other => panic!("{other:?}"),
            };
            let marks = [(entry.asynchronous, "a"), (entry.shadow_gprs, "t")];
            let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
            format!("{} {} {flavor}{marks}", entry.address, entry.exception.ident())
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn ppc405() {
    let expected = rows(
        "0x0100 CriticalInput Ca
         0x0200 MachineCheck Ca
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0c00 SystemCall S
         0x0f20 ApuUnavailable S
         0x1000 Decrementer Sa
         0x1010 FixedIntervalTimer Sa
         0x1020 Watchdog Ca
         0x1100 DataTlbMiss S
         0x1200 InstructionTlbMiss S
         0x2000 Debug C",
    );
    assert_eq!(expected.len(), 16);
    // Every 405, not the Virtex one alone.
    for model in models().filter(|model| model.group == Group::Ppc405) {
        assert_eq!(table(model.value), expected, "{}", model.name);
    }
}

#[test]
fn ppc403() {
    let with_mmu = rows(
        "0x0100 CriticalInput Ca
         0x0200 MachineCheck Ca
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0c00 SystemCall S
         0x1000 Decrementer Sa
         0x1010 FixedIntervalTimer Sa
         0x1020 Watchdog Ca
         0x1100 DataTlbMiss S
         0x1200 InstructionTlbMiss S
         0x2000 Debug C",
    );
    let without: Vec<String> = with_mmu
        .iter()
        .filter(|row| !["0x0400", "0x1100", "0x1200"].iter().any(|offset| row.starts_with(offset)))
        .cloned()
        .collect();
    assert_eq!((with_mmu.len(), without.len()), (14, 11));
    for (pvr, expected) in
        [(0x0020_1400, &with_mmu), (0x0020_0200, &with_mmu), (0x0020_0011, &without), (0x0020_0100, &without)]
    {
        assert_eq!(table(pvr), *expected, "{pvr:08x}");
    }
}

const IVORS_440: &str = "
    ivor0 CriticalInput Ca
    ivor2 DataStorage S
    ivor3 InstructionStorage S
    ivor4 ExternalInput Sa
    ivor5 Alignment S
    ivor6 Program S
    ivor7 FpUnavailable S
    ivor8 SystemCall S
    ivor9 ApuUnavailable S
    ivor10 Decrementer Sa
    ivor11 FixedIntervalTimer Sa
    ivor12 Watchdog Ca
    ivor13 DataTlbMiss S
    ivor14 InstructionTlbMiss S
    ivor15 Debug C
";

#[test]
fn ppc440_with_machine_check_in_csrr() {
    let expected = rows(&format!("{IVORS_440} ivor1 MachineCheck Ca"));
    assert_eq!(expected.len(), 16);
    for pvr in [0x4012_0440, 0x4222_1850, 0x4222_18D3, 0x4222_18D4, 0x5322_1850, 0x5332_1891] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn ppc440_and_460_with_machine_check_in_mcsrr() {
    let expected = rows(&format!("{IVORS_440} ivor1 MachineCheck Ma"));
    assert_eq!(expected.len(), 16);
    for pvr in [
        0x51B2_1850,
        0x51B2_1894,
        0x2162_18D0,
        0x2000_08D0,
        0x5342_1890,
        0x5352_1891,
        0x7FF2_1910,
        0x1302_18A4,
        0x1302_18A5,
        0x1354_1800,
        0x12C4_1C80,
    ] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn claimed_means_a_table_and_no_table_means_not_claimed() {
    for model in models() {
        let id = identify(Pvr(model.value)).unwrap();
        assert_eq!(cpu::claims(&id), vectors::table(&id).is_some(), "{}", model.name);
        let ours = matches!(id.group(), Group::Ppc403 | Group::Ppc405 | Group::Ppc440);
        assert_eq!(cpu::claims(&id), ours, "{}", model.name);
    }
}

fn every_table() -> impl Iterator<Item = (&'static str, &'static VectorTable)> {
    models().filter_map(|model| Some((model.name, vectors::table(&identify(Pvr(model.value)).unwrap())?)))
}

#[test]
fn mistake_7_a_vector_without_a_flavor_passes_for_valid() {
    // The pair is the one of the core, whatever the exception.
    for model in models().filter(|model| matches!(model.group, Group::Ppc403 | Group::Ppc405 | Group::Ppc440)) {
        let table = vectors::table(&identify(Pvr(model.value)).unwrap()).unwrap();
        for entry in table.entries() {
            let expected = match entry.exception {
                Exception::CriticalInput | Exception::Watchdog => model.core.critical.unwrap(),
                Exception::MachineCheck => model.core.machine_check,
                Exception::Debug => model.core.debug.unwrap(),
                _ => Flavor::Classic,
            };
            assert_eq!(entry.flavor, expected, "{} {}", model.name, entry.exception);
        }
    }
}

#[test]
fn mistake_8_offsets_that_hold_for_one_405_and_swapped_tlb_misses() {
    for pvr in [0x5121_0950, 0x4011_0145, 0x2001_0820] {
        let table = vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
        let offset = |exception| table.find(exception).map(VectorTable::offset_of);
        assert_eq!(offset(Exception::FixedIntervalTimer), Some(0x1010));
        assert_eq!(offset(Exception::Watchdog), Some(0x1020));
        assert_eq!(offset(Exception::Debug), Some(0x2000));
        assert_eq!(offset(Exception::DataTlbMiss), Some(0x1100));
        assert_eq!(offset(Exception::InstructionTlbMiss), Some(0x1200));
        let apu = table.find(Exception::ApuUnavailable).unwrap();
        assert_eq!(apu.address, VectorAddress::Offset(0x0F20));
        assert_eq!(apu.word().exception(), Ok(Exception::ApuUnavailable));
    }
}

#[test]
fn mistake_8_an_unknown_book_e_vector_lands_in_the_critical_slot() {
    for (name, table) in every_table() {
        for exception in [Exception::SpeUnavailable, Exception::PerformanceMonitor, Exception::SystemReset] {
            assert!(table.find(exception).is_none(), "{name} {exception}");
        }
    }
}

#[test]
fn mistake_10_every_440_has_a_machine_check_pair_of_its_own() {
    let pair = |pvr| {
        let table = vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
        table.find(Exception::MachineCheck).unwrap().flavor.save_pair()
    };
    assert_eq!((pair(0x4222_18D3), pair(0x1302_18A4)), ((58, 59), (570, 571)));
}

#[test]
fn the_timers_of_the_405_are_sixteen_bytes_apart_and_fit() {
    let table = vectors::table(&identify(Pvr(0x5121_0950)).unwrap()).unwrap();
    for exception in [Exception::Decrementer, Exception::FixedIntervalTimer] {
        assert_eq!(table.find(exception).unwrap().prologue_len(), 16);
    }
    assert_eq!(table.len_bytes(), 0x2010);
}

#[test]
fn mistake_14_the_number_is_derived_from_the_address() {
    for (name, table) in every_table() {
        for entry in table.entries() {
            assert_eq!(entry.word().exception(), Ok(entry.exception), "{name}");
            assert_eq!(entry.word().is_asynchronous(), entry.asynchronous, "{name}");
        }
    }
}

#[test]
fn machine_check_and_debug_never_reach_the_scheduler() {
    for (name, table) in every_table() {
        let entry = table.find(Exception::MachineCheck).unwrap();
        assert!(entry.asynchronous && entry.class() == Class::MachineCheck, "{name}");
        assert_eq!(table.find(Exception::Debug).unwrap().class(), Class::Debug, "{name}");
        assert_eq!(table.find(Exception::Watchdog).unwrap().class(), Class::Critical, "{name}");
    }
}

#[test]
fn mistake_9_a_handler_for_a_vector_that_the_cpu_does_not_have() {
    let table = |pvr| vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
    assert!(table(0x5121_0950).find(Exception::AltivecUnavailable).is_none());
    assert!(table(0x4222_18D3).find(Exception::SpeUnavailable).is_none());
    assert!(table(0x0020_0011).find(Exception::DataTlbMiss).is_none());
}

/// Registers as a core has them: bits that are not architected are dropped, and what was written is remembered whole.
#[derive(Default)]
struct Written(std::collections::BTreeMap<&'static str, Vec<u32>>);

impl VectorRegisters for Written {
    fn set_ivpr(&mut self, value: u32) {
        self.0.entry("ivpr").or_default().push(value);
    }

    fn ivpr(&self) -> u32 {
        self.0["ivpr"].last().unwrap() & 0xFFFF_0000
    }

    fn set_ivor(&mut self, _: u8, value: u32) {
        self.0.entry("ivor").or_default().push(value);
    }

    fn ivor(&self, _: u8) -> Option<u32> {
        self.0["ivor"].last().map(|value| value & 0xFFF0)
    }
}

#[test]
fn mistake_17_ivors_are_written_with_full_addresses() {
    for (name, table) in every_table().filter(|(_, table)| matches!(table.entries()[0].address, VectorAddress::Ivor(_)))
    {
        let mut registers = Written::default();
        ivor::program(&mut registers, VectorBase::Ivpr, 0x1234_0000, table).unwrap();
        assert_eq!(registers.0["ivpr"], [0x1234_0000], "{name}");
        assert_eq!(registers.0["ivor"].len(), table.entries().len(), "{name}");
        assert!(registers.0["ivor"].iter().all(|value| value & !0xFFF0 == 0), "{name}: {:x?}", registers.0["ivor"]);
    }
}
