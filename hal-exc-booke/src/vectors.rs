// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vector tables of 403, 405 and 440/460/464.
//!
//! The subject of the chapter on interrupts in each core's manual; [`cpu`](mod@crate::cpu) says what each table was compared with.
//!
//! What differs from core to core, and why the tables are what they are:
//!
//! * 403 and 405: offsets from EVPR. The three timers stand 16 bytes apart at 0x1000, data TLB miss is 0x1100 and
//!   instruction TLB miss 0x1200, debug is 0x2000. Critical input, machine check, watchdog and debug save to SRR2/3.
//! * The programmable interval timer does the decrementer's work, so it has the decrementer's name.
//! * 403GA and 403GB have no MMU: no instruction storage and no TLB misses, and data storage is their protection exception.
//! * 440: IVOR0 to IVOR15. Machine check saves to CSRR0/1 on 440GP, 440EP/GR and 440SP, to MCSRR0/1 on all later
//!   ones; the descriptor of the core says which, the table follows it.
//! * Machine check is marked asynchronous: its handler never reaches the scheduler, whatever it interrupted.
//!   Debug is synchronous and has a class of its own, with the same effect.

use hal_exc_api::cpu::{Cpu, Features, Group};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Flavor;
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};

mod ppc405 {
    use super::{Exception, Flavor, VectorAddress, VectorEntry};

    const fn synchronous(offset: u16, exception: Exception) -> VectorEntry {
        VectorEntry::synchronous(exception, VectorAddress::Offset(offset), Flavor::Classic)
    }

    const fn interrupt(offset: u16, exception: Exception) -> VectorEntry {
        VectorEntry::asynchronous(exception, VectorAddress::Offset(offset), Flavor::Classic)
    }

    const fn critical(offset: u16, exception: Exception) -> VectorEntry {
        VectorEntry::asynchronous(exception, VectorAddress::Offset(offset), Flavor::Critical405)
    }

    /// What the 403GA has, and everything after it.
    pub(super) const COMMON: &[VectorEntry] = &[
        critical(0x0100, Exception::CriticalInput),
        critical(0x0200, Exception::MachineCheck),
        synchronous(0x0300, Exception::DataStorage),
        interrupt(0x0500, Exception::ExternalInput),
        synchronous(0x0600, Exception::Alignment),
        synchronous(0x0700, Exception::Program),
        synchronous(0x0C00, Exception::SystemCall),
        interrupt(0x1000, Exception::Decrementer),
        interrupt(0x1010, Exception::FixedIntervalTimer),
        critical(0x1020, Exception::Watchdog),
        VectorEntry::synchronous(Exception::Debug, VectorAddress::Offset(0x2000), Flavor::Critical405),
    ];

    pub(super) const MMU: &[VectorEntry] = &[
        synchronous(0x0400, Exception::InstructionStorage),
        synchronous(0x1100, Exception::DataTlbMiss),
        synchronous(0x1200, Exception::InstructionTlbMiss),
    ];

    /// The auxiliary processor interface of the 405 core.
    pub(super) const AUXILIARY: &[VectorEntry] =
        &[synchronous(0x0800, Exception::FpUnavailable), synchronous(0x0F20, Exception::ApuUnavailable)];
}

mod ppc440 {
    use super::{Exception, Flavor, VectorAddress, VectorEntry};

    const fn standard(n: u8, exception: Exception) -> VectorEntry {
        VectorEntry::synchronous(exception, VectorAddress::Ivor(n), Flavor::Classic)
    }

    const fn interrupt(n: u8, exception: Exception) -> VectorEntry {
        VectorEntry::asynchronous(exception, VectorAddress::Ivor(n), Flavor::Classic)
    }

    const fn critical(n: u8, exception: Exception) -> VectorEntry {
        VectorEntry::asynchronous(exception, VectorAddress::Ivor(n), Flavor::Critical)
    }

    /// IVOR0 to IVOR15 without machine check.
    pub(super) const COMMON: &[VectorEntry] = &[
        critical(0, Exception::CriticalInput),
        standard(2, Exception::DataStorage),
        standard(3, Exception::InstructionStorage),
        interrupt(4, Exception::ExternalInput),
        standard(5, Exception::Alignment),
        standard(6, Exception::Program),
        standard(7, Exception::FpUnavailable),
        standard(8, Exception::SystemCall),
        standard(9, Exception::ApuUnavailable),
        interrupt(10, Exception::Decrementer),
        interrupt(11, Exception::FixedIntervalTimer),
        critical(12, Exception::Watchdog),
        standard(13, Exception::DataTlbMiss),
        standard(14, Exception::InstructionTlbMiss),
        VectorEntry::synchronous(Exception::Debug, VectorAddress::Ivor(15), Flavor::Critical),
    ];

    pub(super) const CSRR_MACHINE_CHECK: &[VectorEntry] =
        &[VectorEntry::asynchronous(Exception::MachineCheck, VectorAddress::Ivor(1), Flavor::Critical)];

    pub(super) const MCSRR_MACHINE_CHECK: &[VectorEntry] =
        &[VectorEntry::asynchronous(Exception::MachineCheck, VectorAddress::Ivor(1), Flavor::MachineCheck)];
}

/// 403GA, 403GB.
const PPC403_REAL: VectorTable = VectorTable::new("403 without MMU", &VectorEntry::join::<11>(&[ppc405::COMMON]));

/// 403GC, 403GCX.
const PPC403: VectorTable = VectorTable::new("403", &VectorEntry::join::<14>(&[ppc405::COMMON, ppc405::MMU]));

const PPC405: VectorTable =
    VectorTable::new("405", &VectorEntry::join::<16>(&[ppc405::COMMON, ppc405::MMU, ppc405::AUXILIARY]));

/// 440GP, 440EP/GR, 440SP.
const PPC440: VectorTable =
    VectorTable::new("440", &VectorEntry::join::<16>(&[ppc440::COMMON, ppc440::CSRR_MACHINE_CHECK]));

/// 440EPx/GRx, 440GX, 440SPe, 440x5, 460, 464.
const PPC440_MCSRR: VectorTable =
    VectorTable::new("440 with MCSRR", &VectorEntry::join::<16>(&[ppc440::COMMON, ppc440::MCSRR_MACHINE_CHECK]));

/// The vectors of `cpu`, or `None` where another family serves it.
///
/// The group alone does not decide: a 403's rows depend on its MMU, a 440's on its machine-check pair.
#[must_use]
pub fn table(cpu: &Cpu) -> Option<&'static VectorTable> {
    match cpu.group() {
        Group::Ppc403 if cpu.features().contains(Features::MMU) => Some(&PPC403),
        Group::Ppc403 => Some(&PPC403_REAL),
        Group::Ppc405 => Some(&PPC405),
        Group::Ppc440 if cpu.core().machine_check == Flavor::MachineCheck => Some(&PPC440_MCSRR),
        Group::Ppc440 => Some(&PPC440),
        _ => None,
    }
}
