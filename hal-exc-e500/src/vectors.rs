// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vector tables of e200, e500v1/v2, e500mc/e5500 and e6500.
//!
//! The subject of the chapter on interrupts in each core's manual; [`cpu`](mod@crate::cpu) says what each table was compared with.
//!
//! What differs from core to core, and why the tables are what they are:
//!
//! * Debug saves to CSRR0/1 on e200 and e500v1/v2, to DSRR0/1 (`rfdi`) on e500mc and later. On e200 HID0\[DAPUEN\]
//!   decides; it is 0 after reset and must stay 0, the table says CSRR.
//! * Machine check saves to MCSRR0/1 (`rfmci`), but to CSRR0/1 on e200z0, z1, z3, z5, z6.
//! * IVOR32 and IVOR33 are SPE on e200 and e500v1/v2, AltiVec on e6500, and absent between.
//! * IVOR7 and IVOR9 can be written on e500v1/v2, but nothing is delivered there: a floating-point
//!   instruction is an illegal one (IVOR6). They are no rows, so that no handler can wait there in vain.
//! * IVOR38 (guest doorbell) is no row: it arrives only while a guest runs (MSR\[GS\]) and saves to GSRR0/1, a pair that no
//!   wrapper here knows. Nothing in this workspace runs guests.
//! * IVOR42 (LRAT error, e6500) is no row either: only a guest's own TLB entries, written by it or found by the table walk, are
//!   translated from logical to real addresses. QEMU's e6500 has no IVOR42.
//! * Machine check is marked asynchronous: its handler never reaches the scheduler, whatever it interrupted.
//!   Debug is synchronous and has a class of its own, with the same effect.

use hal_exc_api::cpu::{Cpu, Features, Group};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Flavor;
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};

const fn standard(n: u8, exception: Exception) -> VectorEntry {
    VectorEntry::synchronous(exception, VectorAddress::Ivor(n), Flavor::Classic)
}

const fn interrupt(n: u8, exception: Exception) -> VectorEntry {
    VectorEntry::asynchronous(exception, VectorAddress::Ivor(n), Flavor::Classic)
}

const fn critical(n: u8, exception: Exception) -> VectorEntry {
    VectorEntry::asynchronous(exception, VectorAddress::Ivor(n), Flavor::Critical)
}

const fn machine_check(flavor: Flavor) -> VectorEntry {
    VectorEntry::asynchronous(Exception::MachineCheck, VectorAddress::Ivor(1), flavor)
}

const fn debug(flavor: Flavor) -> VectorEntry {
    VectorEntry::synchronous(Exception::Debug, VectorAddress::Ivor(15), flavor)
}

/// What every core has: IVOR0 to 14 without 1 (machine check, the pair differs), 7 and 9.
const COMMON: &[VectorEntry] = &[
    critical(0, Exception::CriticalInput),
    standard(2, Exception::DataStorage),
    standard(3, Exception::InstructionStorage),
    interrupt(4, Exception::ExternalInput),
    standard(5, Exception::Alignment),
    standard(6, Exception::Program),
    standard(8, Exception::SystemCall),
    interrupt(10, Exception::Decrementer),
    interrupt(11, Exception::FixedIntervalTimer),
    critical(12, Exception::Watchdog),
    standard(13, Exception::DataTlbMiss),
    standard(14, Exception::InstructionTlbMiss),
];

const FPU: &[VectorEntry] = &[standard(7, Exception::FpUnavailable)];

const SPE: &[VectorEntry] = &[
    standard(32, Exception::SpeUnavailable),
    standard(33, Exception::EmbeddedFpData),
    standard(34, Exception::EmbeddedFpRound),
];

const PERFORMANCE_MONITOR: &[VectorEntry] = &[standard(35, Exception::PerformanceMonitor)];

/// Embedded hypervisor category, without IVOR38 (see above).
const HYPERVISOR: &[VectorEntry] = &[
    interrupt(36, Exception::Doorbell),
    critical(37, Exception::CriticalDoorbell),
    critical(39, Exception::GuestCriticalDoorbell),
    standard(40, Exception::Hypercall),
    standard(41, Exception::HypervisorPrivilege),
];

const CSRR_MACHINE_CHECK: &[VectorEntry] = &[machine_check(Flavor::Critical)];
const MCSRR_MACHINE_CHECK: &[VectorEntry] = &[machine_check(Flavor::MachineCheck)];
const CSRR_DEBUG: &[VectorEntry] = &[debug(Flavor::Critical)];
const DSRR_DEBUG: &[VectorEntry] = &[debug(Flavor::Debug)];

/// e200z0, e200z1: addresses wired to IVPR + 16 n, which is how all tables here are laid out.
const E200: VectorTable =
    VectorTable::new("e200", &VectorEntry::join::<15>(&[COMMON, CSRR_MACHINE_CHECK, FPU, CSRR_DEBUG]));

/// e200z3, z5, z6.
const E200_SPE: VectorTable =
    VectorTable::new("e200 with SPE", &VectorEntry::join::<18>(&[COMMON, CSRR_MACHINE_CHECK, FPU, CSRR_DEBUG, SPE]));

/// e200z4.
const E200_Z4: VectorTable =
    VectorTable::new("e200z4", &VectorEntry::join::<18>(&[COMMON, MCSRR_MACHINE_CHECK, FPU, CSRR_DEBUG, SPE]));

/// e200z7.
const E200_Z7: VectorTable = VectorTable::new(
    "e200z7",
    &VectorEntry::join::<19>(&[COMMON, MCSRR_MACHINE_CHECK, FPU, CSRR_DEBUG, SPE, PERFORMANCE_MONITOR]),
);

/// e500v1, e500v2.
const E500: VectorTable = VectorTable::new(
    "e500",
    &VectorEntry::join::<18>(&[COMMON, MCSRR_MACHINE_CHECK, CSRR_DEBUG, SPE, PERFORMANCE_MONITOR]),
);

/// e500mc, e5500.
const E500MC: VectorTable = VectorTable::new(
    "e500mc",
    &VectorEntry::join::<21>(&[COMMON, MCSRR_MACHINE_CHECK, FPU, DSRR_DEBUG, PERFORMANCE_MONITOR, HYPERVISOR]),
);

const E6500_ONLY: &[VectorEntry] = &[
    standard(9, Exception::ApuUnavailable),
    standard(32, Exception::AltivecUnavailable),
    standard(33, Exception::AltivecAssist),
];

/// e6500.
const E6500: VectorTable = VectorTable::new(
    "e6500",
    &VectorEntry::join::<24>(&[
        COMMON,
        MCSRR_MACHINE_CHECK,
        FPU,
        DSRR_DEBUG,
        PERFORMANCE_MONITOR,
        HYPERVISOR,
        E6500_ONLY,
    ]),
);

/// The vectors of `cpu`, or `None` where another family serves it.
///
/// The group alone does not decide: an e200's rows depend on its machine-check pair, SPE and performance monitor.
#[must_use]
pub fn table(cpu: &Cpu) -> Option<&'static VectorTable> {
    match cpu.group() {
        Group::E200 if cpu.features().contains(Features::PERFORMANCE_MONITOR) => Some(&E200_Z7),
        Group::E200 if cpu.core().machine_check == Flavor::MachineCheck => Some(&E200_Z4),
        Group::E200 if cpu.features().contains(Features::SPE) => Some(&E200_SPE),
        Group::E200 => Some(&E200),
        Group::E500 => Some(&E500),
        Group::E500mc => Some(&E500MC),
        Group::E6500 => Some(&E6500),
        _ => None,
    }
}
