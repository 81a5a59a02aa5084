// SPDX-License-Identifier: MIT OR Apache-2.0
//! 403 and 405.

use super::{Core, FaultRegisters, Features, Group, Model, TickTimer, VectorBase};
use crate::flavor::Flavor;

/// 405 (PPC405Fx Embedded Processor Core User's Manual): SRR2/3 for critical, machine check and debug; PIT.
const PPC405: Core = Core {
    features: Features::MMU.with(Features::TIME_BASE).with(Features::WRTEEI),
    cache_line: 32,
    bats: 0,
    critical_enable: 0x0002_0000,
    critical: Some(Flavor::Critical405),
    machine_check: Flavor::Critical405,
    debug: Some(Flavor::Critical405),
    vector_base: VectorBase::Evpr,
    tick: TickTimer::Pit,
    fault: FaultRegisters::Dear405,
};

/// 403GC, 403GCX (PowerPC 403GCX Embedded Controller User's Manual): 16-byte lines; the time base has other numbers.
const PPC403: Core = Core { features: Features::MMU.with(Features::WRTEEI), cache_line: 16, ..PPC405 };

/// 403GA, 403GB: no MMU.
const PPC403_REAL: Core = Core { features: Features::WRTEEI, ..PPC403 };

const fn ppc405(name: &'static str, upper: u32) -> Model {
    Model { name, value: upper << 16, mask: 0xFFFF_0000, group: Group::Ppc405, core: PPC405 }
}

/// The low four bits of a 405EX's PVR tell EX from EXr, with and without the security engine.
const fn ppc405ex(name: &'static str, low: u32) -> Model {
    Model { value: 0x1291_0000 | low, mask: 0xFFFF_000F, ..ppc405(name, 0x1291) }
}

const fn ppc403(name: &'static str, value: u32, mask: u32, core: Core) -> Model {
    Model { name, value, mask, group: Group::Ppc403, core }
}

pub(super) const MODELS: &[Model] = &[
    ppc403("403GCX", 0x0020_1000, 0xFFFF_F000, PPC403),
    ppc403("403GA", 0x0020_0000, 0xFFFF_FF00, PPC403_REAL),
    ppc403("403GB", 0x0020_0100, 0xFFFF_FF00, PPC403_REAL),
    ppc403("403GC", 0x0020_0000, 0xFFFF_0000, PPC403),
    ppc405ex("405EX", 0x3),
    ppc405ex("405EX", 0x5),
    ppc405ex("405EX", 0x7),
    ppc405ex("405EX", 0xD),
    ppc405ex("405EX", 0xF),
    ppc405ex("405EXr", 0x0),
    ppc405ex("405EXr", 0x1),
    ppc405ex("405EXr", 0x2),
    ppc405ex("405EXr", 0x9),
    ppc405ex("405EXr", 0xB),
    ppc405("405EX/EXr", 0x1291),
    // Virtex-II Pro and Virtex-4 FX carry the same core under the same number.
    ppc405("405D2", 0x2001),
    Model { value: 0x4011_0041, mask: 0xFFFF_FFFF, ..ppc405("405CR", 0x4011) },
    Model { value: 0x4011_00C5, mask: 0xFFFF_FFFF, ..ppc405("405CR", 0x4011) },
    // Revision E of the GP and revision C of the CR are one number.
    Model { value: 0x4011_0145, mask: 0xFFFF_FFFF, ..ppc405("405GP/CR", 0x4011) },
    ppc405("405GP", 0x4011),
    ppc405("STB03", 0x4031),
    ppc405("NPe4GS3", 0x40B1),
    ppc405("NPe405H", 0x4141),
    ppc405("405EZ", 0x4151),
    ppc405("NPe405L", 0x4161),
    ppc405("STB04/405D4", 0x4181),
    ppc405("405LP", 0x41F1),
    ppc405("405GPr", 0x5091),
    ppc405("405EP", 0x5121),
    ppc405("STBx25", 0x5151),
    ppc405("APM8018x", 0x7FF1),
];
