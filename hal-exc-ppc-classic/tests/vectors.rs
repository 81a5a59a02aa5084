// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every table, row by row, against figures that are written down here independently. `src/cpu.rs` says where each
//! table's figures come from.

use hal_exc_api::cpu::{Group, Pvr, identify, models};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::{Class, Flavor};
use hal_exc_api::vectors::{VectorAddress, VectorTable};
use hal_exc_ppc_classic::{cpu, vectors};

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
fn ppc601() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x2000 Trace S",
    );
    assert_eq!(table(0x0001_0001), expected);
}

#[test]
fn ppc602() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x1000 InstructionTlbMiss St
         0x1100 DataLoadTlbMiss St
         0x1200 DataStoreTlbMiss St
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1500 Watchdog Sa
         0x1600 SoftwareEmulation S",
    );
    assert_eq!(table(0x0005_0100), expected);
}

#[test]
fn ppc603_603e_603ev_g2() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x1000 InstructionTlbMiss St
         0x1100 DataLoadTlbMiss St
         0x1200 DataStoreTlbMiss St
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa",
    );
    assert_eq!(expected.len(), 16);
    for pvr in [0x0003_0100, 0x0006_0401, 0x0007_1201, 0x0081_0011, 0x8081_1014, 0x9081_0010] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn g2_le() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0a00 CriticalInput Ca
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x1000 InstructionTlbMiss St
         0x1100 DataLoadTlbMiss St
         0x1200 DataStoreTlbMiss St
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa",
    );
    assert_eq!(expected.len(), 17);
    for pvr in [0x8082_0010, 0x8082_2011, 0xA082_2010] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn e300() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0a00 CriticalInput Ca
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x1000 InstructionTlbMiss St
         0x1100 DataLoadTlbMiss St
         0x1200 DataStoreTlbMiss St
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa",
    );
    assert_eq!(expected.len(), 18);
    for pvr in [0x0083_0010, 0x0084_0010, 0x0085_0010, 0x8086_0010] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn ppc604() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa",
    );
    assert_eq!(expected.len(), 14);
    for pvr in [0x0004_0103, 0x0009_0204, 0x000A_0101] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn ppc750() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1700 ThermalManagement S",
    );
    assert_eq!(expected.len(), 15);
    for pvr in [0x0008_0301, 0x0008_2202, 0x0008_3214, 0x0008_7210, 0x1008_0000, 0x7000_0203, 0x7002_0102] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn ppc755_has_the_tlb_miss_vectors_without_shadow_registers() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x1000 InstructionTlbMiss S
         0x1100 DataLoadTlbMiss S
         0x1200 DataStoreTlbMiss S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1700 ThermalManagement S",
    );
    assert_eq!(table(0x0008_3203), expected);
}

#[test]
fn ppc7400_7410() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x0f20 AltivecUnavailable S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1600 AltivecAssist S
         0x1700 ThermalManagement S",
    );
    assert_eq!(expected.len(), 17);
    for pvr in [0x000C_0209, 0x800C_1104] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn ppc744x_745x_7448_e600() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f00 PerformanceMonitor S
         0x0f20 AltivecUnavailable S
         0x1000 InstructionTlbMiss S
         0x1100 DataLoadTlbMiss S
         0x1200 DataStoreTlbMiss S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1600 AltivecAssist S",
    );
    for pvr in [0x8000_0201, 0x8001_0304, 0x8002_0102, 0x8003_0102, 0x8004_0201, 0x8004_0010] {
        assert_eq!(table(pvr), expected, "{pvr:08x}");
    }
}

#[test]
fn mpc5xx() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0e00 FpAssist S
         0x1000 SoftwareEmulation S
         0x1300 InstructionProtection S
         0x1400 DataProtection S
         0x1c00 DataBreakpoint S
         0x1d00 InstructionBreakpoint S
         0x1e00 PeripheralBreakpoint S
         0x1f00 DevelopmentPort S",
    );
    assert_eq!(expected.len(), 17);
    assert_eq!(table(0x0002_0020), expected);
}

#[test]
fn mpc8xx() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0e00 FpAssist S
         0x1000 SoftwareEmulation S
         0x1100 InstructionTlbMiss S
         0x1200 DataTlbMiss S
         0x1300 InstructionTlbError S
         0x1400 DataTlbError S
         0x1c00 DataBreakpoint S
         0x1d00 InstructionBreakpoint S
         0x1e00 PeripheralBreakpoint S
         0x1f00 DevelopmentPort S",
    );
    assert_eq!(expected.len(), 21);
    assert_eq!(table(0x0050_0000), expected);
}

#[test]
fn psim() {
    let expected = rows(
        "0x0100 SystemReset Sa
         0x0200 MachineCheck Sa
         0x0300 DataStorage S
         0x0400 InstructionStorage S
         0x0500 ExternalInput Sa
         0x0600 Alignment S
         0x0700 Program S
         0x0800 FpUnavailable S
         0x0900 Decrementer Sa
         0x0c00 SystemCall S
         0x0d00 Trace S
         0x0f20 AltivecUnavailable S
         0x1000 InstructionTlbMiss S
         0x1100 DataLoadTlbMiss S
         0x1200 DataStoreTlbMiss S
         0x1300 InstructionBreakpoint S
         0x1400 SystemManagement Sa
         0x1600 AltivecAssist S",
    );
    assert_eq!(table(0xFFFE_0000), expected);
}

#[test]
fn claimed_means_a_table_and_no_table_means_not_claimed() {
    for model in models() {
        let id = identify(Pvr(model.value)).unwrap();
        assert_eq!(cpu::claims(&id), vectors::table(&id).is_some(), "{}", model.name);
        if matches!(id.group(), Group::Ppc620 | Group::Ppc970 | Group::Ppc405 | Group::Ppc440 | Group::E500) {
            assert!(!cpu::claims(&id), "{}", model.name);
        }
    }
}

fn every_table() -> impl Iterator<Item = (&'static str, &'static VectorTable)> {
    models().filter_map(|model| Some((model.name, vectors::table(&identify(Pvr(model.value)).unwrap())?)))
}

#[test]
fn mistake_7_a_vector_without_a_flavor_passes_for_valid() {
    // There is no invalid flavor; and only critical input leaves SRR0/1.
    for (name, table) in every_table() {
        for entry in table.entries() {
            let expected = if entry.exception == Exception::CriticalInput { (58, 59) } else { (26, 27) };
            assert_eq!(entry.flavor.save_pair(), expected, "{name} {}", entry.exception);
        }
    }
}

#[test]
fn mistake_8_altivec_unavailable_arrives_as_the_performance_monitor() {
    let table = vectors::table(&identify(Pvr(0x8001_0201)).unwrap()).unwrap();
    let altivec = table.find(Exception::AltivecUnavailable).unwrap();
    let monitor = table.find(Exception::PerformanceMonitor).unwrap();
    assert_eq!(altivec.address, VectorAddress::Offset(0x0F20));
    assert_eq!(monitor.address, VectorAddress::Offset(0x0F00));
    assert_eq!(altivec.word().exception(), Ok(Exception::AltivecUnavailable));
    assert_ne!(altivec.word(), monitor.word());
    assert!(VectorTable::offset_of(monitor) + monitor.prologue_len() <= VectorTable::offset_of(altivec));
}

#[test]
fn mistake_9_a_handler_for_a_vector_that_the_cpu_does_not_have() {
    let table = |pvr| vectors::table(&identify(Pvr(pvr)).unwrap()).unwrap();
    assert!(table(0x0008_0301).find(Exception::AltivecUnavailable).is_none());
    assert!(table(0x0008_0301).find(Exception::DataLoadTlbMiss).is_none());
    assert!(table(0x0081_0011).find(Exception::CriticalInput).is_none());
    assert!(table(0x0002_0020).find(Exception::DataStorage).is_none());
}

#[test]
fn mistake_14_the_number_is_derived_from_the_address() {
    // It is an immediate of the prologue, so it comes back from the word alone, in every slot of every table.
    for (name, table) in every_table() {
        for entry in table.entries() {
            assert_eq!(entry.word().exception(), Ok(entry.exception), "{name}");
            assert_eq!(entry.word().is_asynchronous(), entry.asynchronous, "{name}");
        }
    }
}

#[test]
fn mistake_18_the_long_prologue_fits_by_luck() {
    for (name, table) in every_table() {
        for entry in table.entries() {
            let end = VectorTable::offset_of(entry) + entry.prologue_len();
            let next =
                table.entries().iter().map(VectorTable::offset_of).filter(|&o| o > VectorTable::offset_of(entry));
            assert!(next.min().is_none_or(|next| end <= next), "{name} {}", entry.exception);
            assert_eq!(entry.prologue_len() == 32, entry.shadow_gprs, "{name} {}", entry.exception);
        }
    }
}

#[test]
fn reset_and_machine_check_never_reach_the_scheduler() {
    for (name, table) in every_table() {
        for exception in [Exception::SystemReset, Exception::MachineCheck] {
            let entry = table.find(exception).unwrap();
            assert!(entry.asynchronous && entry.class() == Class::MachineCheck, "{name}");
        }
    }
}
