// SPDX-License-Identifier: MIT OR Apache-2.0
//! Eight mistakes that GIC drivers make, each shown not to be made here, and each put into a double
//! ([`super::double`]) that the same check must find out.

use super::double::{Bend, Bent, noticed, v2_bent};
use super::{V2_SHAPES, V3_SHAPES, cpu, enable_everywhere, lawful, serve, v2, v3};
use crate::model::{Fault, Model, Shape};
use crate::v3::{Affinity, CpuInterface, Distributor, Frames, Redistributor};
use crate::{Error, IntId};
use hal_exc_api::pic::{Acknowledge, Acknowledged, InterProcessor, IpiTarget, Line, LineMask};

/// 1. A priority is set by a byte store: the three neighbours in the word keep theirs.
#[test]
fn defect_1_setting_a_priority_leaves_the_neighbours_alone() {
    fn check(bend: Bend) {
        let model = Model::new(Shape::V2);
        let gic = v2_bent(&model, 4, bend);
        let line = |n| IntId::new(n).unwrap();
        for n in [43, 42, 40, 41] {
            gic.distributor().set_priority(line(n), if n == 41 { 0x50 } else { 0xa0 }).unwrap();
        }
        let seen: [u8; 4] = core::array::from_fn(|n| gic.distributor().priority(line(40 + n as u32)).unwrap());
        assert_eq!(seen, [0xa0, 0x50, 0xa0, 0xa0]);
    }
    check(Bend::Straight);
    noticed(|| check(Bend::PriorityByWords));

    let line = |n| IntId::new(n).unwrap();
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    model.take_writes();
    gic.distributor().set_priority(line(41), 0x50).unwrap();
    assert!(model.take_writes().iter().all(|write| write.size == 1), "a byte store and nothing else");
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(0);
    for n in [40, 41, 20, 21, 4097, 4098] {
        gic.lines().set_priority(line(n), 0xa0).unwrap();
    }
    for (n, neighbour) in [(40, 41), (20, 21), (4097, 4098)] {
        gic.lines().set_priority(line(n), 0x50).unwrap();
        assert_eq!((gic.lines().priority(line(n)), gic.lines().priority(line(neighbour))), (Ok(0x50), Ok(0xa0)));
    }
}

/// 2. "All others" does not include the sender, and the list form reaches exactly the list,
///    whichever group the SGI is in.
#[test]
fn defect_2_others_excludes_the_sender_and_lists_are_exact() {
    others_and_self(Bend::Straight);
    noticed(|| others_and_self(Bend::OthersByList));
}

fn others_and_self(bend: Bend) {
    for shape in V2_SHAPES.into_iter().filter(|shape| shape.cpus > 1) {
        for fast in [false, true] {
            let model = Model::new(shape);
            let gic = v2_bent(&model, shape.cpus, bend);
            if fast && !gic.fiq_available() {
                continue;
            }
            enable_everywhere(&model, &gic, 4, shape.cpus);
            if fast {
                for n in 0..shape.cpus {
                    model.run_on(n);
                    gic.set_fiq(Line::new(4), true).unwrap();
                }
            }
            for sender in 0..shape.cpus {
                model.run_on(sender);
                gic.send(cpu(sender), 4, IpiTarget::Others).unwrap();
                for receiver in 0..shape.cpus {
                    let expected = (receiver != sender).then_some((4, Some(sender)));
                    assert_eq!(serve(&model, &gic, receiver), expected, "{shape:?}");
                }
                model.run_on(sender);
                gic.send(cpu(sender), 4, IpiTarget::Myself).unwrap();
                for receiver in 0..shape.cpus {
                    let expected = (receiver == sender).then_some((4, Some(sender)));
                    assert_eq!(serve(&model, &gic, receiver), expected, "{shape:?}");
                }
            }
            lawful(&model);
        }
    }
}

/// 3. The id has no source bits in it, the source is told apart, and 1022 is no interrupt.
#[test]
fn defect_3_the_id_is_free_of_source_bits_and_1022_is_special() {
    use crate::Special;
    use crate::access::Registers;
    use crate::v2::Acknowledged;
    type Gic<'a> = crate::v2::GicV2<Bent<'a, crate::model::Block<'a>>>;
    /// SGI 4 from core 1, taken on core 0 by `take`, which answers the id.
    fn check(bend: Bend, take: impl Fn(&Model, &Gic<'_>) -> u32) {
        let model = Model::new(Shape::V2);
        let gic = v2_bent(&model, 4, bend);
        enable_everywhere(&model, &gic, 4, 4);
        model.run_on(1);
        gic.send(cpu(1), 4, IpiTarget::List(hal_exc_api::pic::CpuMask::only(cpu(0)))).unwrap();
        model.run_on(0);
        assert_eq!(take(&model, &gic), 4);
        // The end register wants the source too: the model refuses an end without it.
        assert_eq!(model.depth(0), 0);
        lawful(&model);
    }
    let ours = |_: &Model, gic: &Gic<'_>| {
        let Acknowledged::Interrupt(interrupt) = gic.interface().acknowledge() else {
            panic!("an interrupt is pending")
        };
        let id = interrupt.id().number();
        assert_eq!(interrupt.source(), Some(1));
        gic.interface().end(interrupt);
        id
    };
    check(Bend::Straight, ours);
    noticed(|| check(Bend::EndWithoutSource, ours));
    noticed(|| {
        check(Bend::Straight, |model, _| {
            // The register as it is read, taken for an id.
            let raw = model.gicc().read(0x0c);
            model.gicc().write(0x10, raw);
            raw
        });
    });

    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    // Group 1 pending, acknowledged without AckCtl: 1022, never an interrupt to be ended.
    gic.distributor().enable(IntId::new(40).unwrap()).unwrap();
    gic.distributor().set_pending(IntId::new(40).unwrap()).unwrap();
    let raw = model.gicc();
    raw.write(0, raw.read(0) & !4);
    match gic.interface().acknowledge() {
        Acknowledged::Special(special) => assert_eq!(special, Special::OtherGroup),
        other => panic!("{other:?}"),
    }
    match gic.acknowledge(cpu(0)) {
        hal_exc_api::pic::Acknowledged::Unknown(vector) => assert_eq!(vector.number(), 1022),
        other => panic!("{other:?}"),
    }
}

/// 4. Initialisation writes the registers of implemented lines and no others, and enables
///    every group that it puts lines into. (The model records writes beyond the lines.)
#[test]
fn defect_4_initialisation_stays_within_the_implemented_lines() {
    initialises(Bend::Straight);
    noticed(|| initialises(Bend::AllGroupWords));
    noticed(|| initialises(Bend::OneGroup));
}

fn initialises(bend: Bend) {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        let gic = v2_bent(&model, shape.cpus, bend);
        assert_eq!(u32::from(gic.distributor().lines()), shape.lines.min(1020));
        lawful(&model);
        model.run_on(0);
        // Both groups are forwarded: an ordinary line and, where there are groups, a fast one.
        gic.enable(Line::new(33)).unwrap();
        gic.distributor().set_pending(IntId::new(33).unwrap()).unwrap();
        assert_eq!(model.signal(0), Some(crate::model::Signal::Irq), "{shape:?}");
        assert_eq!(serve(&model, &gic, 0), Some((33, None)));
        if gic.fiq_available() {
            gic.set_fiq(Line::new(33), true).unwrap();
            gic.distributor().set_pending(IntId::new(33).unwrap()).unwrap();
            assert_eq!(model.signal(0), Some(crate::model::Signal::Fiq), "{shape:?}");
            assert_eq!(serve(&model, &gic, 0), Some((33, None)));
        }
    }
}

fn first_redistributor<T>(model: &Model, f: impl FnOnce(Redistributor<'_, crate::model::Block3<'_>>) -> T) -> T {
    let regs = model.gicr(0, 1);
    f(Redistributor::probe(&regs, 0).unwrap())
}

/// 5. The power group's transit is read again in each turn, and the wait ends.
#[test]
fn defect_5_power_transit_is_polled_and_bounded() {
    let model = Model::new(Shape::V3);
    // GIC-600 of ARM.
    model.set_product(0x0200_043b);
    first_redistributor(&model, |r| {
        model.inject(Fault::PowerInTransit);
        assert_eq!(r.power_on(), Err(Error::Timeout { what: "GIC redistributor (power group in transit)" }));
        model.mend();
        assert_eq!(r.power_on(), Ok(()));
        assert_eq!(r.power_off(), Ok(()));
    });
    /// The transit ends while it is polled.
    fn check(bend: Bend) {
        let model = Model::new(Shape::V3);
        model.set_product(0x0200_043b);
        model.inject(Fault::PowerInTransit);
        let regs = Bent::new(&model, model.gicr(0, 1), bend);
        assert_eq!(Redistributor::probe(&regs, 0).unwrap().power_on(), Ok(()));
    }
    check(Bend::MendsInTime);
    noticed(|| check(Bend::PowerReadOnce));
    // Another product has no such register: nothing is written.
    model.set_product(0x0300_043b);
    model.take_writes();
    first_redistributor(&model, |r| r.power_on()).unwrap();
    assert!(model.take_writes().is_empty());
}

/// 6. Waking, sleeping and register writes are waited for a bounded time, and the error names
///    what did not answer.
#[test]
fn defect_6_wake_sleep_and_write_waits_are_bounded() {
    let model = Model::new(Shape::V3);
    model.inject(Fault::NeverWakes);
    first_redistributor(&model, |r| {
        assert_eq!(r.wake(), Err(Error::Timeout { what: "GIC redistributor (wake)" }));
    });
    model.mend();
    first_redistributor(&model, |r| {
        assert_eq!(r.wake(), Ok(()));
        assert_eq!(r.sleep(), Ok(()));
        assert_eq!(r.wake(), Ok(()));
        model.inject(Fault::NeverWakes);
        assert_eq!(r.sleep(), Err(Error::Timeout { what: "GIC redistributor (sleep)" }));
        model.inject(Fault::RedistributorBusy);
        assert_eq!(r.wait_for_write(), Err(Error::Timeout { what: "GIC redistributor (register write pending)" }));
    });
    model.inject(Fault::DistributorBusy);
    let distributor = Distributor::probe(model.gicd3()).unwrap();
    let busy = Error::Timeout { what: "GIC distributor (register write pending)" };
    assert_eq!(distributor.disable(IntId::new(40).unwrap()), Err(busy));
    assert_eq!(distributor.init(Affinity::new(0)), Err(busy));

    // The double waits as long as it takes, which is for ever.
    let model = Model::new(Shape::V3);
    model.inject(Fault::NeverWakes);
    let regs = Bent::new(&model, model.gicr(0, 1), Bend::Straight);
    assert!(Redistributor::probe(&regs, 0).unwrap().wake().is_err());
    noticed(|| while crate::access::Registers::read(&regs, 0x14) & 4 != 0 {});
}

/// 7. A core's redistributor is found by its affinity: frames in another order, in several
///    regions, with a boot core that is not the first, and never another core's.
#[test]
fn defect_7_redistributors_are_found_by_affinity_not_by_index() {
    use crate::v3::{GicV3, Region};
    let shape = Shape { cpus: 4, affinities: [0x103, 0x001, 0x102, 0x000, 0, 0, 0, 0], ..Shape::V3 };
    let model = Model::new(shape);
    let regions =
        [(0, 1), (1, 3)].map(|(first, count)| Region { regs: model.gicr(first, count), size: count * 0x2_0000 });
    model.run_on(2);
    let gic = GicV3::new(model.gicd3(), regions, model.sys(), false).unwrap();
    for (frame, affinity) in shape.affinities[..4].iter().enumerate() {
        let affinity = Affinity::new(*affinity);
        assert_eq!(gic.redistributor(affinity).unwrap().affinity(), affinity);
        model.run_on(frame);
        let index = gic.cpu_of(affinity).unwrap();
        hal_exc_api::pic::CpuInterface::init_cpu(&gic, index).unwrap();
        // A private line enabled here is this core's, whatever its frame's place.
        gic.lines().enable(IntId::new(20 + frame as u32).unwrap()).unwrap();
        model.set_input(frame, 20 + frame as u32, true);
        assert!(model.signal(frame).is_some());
        model.set_input(frame, 20 + frame as u32, false);
    }
    let by_index = |index: usize| {
        let regs = model.gicr(0, 4);
        Frames::new(&regs, 4 * model.stride()).nth(index).unwrap().unwrap().affinity()
    };
    noticed(|| {
        for core in 0..4 {
            // The double: the core's number taken for the frame's.
            assert_eq!(Some(by_index(core)), gic.affinity_of(cpu(core)));
        }
    });
    let absent = Affinity::new(0x002);
    assert_eq!(gic.redistributor(absent).map(|r| r.affinity()), Err(Error::NoSuchCore { core: 2 }));
    lawful(&model);
}

/// 8. Frames that state revision 4 without virtual LPIs are ordinary two-frame redistributors.
#[test]
fn defect_8_revision_4_without_vlpis_is_accepted() {
    frames(Bend::Straight);
    noticed(|| frames(Bend::NoRevision4WithoutVlpis));
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, shape.cpus);
        assert_eq!(hal_exc_api::pic::InterruptController::cpu_count(&gic) as usize, shape.cpus);
        lawful(&model);
    }
}

fn frames(bend: Bend) {
    for (revision, vlpis, stride) in
        [(3, false, 0x2_0000), (4, false, 0x2_0000), (4, true, 0x4_0000), (3, true, 0x4_0000)]
    {
        let model = Model::new(Shape { revision, vlpis, ..Shape::V3 });
        let regs = Bent::new(&model, model.gicr(0, 4), bend);
        let found: std::vec::Vec<_> =
            Frames::new(&regs, 4 * stride).map(|frame| frame.map(|r| (r.offset(), r.affinity().packed()))).collect();
        let expected: std::vec::Vec<_> = (0..4).map(|n| Ok((n * stride, n as u32))).collect();
        assert_eq!(found, expected, "revision {revision}, vlpis {vlpis}");
    }
}

/// Not in any list, but next to it: an interface of the v3 kind is told from its registers only
/// after they were enabled. (The model records earlier use.)
#[test]
fn system_registers_are_enabled_before_use() {
    let model = Model::new(Shape::V3);
    let interface = CpuInterface::new(model.sys());
    model.inject(Fault::NoSystemRegisters);
    assert_eq!(interface.enable_system_registers(), Err(Error::Unsupported { what: "GIC system registers" }));
    lawful(&model);
    assert!(!matches!(v3(&Model::new(Shape::V3), 4).acknowledge(cpu(0)), Acknowledged::Claimed(_)));
}
