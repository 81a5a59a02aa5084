// SPDX-License-Identifier: MIT OR Apache-2.0
//! 440, 460, 464.
//!
//! The upper half names the chip, so it comes first and covers revisions that nobody has seen yet. Firmware may
//! report a *logical* PVR with other bits in the middle (0x2000_08D0 for a 440EPx); what remains constant then is the top
//! nibble and the low twelve bits, and those rows come last.
//!
//! EP and GR, EPx and GRx, are pairs with and without an FPU under one PVR. Where a logical PVR has bit 3 set,
//! it says EP.

use super::{Core, FaultRegisters, Features, Group, Model, TickTimer, VectorBase};
use crate::flavor::Flavor;

/// 440GP, 440SP (PPC440x4 and PPC440x5 CPU Core User's Manuals): machine check is critical class.
const CSRR: Core = Core {
    features: Features::MMU.with(Features::TIME_BASE).with(Features::ISEL).with(Features::WRTEEI),
    cache_line: 32,
    bats: 0,
    critical_enable: 0x0002_0000,
    critical: Some(Flavor::Critical),
    machine_check: Flavor::Critical,
    debug: Some(Flavor::Critical),
    vector_base: VectorBase::Ivpr,
    tick: TickTimer::DecrementerReload,
    fault: FaultRegisters::DearBookE,
};

/// 440GX, 440SPe, 460SX: machine check has its own pair.
const MCSRR: Core = Core { features: CSRR.features.with(Features::RFMCI), machine_check: Flavor::MachineCheck, ..CSRR };

const fn with_fpu(core: Core) -> Core {
    Core { features: core.features.with(Features::FPU), ..core }
}

/// With an FPU unless the chip is the sibling that lacks it.
const fn with_fpu_or_sibling(core: Core) -> Core {
    Core { features: core.features.with(Features::FPU).with(Features::FPU_OPTIONAL), ..core }
}

/// 440x5 in the Virtex-5: an FPU is what the design in the fabric makes it.
const X5: Core = Core { features: MCSRR.features.with(Features::FPU_OPTIONAL), ..MCSRR };

const fn model(name: &'static str, value: u32, mask: u32, core: Core) -> Model {
    Model { name, value, mask, group: Group::Ppc440, core }
}

/// The upper half decides.
const CHIP: u32 = 0xFFFF_0000;
/// As `CHIP`, for chips with two numbers in that bit.
const CHIP_PAIR: u32 = 0xFFEF_0000;
/// Chip and the low twelve bits.
const CHIP_LOW12: u32 = 0xFFFF_0FFF;
/// Top nibble and the low twelve bits.
const LOW12: u32 = 0xF000_0FFF;

pub(super) const MODELS: &[Model] = &[
    model("464 (APM821xx)", 0x12C4_0000, CHIP, with_fpu(MCSRR)),
    model("460EX", 0x1302_0002, 0xFFFF_0006, with_fpu(MCSRR)),
    model("460EX", 0x1302_0004, 0xFFFF_0007, with_fpu(MCSRR)),
    model("460GT", 0x1302_0000, 0xFFFF_0006, with_fpu(MCSRR)),
    model("460GT", 0x1302_0005, 0xFFFF_0007, with_fpu(MCSRR)),
    model("460EX/GT", 0x1302_0000, CHIP, with_fpu(MCSRR)),
    model("460SX/GX", 0x1354_0000, CHIP, MCSRR),
    model("440EPx/GRx", 0x2162_0000, CHIP, with_fpu_or_sibling(MCSRR)),
    model("440GP", 0x4012_0000, CHIP, CSRR),
    model("440EP", 0x4222_0858, CHIP_LOW12, with_fpu(CSRR)),
    model("440EP", 0x4222_08DB, CHIP_LOW12, with_fpu(CSRR)),
    model("440EP/GR", 0x4222_0000, CHIP, with_fpu_or_sibling(CSRR)),
    model("440GX", 0x51B2_0000, CHIP, MCSRR),
    model("440SP", 0x5322_0000, CHIP_PAIR, CSRR),
    model("440SPe", 0x5342_0000, CHIP_PAIR, MCSRR),
    model("440x5", 0x7FF2_0000, CHIP, X5),
    model("440SP", 0x5320_0891, 0xFFF0_0FFF, CSRR),
    model("440SPe", 0x5340_0890, 0xFFF0_0FFF, MCSRR),
    model("440SPe", 0x5340_0891, 0xFFF0_0FFF, MCSRR),
    model("440EPx/GRx", 0x2000_08D0, 0xF000_0FFB, with_fpu_or_sibling(MCSRR)),
    model("440EPx", 0x2000_08D8, 0xF000_0FFB, with_fpu(MCSRR)),
    model("440GP", 0x4000_0440, LOW12, CSRR),
    model("440GP", 0x4000_0481, LOW12, CSRR),
    model("440EP/GR", 0x4000_0850, LOW12, with_fpu_or_sibling(CSRR)),
    model("440EP", 0x4000_0858, LOW12, with_fpu(CSRR)),
    model("440EP/GR", 0x4000_08D3, LOW12, with_fpu_or_sibling(CSRR)),
    model("440EP", 0x4000_08DB, LOW12, with_fpu(CSRR)),
    model("440EP/GR", 0x4000_08D4, 0xF000_0FF7, with_fpu_or_sibling(CSRR)),
    model("440GX", 0x5000_0850, LOW12, MCSRR),
    model("440GX", 0x5000_0851, LOW12, MCSRR),
    model("440GX", 0x5000_0892, LOW12, MCSRR),
    model("440GX", 0x5000_0894, LOW12, MCSRR),
];
