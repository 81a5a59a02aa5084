// SPDX-License-Identifier: MIT OR Apache-2.0
//! What all classic cores have in common, and the ones that are related to no other: 601, 604, 620, 5xx, 8xx,
//! 970, and the PSIM simulator.

use super::{Core, FaultRegisters, Features, Group, Model, TickTimer, VectorBase};
use crate::flavor::Flavor;

/// Vectors at MSR\[IP\], SRR0/1 for everything, DAR/DSISR, a decrementer that the handler re-arms.
pub(super) const BASE: Core = Core {
    features: Features::FPU.with(Features::RI).with(Features::MMU).with(Features::TIME_BASE),
    cache_line: 32,
    bats: 4,
    critical_enable: 0,
    critical: None,
    machine_check: Flavor::Classic,
    debug: None,
    vector_base: VectorBase::MsrIp,
    tick: TickTimer::Decrementer,
    fault: FaultRegisters::DarDsisr,
};

/// 601 (PowerPC 601 RISC Microprocessor User's Manual): no MSR\[RI\], a real-time clock instead of the time base.
const PPC601: Core =
    Core { features: Features::FPU.with(Features::MMU).with(Features::HW_TABLE_WALK).with(Features::SMP), ..BASE };

/// 604, 604e, 604r (PowerPC 604e RISC Microprocessor User's Manual).
const PPC604: Core = Core {
    features: BASE.features.with(Features::HW_TABLE_WALK).with(Features::SMP).with(Features::PERFORMANCE_MONITOR),
    ..BASE
};

/// 620: 64 bit, 64-byte lines; here only to be refused by name.
const PPC620: Core = Core { features: PPC604.features.with(Features::PPC64), cache_line: 64, ..BASE };

/// 970, 970FX, 970MP: 64 bit, 128-byte lines, no BATs; here only to be refused by name.
const PPC970: Core =
    Core { features: PPC620.features.with(Features::ALTIVEC).with(Features::LWSYNC), cache_line: 128, bats: 0, ..BASE };

/// MPC5xx (RCPU Reference Manual): FPU, neither MMU nor data cache; 16 keeps cache loops finite.
const MPC5XX: Core = Core { features: BASE.features.without(Features::MMU), cache_line: 16, bats: 0, ..BASE };

/// MPC8xx (MPC860 PowerQUICC Family User's Manual): no FPU, no BATs, 16-byte lines.
const MPC8XX: Core = Core { features: BASE.features.without(Features::FPU), cache_line: 16, bats: 0, ..BASE };

/// PSIM, the simulator in GDB; the PVR is set by its device file.
const PSIM: Core = Core { features: BASE.features.with(Features::ALTIVEC).with(Features::HW_TABLE_WALK), ..BASE };

const fn model(name: &'static str, upper: u32, group: Group, core: Core) -> Model {
    Model { name, value: upper << 16, mask: 0xFFFF_0000, group, core }
}

pub(super) const MODELS: &[Model] = &[
    model("601", 0x0001, Group::Ppc601, PPC601),
    model("MPC5xx", 0x0002, Group::Mpc5xx, MPC5XX),
    model("604", 0x0004, Group::Ppc604, PPC604),
    // Bits 15:12 are 0 on the 604e and something else on the 604r that kept its number.
    Model { name: "604e", value: 0x0009_0000, mask: 0xFFFF_F000, group: Group::Ppc604, core: PPC604 },
    model("604r", 0x0009, Group::Ppc604, PPC604),
    model("604r", 0x000A, Group::Ppc604, PPC604),
    // The numbers under which the 620 is found in the wild differ by source; both mean a 620.
    model("620", 0x0014, Group::Ppc620, PPC620),
    model("620", 0x0016, Group::Ppc620, PPC620),
    Model { name: "970FX", value: 0x0039_1000, mask: 0xFFFF_F000, group: Group::Ppc970, core: PPC970 },
    model("970", 0x0039, Group::Ppc970, PPC970),
    model("970FX", 0x003C, Group::Ppc970, PPC970),
    model("970MP", 0x0044, Group::Ppc970, PPC970),
    model("MPC8xx", 0x0050, Group::Mpc8xx, MPC8XX),
    model("PSIM", 0xFFFE, Group::Psim, PSIM),
];
