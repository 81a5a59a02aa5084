// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vector tables of the classic cores.
//!
//! The subject of the chapter on exceptions in each core's manual; [`cpu`](mod@crate::cpu) says what each table was compared with.
//!
//! What differs from core to core, and why the tables are what they are:
//!
//! * All save to SRR0/1. The one exception is critical input of G2_LE and e300 at 0x0A00: CSRR0/1, `rfci`, enabled by
//!   MSR bit 0x80. A plain G2 does not have it.
//! * The 602, 603, G2, G2_LE and e300 enter their three TLB-miss vectors with MSR\[TGPR\], so r0 to r3 are shadow
//!   registers. 745/755 and 744x/745x have the same vectors without the shadow, used when a software table walk is
//!   switched on (HID2\[SWT_EN\], HID0\[STEN\]).
//! * 0x0F20, AltiVec unavailable, is the one vector that is not a multiple of 0x100. It stands 32 bytes behind the
//!   performance monitor and has its own name.
//! * 5xx and 8xx use 0x1000 to 0x1F00 in their own way.
//! * The 601 has trace at 0x2000. Its I/O controller error at 0x0A00 belongs to direct-store segments and is no row.
//! * e300: only c3 and c4 have a performance monitor; the vector lies at the same place on all. 750CX has no system
//!   management and 750CL no thermal management exception, according to QEMU's models; a vector that is
//!   never taken does no harm.
//! * FP unavailable is a row where there is no FPU too: e300c2 delivers it for every FP instruction.
//! * System reset and machine check are marked asynchronous: their handlers never reach the scheduler,
//!   whatever they interrupted.

use hal_exc_api::cpu::{Cpu, Group};
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Flavor;
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};

const fn synchronous(offset: u16, exception: Exception) -> VectorEntry {
    VectorEntry::synchronous(exception, VectorAddress::Offset(offset), Flavor::Classic)
}

const fn asynchronous(offset: u16, exception: Exception) -> VectorEntry {
    VectorEntry::asynchronous(exception, VectorAddress::Offset(offset), Flavor::Classic)
}

/// What every core has.
const COMMON: &[VectorEntry] = &[
    asynchronous(0x0100, Exception::SystemReset),
    asynchronous(0x0200, Exception::MachineCheck),
    asynchronous(0x0500, Exception::ExternalInput),
    synchronous(0x0600, Exception::Alignment),
    synchronous(0x0700, Exception::Program),
    synchronous(0x0800, Exception::FpUnavailable),
    asynchronous(0x0900, Exception::Decrementer),
    synchronous(0x0C00, Exception::SystemCall),
];

const TRACE: &[VectorEntry] = &[synchronous(0x0D00, Exception::Trace)];

/// Trace on the 601, where it is called run mode.
const TRACE_601: &[VectorEntry] = &[synchronous(0x2000, Exception::Trace)];

const STORAGE: &[VectorEntry] =
    &[synchronous(0x0300, Exception::DataStorage), synchronous(0x0400, Exception::InstructionStorage)];

const CRITICAL: &[VectorEntry] =
    &[VectorEntry::asynchronous(Exception::CriticalInput, VectorAddress::Offset(0x0A00), Flavor::Critical)];

const PERFORMANCE_MONITOR: &[VectorEntry] = &[synchronous(0x0F00, Exception::PerformanceMonitor)];

const ALTIVEC: &[VectorEntry] =
    &[synchronous(0x0F20, Exception::AltivecUnavailable), synchronous(0x1600, Exception::AltivecAssist)];

const TLB_MISS: &[VectorEntry] = &[
    synchronous(0x1000, Exception::InstructionTlbMiss),
    synchronous(0x1100, Exception::DataLoadTlbMiss),
    synchronous(0x1200, Exception::DataStoreTlbMiss),
];

const TLB_MISS_TGPR: &[VectorEntry] =
    &[TLB_MISS[0].with_shadow_gprs(), TLB_MISS[1].with_shadow_gprs(), TLB_MISS[2].with_shadow_gprs()];

const BREAKPOINT_AND_SMI: &[VectorEntry] =
    &[synchronous(0x1300, Exception::InstructionBreakpoint), asynchronous(0x1400, Exception::SystemManagement)];

const ONLY_602: &[VectorEntry] =
    &[asynchronous(0x1500, Exception::Watchdog), synchronous(0x1600, Exception::SoftwareEmulation)];

const THERMAL: &[VectorEntry] = &[synchronous(0x1700, Exception::ThermalManagement)];

/// 5xx and 8xx.
const MICROCONTROLLER: &[VectorEntry] = &[
    synchronous(0x0E00, Exception::FpAssist),
    synchronous(0x1000, Exception::SoftwareEmulation),
    synchronous(0x1C00, Exception::DataBreakpoint),
    synchronous(0x1D00, Exception::InstructionBreakpoint),
    synchronous(0x1E00, Exception::PeripheralBreakpoint),
    synchronous(0x1F00, Exception::DevelopmentPort),
];

const PROTECTION_5XX: &[VectorEntry] =
    &[synchronous(0x1300, Exception::InstructionProtection), synchronous(0x1400, Exception::DataProtection)];

const TLB_8XX: &[VectorEntry] = &[
    synchronous(0x1100, Exception::InstructionTlbMiss),
    synchronous(0x1200, Exception::DataTlbMiss),
    synchronous(0x1300, Exception::InstructionTlbError),
    synchronous(0x1400, Exception::DataTlbError),
];

const PPC601: VectorTable = VectorTable::new("601", &VectorEntry::join::<11>(&[COMMON, STORAGE, TRACE_601]));

const MPC5XX: VectorTable =
    VectorTable::new("5xx", &VectorEntry::join::<17>(&[COMMON, TRACE, MICROCONTROLLER, PROTECTION_5XX]));

const MPC8XX: VectorTable =
    VectorTable::new("8xx", &VectorEntry::join::<21>(&[COMMON, STORAGE, TRACE, MICROCONTROLLER, TLB_8XX]));

const PPC602: VectorTable = VectorTable::new(
    "602",
    &VectorEntry::join::<18>(&[COMMON, STORAGE, TRACE, TLB_MISS_TGPR, BREAKPOINT_AND_SMI, ONLY_602]),
);

const PPC603: VectorTable =
    VectorTable::new("603", &VectorEntry::join::<16>(&[COMMON, STORAGE, TRACE, TLB_MISS_TGPR, BREAKPOINT_AND_SMI]));

const G2_LE: VectorTable = VectorTable::new(
    "G2_LE",
    &VectorEntry::join::<17>(&[COMMON, STORAGE, CRITICAL, TRACE, TLB_MISS_TGPR, BREAKPOINT_AND_SMI]),
);

const E300: VectorTable = VectorTable::new(
    "e300",
    &VectorEntry::join::<18>(&[
        COMMON,
        STORAGE,
        CRITICAL,
        TRACE,
        PERFORMANCE_MONITOR,
        TLB_MISS_TGPR,
        BREAKPOINT_AND_SMI,
    ]),
);

const PPC604: VectorTable = VectorTable::new(
    "604",
    &VectorEntry::join::<14>(&[COMMON, STORAGE, TRACE, PERFORMANCE_MONITOR, BREAKPOINT_AND_SMI]),
);

const PPC750: VectorTable = VectorTable::new(
    "750",
    &VectorEntry::join::<15>(&[COMMON, STORAGE, TRACE, PERFORMANCE_MONITOR, BREAKPOINT_AND_SMI, THERMAL]),
);

const PPC755: VectorTable = VectorTable::new(
    "755",
    &VectorEntry::join::<18>(&[COMMON, STORAGE, TRACE, PERFORMANCE_MONITOR, TLB_MISS, BREAKPOINT_AND_SMI, THERMAL]),
);

const PPC7400: VectorTable = VectorTable::new(
    "7400",
    &VectorEntry::join::<17>(&[COMMON, STORAGE, TRACE, PERFORMANCE_MONITOR, ALTIVEC, BREAKPOINT_AND_SMI, THERMAL]),
);

const PPC7450: VectorTable = VectorTable::new(
    "7450",
    &VectorEntry::join::<19>(&[COMMON, STORAGE, TRACE, PERFORMANCE_MONITOR, ALTIVEC, TLB_MISS, BREAKPOINT_AND_SMI]),
);

const PSIM: VectorTable = VectorTable::new(
    "psim",
    &VectorEntry::join::<18>(&[COMMON, STORAGE, TRACE, ALTIVEC, TLB_MISS, BREAKPOINT_AND_SMI]),
);

/// The vectors of `cpu`, or `None` where another family serves it, or none (620, 970).
#[must_use]
pub fn table(cpu: &Cpu) -> Option<&'static VectorTable> {
    match cpu.group() {
        Group::Ppc601 => Some(&PPC601),
        Group::Mpc5xx => Some(&MPC5XX),
        Group::Mpc8xx => Some(&MPC8XX),
        Group::Ppc602 => Some(&PPC602),
        Group::Ppc603 => Some(&PPC603),
        Group::G2Le => Some(&G2_LE),
        Group::E300 => Some(&E300),
        Group::Ppc604 => Some(&PPC604),
        Group::Ppc750 => Some(&PPC750),
        Group::Ppc755 => Some(&PPC755),
        Group::Ppc7400 => Some(&PPC7400),
        Group::Ppc7450 => Some(&PPC7450),
        Group::Psim => Some(&PSIM),
        _ => None,
    }
}
