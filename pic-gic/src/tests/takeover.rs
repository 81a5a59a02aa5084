// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a core leaves in service: ended when it leaves or is taken over, and only its own.

use super::{V2_SHAPES, V3_SHAPES, cpu, lawful, serve, v2, v3};
use crate::access::Registers;
use crate::model::{Model, Shape};
use crate::v2::GicV2;
use crate::v3::{GicV3, Region};
use crate::{Group, IntId};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity, LineMask,
    LinePending, LinePriority, Priority, SplitEnd,
};

const LINE: u16 = 40;
const SGI: u16 = 3;
const GICC_BPR: usize = 0x08;

/// What both drivers have.
trait Gic: Acknowledge + CpuInterface + InterProcessor + LineAffinity + LineMask + LinePending + LinePriority {}
impl<T: Acknowledge + CpuInterface + InterProcessor + LineAffinity + LineMask + LinePending + LinePriority> Gic for T {}

/// Takes what is most urgent on core `n` and never ends it, as a core does that is stopped in its handler.
fn leave_in_service(model: &Model, gic: &impl Acknowledge, n: usize, line: u16) {
    model.run_on(n);
    let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(n)) else { panic!("{line} is pending") };
    assert_eq!(claim.line().number(), line);
}

/// Core `n` is stopped in the handler of a level line whose device still asks, with an SGI's handler above: it leaves and
/// comes back into the same image, which is served the line again.
fn stopped_in_service(model: &Model, gic: &impl Gic, n: usize, leaves: bool) {
    model.run_on(n);
    let range = gic.priority_range();
    gic.set_affinity(Line::new(LINE), CpuMask::only(cpu(n))).unwrap();
    gic.set_priority(Line::new(LINE), range.lowest()).unwrap();
    gic.set_priority(Line::new(SGI), range.highest()).unwrap();
    gic.enable(Line::new(SGI)).unwrap();
    gic.enable(Line::new(LINE)).unwrap();
    model.set_input(0, LINE.into(), true);
    leave_in_service(model, gic, n, LINE);
    model.run_on(0);
    gic.send(cpu(0), SGI as u8, IpiTarget::List(CpuMask::only(cpu(n)))).unwrap();
    leave_in_service(model, gic, n, SGI);
    assert_eq!((model.depth(n), model.signal(n)), (2, None));
    model.run_on(n);
    if leaves {
        gic.quiet_cpu(cpu(n)).unwrap();
        assert_eq!((model.depth(n), model.signal(n)), (0, None));
    }
    gic.init_cpu(cpu(n)).unwrap();
    assert_eq!(serve(model, gic, n), Some((LINE, None)), "the line is lost");
    model.set_input(0, LINE.into(), false);
    assert_eq!(serve(model, gic, n), None);
    lawful(model);
}

#[test]
fn a_line_in_service_is_not_lost_with_its_core() {
    for leaves in [true, false] {
        for shape in V2_SHAPES {
            let model = Model::new(shape);
            let gic = v2(&model, shape.cpus);
            stopped_in_service(&model, &gic, shape.cpus - 1, leaves);
        }
        for shape in V3_SHAPES {
            let model = Model::new(shape);
            let gic = v3(&model, 4);
            stopped_in_service(&model, &gic, 3, leaves);
        }
        let model = Model::new(Shape::V2);
        let gic = GicV2::new(model.gicd(), model.gicc(), false).unwrap().into_split().unwrap();
        model.run_on(1);
        gic.init_cpu(cpu(1)).unwrap();
        stopped_in_service(&model, &gic, 1, leaves);
        let model = Model::new(Shape::V3);
        let region = Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
        let gic = GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap().into_split();
        gic.init_cpu(cpu(0)).unwrap();
        stopped_in_service(&model, &gic, 0, leaves);
    }
}

/// Extended lines, and a line of group 0 that was taken as FIQ.
#[test]
fn every_kind_of_line_of_v3_is_ended() {
    for shape in V3_SHAPES.into_iter().filter(|shape| shape.extended > 0) {
        let model = Model::new(shape);
        let gic = v3(&model, 4);
        model.run_on(0);
        for (step, id) in [4100, 1060, 20].into_iter().enumerate() {
            gic.set_priority(Line::new(id), Priority::new(4 + 4 * step as u8)).unwrap();
            gic.enable(Line::new(id)).unwrap();
            gic.raise(cpu(0), Line::new(id)).unwrap();
            leave_in_service(&model, &gic, 0, id);
        }
        let fast = IntId::new(41).unwrap();
        if gic.fiq_available() {
            gic.set_group(fast, Group::Zero).unwrap();
            gic.lines().set_priority(fast, 0).unwrap();
            gic.lines().enable(fast).unwrap();
            gic.lines().set_pending(fast).unwrap();
            let _left = gic.acknowledge_fiq();
            assert_eq!(model.depth(0), 4);
        }
        gic.quiet_cpu(cpu(0)).unwrap();
        for id in [4100, 1060, 20, 41] {
            assert_eq!(gic.lines().is_active(IntId::new(id).unwrap()), Ok(false), "{id} of {shape:?}");
        }
        lawful(&model);
    }
}

/// Two cores are in lines of the same priority. The one that leaves ends its own, and the other still ends its own after.
fn only_its_own(model: &Model, gic: &impl Gic, others: CpuMask) {
    let (first, second) = (Line::new(LINE), Line::new(LINE + 1));
    model.run_on(0);
    gic.set_affinity(first, others).unwrap();
    gic.set_affinity(second, CpuMask::only(cpu(0))).unwrap();
    gic.enable(first).unwrap();
    gic.raise(cpu(0), first).unwrap();
    model.run_on(1);
    let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(1)) else { panic!("pending") };
    model.run_on(0);
    gic.enable(second).unwrap();
    gic.raise(cpu(0), second).unwrap();
    leave_in_service(model, gic, 0, LINE + 1);
    gic.quiet_cpu(cpu(0)).unwrap();
    assert_eq!((model.depth(0), model.depth(1)), (0, 1));
    gic.init_cpu(cpu(0)).unwrap();
    gic.raise(cpu(0), second).unwrap();
    assert_eq!(serve(model, gic, 0), Some((LINE + 1, None)));
    gic.raise(cpu(0), first).unwrap();
    assert_eq!(serve(model, gic, 0), None, "it is still in service on core 1");
    model.run_on(1);
    gic.end(claim);
    assert_eq!(serve(model, gic, 1), Some((LINE, None)));
    lawful(model);
}

#[test]
fn nobody_elses_line_is_ended() {
    for shape in V2_SHAPES.into_iter().filter(|shape| shape.cpus > 1) {
        for others in [CpuMask::only(cpu(1)), CpuMask::first(2)] {
            let model = Model::new(shape);
            only_its_own(&model, &v2(&model, 2), others);
        }
    }
    for shape in V3_SHAPES {
        for others in [CpuMask::only(cpu(1)), CpuMask::first(4)] {
            let model = Model::new(shape);
            only_its_own(&model, &v3(&model, 4), others);
        }
    }
}

/// The running priority is a group's: it is not the line's if the former owner left a coarse binary point.
#[test]
fn a_coarse_binary_point_hides_nothing() {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        let gic = v2(&model, shape.cpus);
        model.run_on(0);
        model.gicc().write(GICC_BPR, 5);
        let line = IntId::new(LINE.into()).unwrap();
        gic.distributor().set_priority(line, 0xb0).unwrap();
        gic.enable(Line::new(LINE)).unwrap();
        model.set_input(0, LINE.into(), true);
        leave_in_service(&model, &gic, 0, LINE);
        assert_eq!(gic.interface().running_priority(), 0x80);
        gic.quiet_cpu(cpu(0)).unwrap();
        assert_eq!(gic.distributor().is_active(line), Ok(false));
        lawful(&model);
    }
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, 4);
        model.run_on(0);
        gic.interface().set_binary_point(6);
        let line = IntId::new(LINE.into()).unwrap();
        gic.lines().set_priority(line, 0xb0).unwrap();
        gic.set_affinity(Line::new(LINE), CpuMask::only(cpu(0))).unwrap();
        gic.enable(Line::new(LINE)).unwrap();
        model.set_input(0, LINE.into(), true);
        leave_in_service(&model, &gic, 0, LINE);
        assert_eq!(gic.interface().running_priority(), 0x80);
        gic.quiet_cpu(cpu(0)).unwrap();
        assert_eq!(gic.lines().is_active(line), Ok(false));
        lawful(&model);
    }
}

/// Every core of the former image was in a line. GICv1 has no other way to end them than through each core's interface.
#[test]
fn the_next_image_gets_the_lines_of_all_cores() {
    for shape in [Shape::V1, Shape::V2] {
        let model = Model::new(shape);
        let former = v2(&model, 4);
        for n in (0..4).rev() {
            let line = Line::new(LINE + n as u16);
            model.run_on(n);
            former.set_affinity(line, CpuMask::only(cpu(n))).unwrap();
            former.set_priority(line, Priority::new(5)).unwrap();
            former.enable(line).unwrap();
            former.raise(cpu(n), line).unwrap();
            leave_in_service(&model, &former, n, line.number());
        }
        model.run_on(0);
        let next = v2(&model, 4);
        for n in 0..4 {
            let line = Line::new(LINE + n);
            model.run_on(0);
            next.set_affinity(line, CpuMask::only(cpu(2))).unwrap();
            next.set_priority(line, Priority::new(7)).unwrap();
            next.enable(line).unwrap();
            next.raise(cpu(0), line).unwrap();
            assert_eq!(serve(&model, &next, 2), Some((LINE + n, None)), "{shape:?}");
        }
        lawful(&model);
    }
}

/// Split mode: what was dropped and not deactivated is its token's to end, also after its core has left.
#[test]
fn a_dropped_line_stays_active_for_its_token() {
    fn check(model: &Model, gic: &(impl SplitEnd + Gic)) {
        model.run_on(0);
        gic.enable(Line::new(LINE)).unwrap();
        gic.raise(cpu(0), Line::new(LINE)).unwrap();
        let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(0)) else { panic!("pending") };
        let active = gic.drop_priority(claim);
        gic.quiet_cpu(cpu(0)).unwrap();
        gic.init_cpu(cpu(0)).unwrap();
        gic.raise(cpu(0), Line::new(LINE)).unwrap();
        assert_eq!(model.signal(0), None);
        gic.deactivate(active);
        assert!(model.signal(0).is_some());
        lawful(model);
    }
    let model = Model::new(Shape::V2);
    let gic = GicV2::new(model.gicd(), model.gicc(), false).unwrap().into_split().unwrap();
    gic.init_cpu(cpu(0)).unwrap();
    check(&model, &gic);
    let model = Model::new(Shape::V3);
    let region = Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
    let gic = GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap().into_split();
    gic.init_cpu(cpu(0)).unwrap();
    check(&model, &gic);
}
