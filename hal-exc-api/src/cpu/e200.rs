// SPDX-License-Identifier: MIT OR Apache-2.0
//! e200z0, z1, z3 to z7.
//!
//! Only the upper twelve bits of the PVR tell the core; the next four bits tell the chip it sits in.

use super::{Core, FaultRegisters, Features, Group, Model, TickTimer, VectorBase};
use crate::flavor::Flavor;

/// z1: IVORs wired to steps of 16 bytes, no SPE.
const Z1: Core = Core {
    features: Features::ISEL.with(Features::RFDI).with(Features::WRTEEI).with(Features::MMU).with(Features::TIME_BASE),
    cache_line: 32,
    bats: 0,
    critical_enable: 0x0002_0000,
    critical: Some(Flavor::Critical),
    machine_check: Flavor::Critical,
    // HID0[DAPUEN] is 0 after reset: CSRR0/1, although `rfdi` exists.
    debug: Some(Flavor::Critical),
    vector_base: VectorBase::IvprFixed,
    tick: TickTimer::DecrementerReload,
    fault: FaultRegisters::DearBookE,
};

/// z0: as z1, without MMU and timers; it executes VLE code only, so this workspace's images cannot run on it.
const Z0: Core = Core { features: Z1.features.without(Features::MMU).without(Features::TIME_BASE), ..Z1 };

/// z3, z5, z6: IVORs that can be written, SPE, machine check is critical class.
const SPE: Core = Core { features: Z1.features.with(Features::SPE), vector_base: VectorBase::Ivpr, ..Z1 };

/// z4: machine check has its own pair.
const Z4: Core = Core { features: SPE.features.with(Features::RFMCI), machine_check: Flavor::MachineCheck, ..SPE };

/// z7: as z4, and a performance monitor.
const Z7: Core = Core { features: Z4.features.with(Features::PERFORMANCE_MONITOR), ..Z4 };

const fn model(name: &'static str, upper: u32, core: Core) -> Model {
    Model { name, value: upper << 16, mask: 0xFFF0_0000, group: Group::E200, core }
}

pub(super) const MODELS: &[Model] = &[
    model("e200z0", 0x8170, Z0),
    model("e200z1", 0x8140, Z1),
    model("e200z3", 0x8120, SPE),
    model("e200z4", 0x8150, Z4),
    model("e200z5", 0x8100, SPE),
    // The z3 of the MPC5534 has a number of this range too (0x8112); its exceptions are the same.
    model("e200z6", 0x8110, SPE),
    model("e200z7", 0x8160, Z7),
];
