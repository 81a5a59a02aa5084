// SPDX-License-Identifier: MIT OR Apache-2.0
//! 7400, 7410, 744x, 745x, 7448, e600: AltiVec.

use super::classic::BASE;
use super::{Core, Features, Group, Model};

/// 7400, 7410 (MPC7410 and MPC7400 RISC Microprocessor Reference Manual) and, with the same 4 BATs, 7450.
const FOUR_BATS: Core = Core {
    features: BASE
        .features
        .with(Features::ALTIVEC)
        .with(Features::HW_TABLE_WALK)
        .with(Features::SMP)
        .with(Features::PERFORMANCE_MONITOR),
    ..BASE
};

/// 7455 and later, e600 (MPC7450 RISC Microprocessor Family Reference Manual): 8 BATs.
const EIGHT_BATS: Core = Core { bats: 8, ..FOUR_BATS };

const fn model(name: &'static str, upper: u32, group: Group, core: Core) -> Model {
    Model { name, value: upper << 16, mask: 0xFFFF_0000, group, core }
}

pub(super) const MODELS: &[Model] = &[
    model("7400", 0x000C, Group::Ppc7400, FOUR_BATS),
    model("7410", 0x800C, Group::Ppc7400, FOUR_BATS),
    model("7441/7450/7451", 0x8000, Group::Ppc7450, FOUR_BATS),
    model("7445/7455", 0x8001, Group::Ppc7450, EIGHT_BATS),
    model("7447/7457", 0x8002, Group::Ppc7450, EIGHT_BATS),
    model("7447A/7457A", 0x8003, Group::Ppc7450, EIGHT_BATS),
    // 8610, 8641, 8641D: the configuration byte is 0 there, 1 or more on a 7448.
    Model { mask: 0xFFFF_FF00, ..model("e600", 0x8004, Group::Ppc7450, EIGHT_BATS) },
    model("7448", 0x8004, Group::Ppc7450, EIGHT_BATS),
];
