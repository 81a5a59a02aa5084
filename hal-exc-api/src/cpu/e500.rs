// SPDX-License-Identifier: MIT OR Apache-2.0
//! e500v1, e500v2, e500mc, e5500, e6500.

use super::{Core, FaultRegisters, Features, Group, Model, TickTimer, VectorBase};
use crate::flavor::Flavor;

/// e500v1 (PowerPC e500 Core Family Reference Manual): SPE, no FPRs, debug is critical class.
const V1: Core = Core {
    features: Features::SPE
        .with(Features::ISEL)
        .with(Features::RFMCI)
        .with(Features::SMP)
        .with(Features::WRTEEI)
        .with(Features::MMU)
        .with(Features::TIME_BASE)
        .with(Features::PERFORMANCE_MONITOR),
    cache_line: 32,
    bats: 0,
    critical_enable: 0x0002_0000,
    critical: Some(Flavor::Critical),
    machine_check: Flavor::MachineCheck,
    debug: Some(Flavor::Critical),
    vector_base: VectorBase::Ivpr,
    tick: TickTimer::DecrementerReload,
    fault: FaultRegisters::DearBookE,
};

/// e500v2 (the same manual): 36-bit physical addresses.
const V2: Core = Core { features: V1.features.with(Features::MAS7), ..V1 };

/// e500mc (e500mc Core Reference Manual): FPRs, enhanced debug with DSRR0/1, MSR\[RI\].
const MC: Core = Core {
    features: Features::FPU
        .with(Features::ISEL)
        .with(Features::RFMCI)
        .with(Features::RFDI)
        .with(Features::RI)
        .with(Features::SMP)
        .with(Features::LWSYNC)
        .with(Features::WRTEEI)
        .with(Features::MMU)
        .with(Features::TIME_BASE)
        .with(Features::PERFORMANCE_MONITOR)
        .with(Features::MAS7),
    cache_line: 64,
    debug: Some(Flavor::Debug),
    ..V2
};

const E5500: Core = Core { features: MC.features.with(Features::PPC64), ..MC };

const E6500: Core = Core { features: E5500.features.with(Features::ALTIVEC), ..E5500 };

const fn model(name: &'static str, upper: u32, group: Group, core: Core) -> Model {
    Model { name, value: upper << 16, mask: 0xFFFF_0000, group, core }
}

pub(super) const MODELS: &[Model] = &[
    model("e500v1", 0x8020, Group::E500, V1),
    model("e500v2", 0x8021, Group::E500, V2),
    model("e500mc", 0x8023, Group::E500mc, MC),
    model("e5500", 0x8024, Group::E500mc, E5500),
    model("e6500", 0x8040, Group::E6500, E6500),
];
