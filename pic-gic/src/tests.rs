// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real drivers against the behaving models.

mod bad_input;
mod behaviour;
mod defects;
mod double;
mod irq_manager;
mod property;
mod register_map;
mod restore;
mod set_up;
mod takeover;

use crate::model::{Block, Block3, Model, Shape, Sys};
use crate::v2::GicV2;
use crate::v3::{GicV3, Region};
use hal_exc_api::pic::{Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, Line, LineMask};

/// A v1 or v2 controller with every core up; `fiq` armed.
fn v2(model: &Model, cpus: usize) -> GicV2<Block<'_>> {
    let gic = GicV2::new(model.gicd(), model.gicc(), true).unwrap();
    up(model, &gic, cpus);
    gic
}

/// A v3 controller with every core up; `fiq` armed.
fn v3(model: &Model, cpus: usize) -> GicV3<Block3<'_>, Sys<'_>> {
    let region = Region { regs: model.gicr(0, cpus), size: cpus * model.stride() };
    model.run_on(0);
    let gic = GicV3::new(model.gicd3(), [region], model.sys(), true).unwrap();
    up(model, &gic, cpus);
    gic
}

fn up(model: &Model, gic: &impl CpuInterface, cpus: usize) {
    for n in (0..cpus).rev() {
        model.run_on(n);
        gic.init_cpu(cpu(n)).unwrap();
    }
}

fn cpu(n: usize) -> CpuId {
    CpuId::new(n).unwrap()
}

/// Enables SGI `n` on every core.
fn enable_everywhere(model: &Model, gic: &impl LineMask, line: u16, cpus: usize) {
    for n in (0..cpus).rev() {
        model.run_on(n);
        gic.enable(Line::new(line)).unwrap();
    }
}

/// Acknowledges and ends on `n`; line and source.
fn serve(model: &Model, gic: &impl Acknowledge, n: usize) -> Option<(u16, Option<usize>)> {
    model.run_on(n);
    match gic.acknowledge(cpu(n)) {
        Acknowledged::Claimed(claim) => {
            let seen = (claim.line().number(), claim.source_cpu().map(CpuId::index));
            gic.end(claim);
            Some(seen)
        }
        Acknowledged::Spurious => None,
        Acknowledged::Unknown(vector) => panic!("{vector:?}"),
    }
}

/// Nothing that the architecture leaves unpredictable was done.
fn lawful(model: &Model) {
    assert_eq!(model.violations(), std::vec::Vec::<std::string::String>::new());
}

/// Every shape of v1 and v2.
const V2_SHAPES: [Shape; 5] = [
    Shape::V1,
    Shape { security: false, ..Shape::V1 },
    Shape::V2,
    Shape { security: false, bits: 8, cpus: 8, ..Shape::V2 },
    Shape { lines: 1024, cpus: 1, bits: 4, ..Shape::V2 },
];

/// Every shape of v3: one state, Secure, Non-secure; three and four frames; 5 to 8 bits.
const V3_SHAPES: [Shape; 5] = [
    Shape::V3,
    Shape { security: true, secure: true, ..Shape::V3 },
    Shape { security: true, secure: false, bits: 8, ..Shape::V3 },
    Shape { vlpis: true, revision: 4, bits: 6, ..Shape::V3 },
    Shape { extended: 0, bits: 7, ..Shape::V3 },
];

/// Three clusters, one of them with Aff0 above 15, in an order that is not the affinities'.
const CLUSTERS: Shape =
    Shape { extended: 0, affinities: [0x100, 0x101, 0, 1, 0x1_0000, 0x1_0010, 7, 8], cpus: 6, ..Shape::V3 };
