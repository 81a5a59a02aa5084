// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every table, row by row, against figures that are written down here independently. `src/cpu.rs` says where each
//! table's figures come from.

use hal_exc_api::cpu::{Group, Pvr, identify, models};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::{Class, Flavor};
use hal_exc_api::vectors::{VectorAddress, VectorTable};
use hal_exc_booke::ivor::{self, VectorRegisters};
use hal_exc_e500::{cpu, vectors};

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

/// IVOR0 to 14 without machine check, FP and APU unavailable.
const COMMON: &str = "
    ivor0 CriticalInput Ca
    ivor2 DataStorage S
    ivor3 InstructionStorage S
    ivor4 ExternalInput Sa
    ivor5 Alignment S
    ivor6 Program S
    ivor8 SystemCall S
    ivor10 Decrementer Sa
    ivor11 FixedIntervalTimer Sa
    ivor12 Watchdog Ca
    ivor13 DataTlbMiss S
    ivor14 InstructionTlbMiss S
";

const SPE: &str = "
    ivor32 SpeUnavailable S
    ivor33 EmbeddedFpData S
    ivor34 EmbeddedFpRound S
";

const HYPERVISOR: &str = "
    ivor35 PerformanceMonitor S
    ivor36 Doorbell Sa
    ivor37 CriticalDoorbell Ca
    ivor39 GuestCriticalDoorbell Ca
    ivor40 Hypercall S
    ivor41 HypervisorPrivilege S
";

#[test]
fn e200z0_z1() {
    let expected = rows(&format!(
        "{COMMON}
         ivor1 MachineCheck Ca
         ivor7 FpUnavailable S
         ivor15 Debug C"
    ));
    for pvr in [0x8171_0000, 0x8144_0000] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn e200z3_z5_z6() {
    let expected = rows(&format!(
        "{COMMON} {SPE}
         ivor1 MachineCheck Ca
         ivor7 FpUnavailable S
         ivor15 Debug C"
    ));
    assert_eq!(expected.len(), 18);
    for pvr in [0x8126_0000, 0x8100_0000, 0x8112_0000, 0x8117_0000] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn e200z4() {
    let expected = rows(&format!(
        "{COMMON} {SPE}
         ivor1 MachineCheck Ma
         ivor7 FpUnavailable S
         ivor15 Debug C"
    ));
    assert_eq!(table(0x8156_0011), expected);
}

#[test]
fn e200z7() {
    let expected = rows(&format!(
        "{COMMON} {SPE}
         ivor1 MachineCheck Ma
         ivor7 FpUnavailable S
         ivor15 Debug C
         ivor35 PerformanceMonitor S"
    ));
    assert_eq!(table(0x8168_0000), expected);
}

#[test]
fn e500v1_v2() {
    let expected = rows(&format!(
        "{COMMON} {SPE}
         ivor1 MachineCheck Ma
         ivor15 Debug C
         ivor35 PerformanceMonitor S"
    ));
    for pvr in [0x8020_0020, 0x8021_0030] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn e500mc_e5500() {
    let expected = rows(&format!(
        "{COMMON} {HYPERVISOR}
         ivor1 MachineCheck Ma
         ivor7 FpUnavailable S
         ivor15 Debug D"
    ));
    for pvr in [0x8023_0020, 0x8024_0020] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn e6500() {
    let expected = rows(&format!(
        "{COMMON} {HYPERVISOR}
         ivor1 MachineCheck Ma
         ivor7 FpUnavailable S
         ivor9 ApuUnavailable S
         ivor15 Debug D
         ivor32 AltivecUnavailable S
         ivor33 AltivecAssist S"
    ));
    assert_eq!(table(0x8040_0020), expected);
}

#[test]
fn claimed_means_a_table_and_no_table_means_not_claimed() {
    for model in models() {
        let id = identify(Pvr(model.value)).unwrap();
        assert_eq!(cpu::claims(&id), vectors::table(&id).is_some(), "{}", model.name);
        let ours = matches!(id.group(), Group::E200 | Group::E500 | Group::E500mc | Group::E6500);
        assert_eq!(cpu::claims(&id), ours, "{}", model.name);
    }
}

fn every_table() -> impl Iterator<Item = (&'static str, &'static VectorTable)> {
    models().filter_map(|model| Some((model.name, vectors::table(&identify(Pvr(model.value)).unwrap())?)))
}

#[test]
fn mistake_7_a_vector_without_a_flavor_passes_for_valid() {
    let ours = [Group::E200, Group::E500, Group::E500mc, Group::E6500];
    for model in models().filter(|model| ours.contains(&model.group)) {
        let table = vectors::table(&identify(Pvr(model.value)).unwrap()).unwrap();
        for entry in table.entries() {
            let expected = match entry.exception {
                Exception::CriticalInput
                | Exception::Watchdog
                | Exception::CriticalDoorbell
                | Exception::GuestCriticalDoorbell => Flavor::Critical,
                Exception::MachineCheck => model.core.machine_check,
                Exception::Debug => model.core.debug.unwrap(),
                _ => Flavor::Classic,
            };
            assert_eq!(entry.flavor, expected, "{} {}", model.name, entry.exception);
        }
    }
}

#[test]
fn mistake_9_a_handler_for_a_vector_that_the_cpu_does_not_have() {
    let table = |pvr| vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
    // IVOR7 can be written on an e500v2, but nothing arrives there.
    assert!(table(0x8021_0030).find(Exception::FpUnavailable).is_none());
    assert!(table(0x8023_0020).find(Exception::SpeUnavailable).is_none());
    assert!(table(0x8171_0000).find(Exception::SpeUnavailable).is_none());
    assert!(table(0x8040_0020).find(Exception::EmbeddedFpData).is_none());
}

#[test]
fn mistake_10_e6500_ivors_untouched_and_debug_always_critical() {
    let table = |pvr| vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
    let altivec = table(0x8040_0020).find(Exception::AltivecUnavailable).unwrap();
    assert_eq!(altivec.address, VectorAddress::Ivor(32));
    assert_eq!(table(0x8040_0020).find(Exception::AltivecAssist).unwrap().address, VectorAddress::Ivor(33));
    assert_eq!(table(0x8040_0020).find(Exception::Debug).unwrap().flavor.save_pair(), (574, 575));
    assert_eq!(table(0x8021_0030).find(Exception::Debug).unwrap().flavor.save_pair(), (58, 59));
    let monitor = table(0x8168_0000).find(Exception::PerformanceMonitor).unwrap();
    assert_eq!(monitor.address, VectorAddress::Ivor(35));
}

#[test]
fn the_wired_addresses_of_e200z0_and_z1_are_those_of_the_layout() {
    for pvr in [0x8171_0000, 0x8144_0000] {
        let table = vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
        for entry in table.entries() {
            let VectorAddress::Ivor(n) = entry.address else { panic!("{}", entry.exception) };
            assert_eq!(VectorTable::offset_of(entry), 16 * u32::from(n));
        }
    }
}

/// IVPR alone: access to an IVOR is an illegal instruction.
struct Wired(u32);

impl VectorRegisters for Wired {
    fn set_ivpr(&mut self, value: u32) {
        self.0 = value;
    }

    fn ivpr(&self) -> u32 {
        self.0
    }

    fn set_ivor(&mut self, n: u8, _: u32) {
        panic!("ivor{n} was written");
    }

    fn ivor(&self, n: u8) -> Option<u32> {
        panic!("ivor{n} was read");
    }
}

#[test]
fn wired_ivors_are_left_alone() {
    for pvr in [0x8171_0000, 0x8144_0000] {
        let cpu = identify(Pvr(pvr)).unwrap();
        let (kind, table) = (cpu.core().vector_base, vectors::table(&cpu).unwrap());
        let mut registers = Wired(0);
        ivor::program(&mut registers, kind, 0x1234_0000, table).unwrap();
        assert_eq!(registers.0, 0x1234_0000, "{cpu}");
    }
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
    }
}
