// SPDX-License-Identifier: MIT OR Apache-2.0
//! 602, 603, 603e/ev/r, G2, G2_LE, e300: software table walk with shadow registers.

use super::classic::BASE;
use super::{Core, Features, Group, Model};
use crate::flavor::Flavor;

/// 603 type (MPC603e RISC Microprocessor User's Manual): the TLB-miss vectors enter with MSR\[TGPR\].
const PPC603: Core = Core { features: BASE.features.with(Features::TGPR), ..BASE };

/// G2_LE (G2 PowerPC Core Reference Manual): critical input with CSRR0/1, enabled by MSR bit 0x80; 8 BATs.
const G2_LE: Core = Core { bats: 8, critical_enable: 0x0000_0080, critical: Some(Flavor::Critical), ..PPC603 };

/// e300c1 (e300 Power Architecture Core Family Reference Manual).
const E300C1: Core = G2_LE;

/// e300c2: no FPU; an FP instruction takes the FP unavailable exception.
const E300C2: Core = Core { features: E300C1.features.without(Features::FPU), ..E300C1 };

/// e300c3, e300c4: with the performance monitor.
const E300C3: Core = Core { features: E300C1.features.with(Features::PERFORMANCE_MONITOR), ..E300C1 };

/// The upper half decides.
const FULL: u32 = 0xFFFF_0000;

/// The top bit of the PVR is the integrator's choice on licensed cores.
const LICENSED: u32 = 0x7FFF_0000;

const fn model(name: &'static str, value: u32, mask: u32, group: Group, core: Core) -> Model {
    Model { name, value, mask, group, core }
}

pub(super) const MODELS: &[Model] = &[
    model("603", 0x0003_0000, FULL, Group::Ppc603, PPC603),
    model("602", 0x0005_0000, FULL, Group::Ppc602, PPC603),
    model("603e", 0x0006_0000, FULL, Group::Ppc603, PPC603),
    model("603r", 0x0007_1000, 0xFFFF_F000, Group::Ppc603, PPC603),
    model("603ev", 0x0007_0000, FULL, Group::Ppc603, PPC603),
    // 8240, 8241, 8245, 8250, 8255, 8260, 8264 to 8266.
    model("G2", 0x0081_0000, LICENSED, Group::Ppc603, PPC603),
    // MPC5200, 8247, 8248, 8270 to 8272, 8275, 8280.
    model("G2_LE", 0x0082_0000, LICENSED, Group::G2Le, G2_LE),
    model("e300c1", 0x0083_0000, LICENSED, Group::E300, E300C1),
    model("e300c2", 0x0084_0000, LICENSED, Group::E300, E300C2),
    model("e300c3", 0x0085_0000, LICENSED, Group::E300, E300C3),
    model("e300c4", 0x0086_0000, LICENSED, Group::E300, E300C3),
    model("G2ls", 0x9081_0000, FULL, Group::Ppc603, PPC603),
    model("G2lels", 0xA082_0000, FULL, Group::G2Le, G2_LE),
];
