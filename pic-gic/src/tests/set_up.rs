// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the drivers ask of the hardware and how they set it up.

use super::{V2_SHAPES, V3_SHAPES, cpu, lawful, serve, v2, v3};
use crate::IntId;
use crate::model::{Model, Shape};
use hal_exc_api::pic::{Acknowledge, Acknowledged, Line, LineMask, LinePending, LineTrigger, TriggerMode};

const LINE: u16 = 40;

/// Group 1, where the ordinary lines are, follows the one binary point.
#[test]
fn the_binary_point_counts_for_ordinary_lines() {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        let gic = v2(&model, shape.cpus);
        model.run_on(0);
        for (id, priority) in [(LINE, 0xb0), (LINE + 1, 0xa0), (LINE + 2, 0x70)] {
            gic.distributor().set_priority(IntId::new(id.into()).unwrap(), priority).unwrap();
            gic.enable(Line::new(id)).unwrap();
        }
        let preempts = |line| {
            gic.raise(cpu(0), Line::new(LINE)).unwrap();
            let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(0)) else { panic!("pending") };
            gic.raise(cpu(0), Line::new(line)).unwrap();
            let preempts = model.signal(0).is_some();
            if preempts {
                assert_eq!(serve(&model, &gic, 0), Some((line, None)));
            }
            gic.end(claim);
            if !preempts {
                assert_eq!(serve(&model, &gic, 0), Some((line, None)));
            }
            preempts
        };
        assert!(preempts(LINE + 1), "finest at first");
        assert_eq!(gic.interface().set_binary_point(5), 5);
        assert!(!preempts(LINE + 1), "0xa0 and 0xb0 differ only in what does not matter: {shape:?}");
        assert!(preempts(LINE + 2));
        assert_eq!(gic.interface().set_binary_point(7), 7);
        assert!(!preempts(LINE + 2), "nothing preempts");
        lawful(&model);
    }
}

/// PPI 31 need not be there, and a GIC-600's redistributor has no registers before it has power.
#[test]
fn what_exists_is_asked_of_interrupts_that_exist() {
    for shape in V2_SHAPES {
        let shape = Shape { private: 0x0800_ffff, ..shape };
        let model = Model::new(shape);
        let gic = v2(&model, shape.cpus);
        assert_eq!(gic.distributor().has_groups(), shape.version == 2 || shape.security);
        assert_eq!(gic.distributor().priority_bits(), shape.bits);
        lawful(&model);
    }
    for shape in V3_SHAPES {
        for product in [0x43b, 0x0200_043b] {
            let shape = Shape { private: 0x0800_ffff, ..shape };
            let model = Model::new(shape);
            model.set_product(product);
            let gic = v3(&model, 4);
            assert_eq!(gic.priority_bits(), shape.bits, "{shape:?}");
            lawful(&model);
        }
    }
}

/// Trigger and group change only after a disable has taken effect, also of lines that a former owner left enabled.
#[test]
fn nothing_changes_before_a_disable_took_effect() {
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, 4);
        model.run_on(0);
        for id in [LINE, 20, 4100, 1060].into_iter().filter(|&id| id < 1000 || shape.extended > 0) {
            gic.enable(Line::new(id)).unwrap();
            gic.set_trigger(Line::new(id), TriggerMode::EdgeRising).unwrap();
            assert_eq!(gic.is_enabled(Line::new(id)), Ok(true));
        }
        let _next = v3(&model, 4);
        lawful(&model);
    }
}
