// SPDX-License-Identifier: MIT OR Apache-2.0
//! 740, 750, 745, 755 and IBM's descendants.
//!
//! The upper half 0x0008 is shared by chips with different vectors. 745/755 hold 0x0008_3xxx, but three 750CXe and
//! 750CXR revisions were numbered into the middle of that range: they stand first, and exactly.

use super::classic::BASE;
use super::{Core, Features, Group, Model};

/// 740, 750 (MPC750 RISC Microprocessor Family User's Manual): hardware table walk, 4 BATs.
const PPC750: Core =
    Core { features: BASE.features.with(Features::HW_TABLE_WALK).with(Features::PERFORMANCE_MONITOR), ..BASE };

/// 745, 755, 750FX, 750GX, 750CL: 8 BATs.
const EIGHT_BATS: Core = Core { bats: 8, ..PPC750 };

const EXACT: u32 = 0xFFFF_FFFF;

const fn model(name: &'static str, value: u32, mask: u32, core: Core) -> Model {
    Model { name, value, mask, group: Group::Ppc750, core }
}

pub(super) const MODELS: &[Model] = &[
    // 750CXe v2.4b, the console chip named Gekko.
    model("750CXe", 0x0008_3214, EXACT, PPC750),
    model("750CXe", 0x0008_3311, EXACT, PPC750),
    model("750CXR", 0x0008_3410, EXACT, PPC750),
    Model { group: Group::Ppc755, ..model("745/755", 0x0008_3000, 0xFFFF_F000, EIGHT_BATS) },
    model("750CXe", 0x0008_2210, 0xFFFF_FFF0, PPC750),
    model("750CXe", 0x0008_2300, 0xFFFF_FF00, PPC750),
    model("750CX", 0x0008_2000, 0xFFFF_F000, PPC750),
    model("750CL", 0x0008_7000, 0xFFFF_F000, EIGHT_BATS),
    model("750L", 0x0008_8000, 0xFFFF_F000, PPC750),
    model("740/750", 0x0008_0000, 0xFFFF_0000, PPC750),
    model("740P/750P", 0x1008_0000, 0xFFFF_0000, PPC750),
    model("750FX", 0x7000_0000, 0xFFFF_0000, EIGHT_BATS),
    model("750GX", 0x7002_0000, 0xFFFF_0000, EIGHT_BATS),
];
