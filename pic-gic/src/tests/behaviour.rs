// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the drivers do, on every shape of hardware.

use super::{CLUSTERS, V2_SHAPES, V3_SHAPES, cpu, enable_everywhere, lawful, serve, v2, v3};
use crate::model::{Model, Shape, Signal};
use crate::v3::{AcknowledgedFiq, LpiState};
use crate::{IntId, Special};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuInterface, CpuMask, InterProcessor, InterruptController, IpiTarget, Line,
    LineAffinity, LineMask, LinePending, LinePriority, LineTrigger, Priority, SplitEnd, TaskPriority, TriggerMode,
};
use std::vec;

fn sgi_matrix(model: &Model, gic: &(impl InterProcessor + Acknowledge + LineMask), cpus: usize, source: bool) {
    for sgi in [0u8, 7, 15] {
        enable_everywhere(model, gic, sgi.into(), cpus);
        for sender in 0..cpus {
            for list in 0..1u32 << cpus {
                model.run_on(sender);
                gic.send(cpu(sender), sgi, IpiTarget::List(CpuMask::from_bits(list))).unwrap();
                for receiver in 0..cpus {
                    let expected = (list >> receiver & 1 != 0).then_some((sgi.into(), source.then_some(sender)));
                    assert_eq!(serve(model, gic, receiver), expected);
                }
            }
            model.run_on(sender);
            gic.send(cpu(sender), sgi, IpiTarget::Others).unwrap();
            for receiver in 0..cpus {
                let expected = (receiver != sender).then_some((sgi.into(), source.then_some(sender)));
                assert_eq!(serve(model, gic, receiver), expected);
            }
        }
    }
}

#[test]
fn sgis_reach_exactly_whom_they_should() {
    for shape in V2_SHAPES.into_iter().filter(|shape| shape.cpus <= 4) {
        let model = Model::new(shape);
        sgi_matrix(&model, &v2(&model, shape.cpus), shape.cpus, true);
        lawful(&model);
    }
    for shape in V3_SHAPES.into_iter().filter(|shape| shape.cpus <= 4) {
        let model = Model::new(shape);
        sgi_matrix(&model, &v3(&model, shape.cpus), shape.cpus, false);
        lawful(&model);
    }
}

#[test]
fn sgis_cross_clusters_and_ranges_with_one_write_each() {
    // Frames in another order than affinities; CPU indices follow the affinities.
    let model = Model::new(CLUSTERS);
    let region = crate::v3::Region { regs: model.gicr(0, 6), size: 6 * model.stride() };
    let gic = crate::v3::GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap();
    // Affinities 0.0.1.0, 0.0.1.1, 0.0.0.0, 0.0.0.1, 0.1.0.0, 0.1.0.16 by frame.
    let frame_of = [2, 3, 0, 1, 4, 5];
    for (index, frame) in frame_of.into_iter().enumerate() {
        model.run_on(frame);
        gic.init_cpu(cpu(index)).unwrap();
        gic.lines().enable(IntId::sgi(2).unwrap()).unwrap();
    }
    model.run_on(frame_of[0]);
    model.take_writes();
    gic.send(cpu(0), 2, IpiTarget::List(CpuMask::first(6))).unwrap();
    assert_eq!(model.take_writes().len(), 4, "two clusters of two, and two ranges of the third");
    for frame in frame_of {
        model.run_on(frame);
        let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(0)) else { panic!("frame {frame}") };
        gic.end(claim);
    }
    lawful(&model);
}

fn nesting(model: &Model, gic: &(impl Acknowledge + LineMask + LinePriority + LinePending + TaskPriority)) {
    model.run_on(0);
    let range = gic.priority_range();
    let (low, middle, high) = (Line::new(40), Line::new(41), Line::new(42));
    let halfway = Priority::new((range.levels() / 2) as u8);
    for (line, priority) in [(low, range.lowest()), (middle, halfway), (high, range.highest())] {
        gic.set_priority(line, priority).unwrap();
        assert_eq!(gic.priority(line), Ok(priority));
        gic.enable(line).unwrap();
        gic.raise(cpu(0), line).unwrap();
    }
    let take = || match gic.acknowledge(cpu(0)) {
        Acknowledged::Claimed(claim) => Some(claim),
        _ => None,
    };
    gic.set_threshold(cpu(0), Some(halfway)).unwrap();
    assert_eq!(gic.threshold(cpu(0)), Ok(Some(halfway)));
    let first = take().unwrap();
    assert_eq!(first.line(), high);
    gic.end(first);
    assert!(take().is_none(), "the threshold holds its own priority back");
    gic.set_threshold(cpu(0), None).unwrap();
    let second = take().unwrap();
    assert_eq!(second.line(), middle);
    assert!(take().is_none(), "less urgent waits");
    assert_eq!(model.signal(0), None);
    gic.raise(cpu(0), high).unwrap();
    assert_eq!(model.signal(0), Some(Signal::Irq));
    let third = take().unwrap();
    assert_eq!((third.line(), model.depth(0)), (high, 2));
    gic.end(third);
    gic.end(second);
    let fourth = take().unwrap();
    assert_eq!(fourth.line(), low);
    gic.end(fourth);
    assert!(matches!(gic.acknowledge(cpu(0)), Acknowledged::Spurious));
}

#[test]
fn the_more_urgent_preempts_and_the_less_urgent_waits() {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        nesting(&model, &v2(&model, shape.cpus));
        lawful(&model);
    }
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, 1);
        nesting(&model, &gic);
        lawful(&model);
    }
}

fn level_and_edge(
    model: &Model,
    gic: &(impl Acknowledge + LineMask + LineTrigger + LinePending + LineAffinity),
    cpus: usize,
) {
    let line = Line::new(50);
    model.run_on(0);
    gic.enable(line).unwrap();
    for target in 0..cpus {
        model.run_on(0);
        gic.set_affinity(line, CpuMask::only(cpu(target))).unwrap();
        assert_eq!(gic.affinity(line), Ok(CpuMask::only(cpu(target))));
        gic.set_trigger(line, TriggerMode::LevelHigh).unwrap();
        model.set_input(0, 50, true);
        for other in (0..cpus).filter(|&other| other != target) {
            assert_eq!(serve(model, gic, other), None);
        }
        // As long as the device asserts it.
        assert_eq!(serve(model, gic, target), Some((50, None)));
        assert_eq!(serve(model, gic, target), Some((50, None)));
        model.set_input(0, 50, false);
        assert_eq!(serve(model, gic, target), None);
        gic.set_trigger(line, TriggerMode::EdgeRising).unwrap();
        assert_eq!(gic.trigger(line), Ok(TriggerMode::EdgeRising));
        assert_eq!(gic.is_enabled(line), Ok(true));
        model.set_input(0, 50, true);
        assert_eq!(serve(model, gic, target), Some((50, None)));
        assert_eq!(serve(model, gic, target), None, "once per edge");
        model.set_input(0, 50, false);
        gic.raise(cpu(0), line).unwrap();
        gic.clear(line).unwrap();
        assert_eq!((gic.is_pending(line), serve(model, gic, target)), (Ok(false), None));
    }
}

#[test]
fn lines_follow_their_trigger_and_their_route() {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        level_and_edge(&model, &v2(&model, shape.cpus), shape.cpus);
        lawful(&model);
    }
    for shape in V3_SHAPES.into_iter().filter(|shape| shape.cpus <= 4) {
        let model = Model::new(shape);
        level_and_edge(&model, &v3(&model, shape.cpus), shape.cpus);
        lawful(&model);
    }
}

#[test]
fn extended_lines_of_v3_are_lines_like_others() {
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(1);
    for id in [1056, 1119, 4096, 4159] {
        let line = Line::new(id);
        assert!(gic.line_kind(line).is_some());
        gic.set_priority(line, gic.priority_range().highest()).unwrap();
        gic.enable(line).unwrap();
        if id >= 4096 {
            gic.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
        }
        gic.raise(cpu(1), line).unwrap();
        assert_eq!(serve(&model, &gic, 1), Some((id, None)));
    }
    gic.set_affinity(Line::new(4096), CpuMask::first(4)).unwrap();
    assert_eq!(gic.affinity(Line::new(4096)), Ok(CpuMask::first(4)));
    gic.raise(cpu(1), Line::new(4096)).unwrap();
    assert_eq!(serve(&model, &gic, 3), Some((4096, None)), "any core");
    lawful(&model);
}

fn leave_and_adopt(
    model: &Model,
    gic: &(impl Acknowledge + InterProcessor + LineMask + LinePending + LinePriority + CpuInterface),
    second: &(impl Acknowledge + InterProcessor + LineMask + CpuInterface),
    clears_sgis: bool,
) {
    model.run_on(0);
    let range = gic.priority_range();
    for (line, priority) in [(40, range.lowest()), (3, range.highest())] {
        gic.set_priority(Line::new(line), priority).unwrap();
        gic.enable(Line::new(line)).unwrap();
    }
    // An SPI and, above it, an SGI are left in service; another SGI is left pending.
    gic.raise(cpu(0), Line::new(40)).unwrap();
    let _left = gic.acknowledge(cpu(0));
    gic.send(cpu(0), 3, IpiTarget::Myself).unwrap();
    let _left = gic.acknowledge(cpu(0));
    gic.send(cpu(0), 5, IpiTarget::Myself).unwrap();
    assert_eq!(model.depth(0), 2);
    // The next owner.
    second.init_cpu(cpu(0)).unwrap();
    assert_eq!(model.depth(0), 0);
    second.enable(Line::new(5)).unwrap();
    let stale = serve(model, second, 0);
    assert_eq!(stale.is_none(), clears_sgis);
    second.enable(Line::new(3)).unwrap();
    second.enable(Line::new(40)).unwrap();
    assert_eq!(serve(model, second, 0), None, "nothing of the former owner comes through");
    // What was left in service is a line like any other again.
    gic.raise(cpu(0), Line::new(40)).unwrap();
    assert_eq!(serve(model, second, 0), Some((40, None)));
    second.send(cpu(0), 3, IpiTarget::Myself).unwrap();
    assert_eq!(serve(model, second, 0).map(|(line, _)| line), Some(3));
    // Leaving: nothing is forwarded, nothing is in service.
    second.send(cpu(0), 3, IpiTarget::Myself).unwrap();
    let _left = second.acknowledge(cpu(0));
    second.quiet_cpu(cpu(0)).unwrap();
    assert_eq!((model.depth(0), model.signal(0)), (0, None));
    second.send(cpu(0), 3, IpiTarget::Myself).unwrap();
    assert_eq!(model.signal(0), None);
}

#[test]
fn the_next_owner_adopts_an_interface_in_any_state() {
    for shape in [Shape::V1, Shape::V2] {
        let model = Model::new(shape);
        let first = v2(&model, 1);
        // What another image's driver finds: the same hardware, its own object.
        let again = || crate::v2::GicV2::new(model.gicd(), model.gicc(), false).unwrap();
        model.run_on(0);
        first.enable(Line::new(40)).unwrap();
        first.raise(cpu(0), Line::new(40)).unwrap();
        let _left = first.acknowledge(cpu(0));
        first.interface().adopt(first.distributor()).unwrap();
        let first = v2(&model, 1);
        leave_and_adopt(&model, &first, &first, shape.version == 2);
        let third = again();
        third.init_cpu(cpu(0)).unwrap();
        assert_eq!(third.interface().running_priority(), 0xff);
        lawful(&model);
    }
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 1);
    leave_and_adopt(&model, &gic, &gic, true);
    lawful(&model);
}

#[test]
fn gicv1_ends_what_was_left_active_in_order_and_from_the_right_source() {
    let model = Model::new(Shape::V1);
    let gic = v2(&model, 4);
    enable_everywhere(&model, &gic, 3, 4);
    model.run_on(2);
    gic.send(cpu(2), 3, IpiTarget::List(CpuMask::only(cpu(0)))).unwrap();
    model.run_on(0);
    let _left = gic.acknowledge(cpu(0));
    assert_eq!(gic.interface().running_priority(), 0x80);
    gic.interface().adopt(gic.distributor()).unwrap();
    assert_eq!((model.depth(0), gic.interface().running_priority()), (0, 0xff));
}

#[test]
fn split_end_drops_the_priority_first_and_deactivates_later() {
    fn check(model: &Model, gic: &(impl SplitEnd + LineMask + LinePending)) {
        model.run_on(0);
        gic.enable(Line::new(40)).unwrap();
        gic.enable(Line::new(41)).unwrap();
        gic.raise(cpu(0), Line::new(40)).unwrap();
        let Acknowledged::Claimed(claim) = gic.acknowledge(cpu(0)) else { panic!("pending") };
        gic.raise(cpu(0), Line::new(40)).unwrap();
        gic.raise(cpu(0), Line::new(41)).unwrap();
        assert_eq!(model.signal(0), None, "same priority waits");
        let active = gic.drop_priority(claim);
        assert_eq!(serve(model, gic, 0), Some((41, None)), "less urgent comes through, the line itself does not");
        assert_eq!(model.signal(0), None);
        gic.deactivate(active);
        assert_eq!(serve(model, gic, 0), Some((40, None)));
        lawful(model);
    }
    let model = Model::new(Shape::V2);
    let gic = crate::v2::GicV2::new(model.gicd(), model.gicc(), false).unwrap().into_split().unwrap();
    gic.init_cpu(cpu(0)).unwrap();
    check(&model, &gic);
    let model = Model::new(Shape::V3);
    let region = crate::v3::Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
    let gic = crate::v3::GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap().into_split();
    gic.init_cpu(cpu(0)).unwrap();
    check(&model, &gic);
}

#[test]
fn fiq_is_group_0_where_groups_are_ours() {
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, shape.cpus.min(4));
        model.run_on(0);
        if !gic.fiq_available() {
            continue;
        }
        for line in [6u16, 40] {
            gic.set_fiq(Line::new(line), true).unwrap();
            gic.lines().enable(IntId::new(line.into()).unwrap()).unwrap();
            if line == 40 {
                gic.set_affinity(Line::new(line), CpuMask::only(gic.cpu_of(gic.interface().affinity()).unwrap()))
                    .unwrap();
            }
            gic.raise(gic.cpu_of(gic.interface().affinity()).unwrap(), Line::new(line)).unwrap();
            assert_eq!(model.signal(0), Some(Signal::Fiq), "{shape:?}");
            assert!(matches!(gic.acknowledge(cpu(0)), Acknowledged::Spurious), "not to be had as IRQ");
            let AcknowledgedFiq::Interrupt(interrupt) = gic.acknowledge_fiq() else { panic!("a FIQ is pending") };
            assert_eq!(interrupt.id().number(), line.into());
            gic.end_fiq(interrupt);
            assert!(matches!(gic.acknowledge_fiq(), AcknowledgedFiq::Special(Special::None)));
            gic.set_fiq(Line::new(line), false).unwrap();
            gic.raise(gic.cpu_of(gic.interface().affinity()).unwrap(), Line::new(line)).unwrap();
            assert_eq!(model.signal(0), Some(Signal::Irq), "{shape:?}");
            assert_eq!(serve(&model, &gic, 0), Some((line, None)));
        }
        lawful(&model);
    }
}

#[test]
fn pending_sgis_are_drained_per_source() {
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    enable_everywhere(&model, &gic, 9, 4);
    for sender in 1..4 {
        model.run_on(sender);
        gic.send(cpu(sender), 9, IpiTarget::List(CpuMask::only(cpu(0)))).unwrap();
    }
    model.run_on(0);
    let id = IntId::sgi(9).unwrap();
    assert_eq!(gic.distributor().pending_sgis(), 1 << 9);
    assert_eq!(gic.distributor().drain_sgi(id, 0b0110), Ok(0b0110));
    assert_eq!(serve(&model, &gic, 0), Some((9, Some(3))), "the third source stays");
    assert_eq!(serve(&model, &gic, 0), None);
    gic.distributor().set_sgi_pending(id, 0b1000).unwrap();
    assert_eq!(serve(&model, &gic, 0), Some((9, Some(3))));
    lawful(&model);
}

#[test]
fn state_survives_power_down() {
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    model.run_on(0);
    gic.set_trigger(Line::new(60), TriggerMode::EdgeRising).unwrap();
    gic.set_affinity(Line::new(60), CpuMask::from_bits(0b0110)).unwrap();
    for line in [60, 20] {
        gic.set_priority(Line::new(line), Priority::new(9)).unwrap();
        gic.enable(Line::new(line)).unwrap();
    }
    let mut saved = vec![0; gic.distributor().context_words()];
    gic.distributor().save(&mut saved).unwrap();
    let mut private = [0; 20];
    gic.save_cpu(&mut private).unwrap();
    let model2 = Model::new(Shape::V2);
    let gic2 = crate::v2::GicV2::new(model2.gicd(), model2.gicc(), true).unwrap();
    gic2.distributor().restore(&saved).unwrap();
    gic2.restore_cpu(&private).unwrap();
    for line in [60, 20] {
        assert_eq!(gic2.is_enabled(Line::new(line)), Ok(true));
        assert_eq!(gic2.priority(Line::new(line)), Ok(Priority::new(9)));
    }
    assert_eq!(gic2.trigger(Line::new(60)), Ok(TriggerMode::EdgeRising));
    assert_eq!(gic2.affinity(Line::new(60)), Ok(CpuMask::from_bits(0b0110)));
    model2.set_input(0, 20, true);
    assert_eq!(serve(&model2, &gic2, 0), Some((20, None)));
    lawful(&model2);

    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(0);
    for line in [60, 20, 1060, 4100] {
        gic.set_priority(Line::new(line), Priority::new(9)).unwrap();
        gic.enable(Line::new(line)).unwrap();
    }
    gic.set_affinity(Line::new(60), CpuMask::only(cpu(2))).unwrap();
    gic.set_affinity(Line::new(4100), CpuMask::only(cpu(3))).unwrap();
    let mut saved = vec![0; gic.distributor().context_words()];
    gic.distributor().save(&mut saved).unwrap();
    gic.interface().set_priority_mask(0xc0);
    gic.interface().set_binary_point(5);
    let mut private = vec![0; gic.cpu_context_words().unwrap()];
    gic.save_cpu(&mut private).unwrap();
    let model2 = Model::new(Shape::V3);
    let gic2 = v3(&model2, 4);
    model2.run_on(0);
    gic2.distributor().restore(&saved).unwrap();
    gic2.restore_cpu(&private).unwrap();
    assert_eq!((gic2.interface().priority_mask(), gic2.interface().binary_point()), (0xc0, 5));
    for line in [60, 20, 1060, 4100] {
        assert_eq!(gic2.is_enabled(Line::new(line)), Ok(true));
        assert_eq!(gic2.priority(Line::new(line)), Ok(Priority::new(9)));
    }
    assert_eq!(gic2.affinity(Line::new(60)), Ok(CpuMask::only(cpu(2))));
    assert_eq!(gic2.affinity(Line::new(4100)), Ok(CpuMask::only(cpu(3))));
    assert_eq!(gic2.my_redistributor().unwrap().lpis(), LpiState::Off);
    model2.set_input(0, 20, true);
    assert_eq!(serve(&model2, &gic2, 0), Some((20, None)));
    lawful(&model2);
}

#[test]
fn the_priority_mask_lets_pseudo_nmis_through() {
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(0);
    let (ordinary, nmi) = (IntId::new(40).unwrap(), IntId::new(41).unwrap());
    gic.lines().set_priority(nmi, 0x20).unwrap();
    for id in [ordinary, nmi] {
        gic.lines().enable(id).unwrap();
        gic.lines().set_pending(id).unwrap();
    }
    let old = gic.interface().set_priority_mask(0x80);
    assert_eq!(serve(&model, &gic, 0), Some((41, None)));
    assert_eq!(serve(&model, &gic, 0), None, "ordinary lines are held back without masking the core");
    gic.interface().set_priority_mask(old);
    assert_eq!(serve(&model, &gic, 0), Some((40, None)));
    lawful(&model);
}
