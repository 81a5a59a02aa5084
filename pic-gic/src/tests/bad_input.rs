// SPDX-License-Identifier: MIT OR Apache-2.0
//! Wrong ids, wrong CPUs, wrong priorities, absent hardware: refused, with the value.

use super::{V2_SHAPES, V3_SHAPES, cpu, v2, v3};
use crate::access::Mmio;
use crate::model::{Fault, Model, Shape};
use crate::v2::{self as gic2, GicV2, SgiTarget};
use crate::v3::{Distributor, GicV3, Its, LpiState, Redistributor, Region, Route};
use crate::{Error, Group, IntId, Trigger, Version, detect};
use hal_exc_api::pic::{
    CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity, LineMask, LinePending, LinePriority,
    LineTrigger, PicError, Priority, TaskPriority, TriggerMode,
};

fn refuses_lines(gic: &(impl LineMask + LinePriority + LinePending + LineTrigger + LineAffinity), absent: &[u16]) {
    let count = gic.line_count();
    for &number in absent {
        let line = Line::new(number);
        let refused = PicError::NoSuchLine { line, count };
        assert_eq!(gic.line_kind(line), None);
        assert_eq!(gic.enable(line), Err(refused));
        assert_eq!(gic.disable(line), Err(refused));
        assert_eq!(gic.is_enabled(line), Err(refused));
        assert_eq!(gic.is_pending(line), Err(refused));
        assert_eq!(gic.raise(cpu(0), line), Err(refused));
        assert_eq!(gic.clear(line), Err(refused));
        assert_eq!(gic.set_priority(line, Priority::new(1)), Err(refused));
        assert_eq!(gic.priority(line), Err(refused));
        assert_eq!(gic.set_trigger(line, TriggerMode::LevelHigh), Err(refused));
        assert_eq!(gic.set_affinity(line, CpuMask::first(1)), Err(refused));
        assert_eq!(gic.affinity(line), Err(refused));
    }
}

#[test]
fn ids_beyond_the_implemented_lines_and_reserved_ids_are_refused() {
    for shape in V2_SHAPES {
        let model = Model::new(shape);
        let gic = v2(&model, shape.cpus);
        model.run_on(0);
        refuses_lines(&gic, &[shape.lines.min(1020) as u16, 1020, 1021, 1022, 1023, 1024, 4096, u16::MAX]);
    }
    for shape in V3_SHAPES {
        let model = Model::new(shape);
        let gic = v3(&model, shape.cpus);
        model.run_on(0);
        refuses_lines(
            &gic,
            &[shape.lines as u16, 1020, 1022, 1023, 1024, 1120, 4095, 4096 + shape.extended as u16, 8192],
        );
    }
}

#[test]
fn a_line_that_does_not_stay_enabled_is_not_implemented() {
    // The distributor says 288 lines; the extended PPIs are there only with extended SPIs.
    let model = Model::new(Shape { extended: 0, ..Shape::V3 });
    let gic = v3(&model, 4);
    model.run_on(0);
    assert!(gic.lines().enable(IntId::new(1056).unwrap()).is_err());
    assert_eq!(gic.distributor().enable(IntId::new(4096).unwrap()), Err(Error::NotImplemented { id: 4096 }));
}

#[test]
fn classes_that_an_operation_does_not_have_are_refused() {
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    let (sgi, ppi, spi) = (IntId::new(3).unwrap(), IntId::new(20).unwrap(), IntId::new(40).unwrap());
    let d = gic.distributor();
    assert_eq!(d.set_pending(sgi), Err(Error::WrongClass { id: sgi }));
    assert_eq!(d.clear_pending(sgi), Err(Error::WrongClass { id: sgi }));
    assert_eq!(d.set_targets(ppi, 1), Err(Error::WrongClass { id: ppi }));
    assert_eq!(d.send(spi, SgiTarget::Others), Err(Error::WrongClass { id: spi }));
    assert_eq!(d.drain_sgi(spi, 1), Err(Error::WrongClass { id: spi }));
    assert_eq!(d.set_trigger(sgi, Trigger::Level), Err(Error::Fixed { id: sgi }));
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(0);
    assert_eq!(gic.distributor().enable(ppi), Err(Error::WrongClass { id: ppi }));
    assert_eq!(gic.my_redistributor().unwrap().enable(spi), Err(Error::WrongClass { id: spi }));
    assert_eq!(gic.interface().send_others(spi, false), Err(Error::WrongClass { id: spi }));
    assert_eq!(gic.lines().set_trigger(sgi, Trigger::Level), Err(Error::Fixed { id: sgi }));
    assert_eq!(gic.lines().enable(IntId::new(8192).unwrap()), Err(Error::WrongClass { id: IntId::new(8192).unwrap() }));
}

#[test]
fn priorities_finer_than_implemented_are_refused_never_rounded() {
    let id = IntId::new(40).unwrap();
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    assert_eq!(gic.distributor().priority_bits(), 5);
    gic.distributor().set_priority(id, 0x48).unwrap();
    for fine in [0x01, 0x44, 0x4c, 0xff] {
        assert_eq!(gic.distributor().set_priority(id, fine), Err(Error::PriorityTooFine { priority: fine, bits: 5 }));
        assert_eq!(gic.distributor().priority(id), Ok(0x48));
    }
    let range = gic.priority_range();
    assert_eq!((range.lowest().level(), range.highest().level()), (1, 31));
    for bad in [0, 32, 255] {
        let priority = Priority::new(bad);
        assert_eq!(gic.set_priority(Line::new(40), priority), Err(PicError::BadPriority { priority, range }));
        assert_eq!(gic.set_threshold(cpu(0), Some(priority)), Err(PicError::BadPriority { priority, range }));
    }
    let model = Model::new(Shape { bits: 6, ..Shape::V3 });
    let gic = v3(&model, 4);
    model.run_on(0);
    assert_eq!(gic.priority_bits(), 6);
    for id in [id, IntId::new(20).unwrap()] {
        assert_eq!(gic.lines().set_priority(id, 0x42), Err(Error::PriorityTooFine { priority: 0x42, bits: 6 }));
        assert_eq!(gic.lines().set_priority(id, 0x44), Ok(()));
    }
}

#[test]
fn cpus_outside_the_implemented_ones_are_refused() {
    let line = Line::new(40);
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    let d = gic.distributor();
    let id = IntId::new(40).unwrap();
    assert_eq!(d.set_targets(id, 0), Err(Error::BadTargets { targets: 0 }));
    assert_eq!(d.set_targets(id, 0x10), Err(Error::BadTargets { targets: 0x10 }));
    assert_eq!(d.set_targets(id, 0x0f), Ok(()));
    assert_eq!(d.send(IntId::sgi(1).unwrap(), SgiTarget::List(0x11)), Err(Error::BadTargets { targets: 0x11 }));
    for cpus in [CpuMask::EMPTY, CpuMask::from_bits(0x10), CpuMask::from_bits(0x101)] {
        assert_eq!(gic.set_affinity(line, cpus), Err(PicError::NotRoutable { line, cpus }));
    }
    let absent = PicError::NoSuchCpu { cpu: cpu(4), count: 4 };
    assert_eq!(gic.send(cpu(0), 1, IpiTarget::List(CpuMask::from_bits(0x31))), Err(absent));
    assert_eq!(gic.send(cpu(0), 16, IpiTarget::Others), Err(PicError::NoSuchIpi { number: 16, count: 16 }));
    assert_eq!(gic.init_cpu(cpu(4)), Err(absent));
    assert_eq!(gic.set_threshold(cpu(4), None), Err(absent));
    // A core that claims to be another one.
    model.run_on(2);
    assert_eq!(gic.init_cpu(cpu(1)), Err(PicError::NoSuchCpu { cpu: cpu(1), count: 4 }));

    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    model.run_on(0);
    for cpus in [CpuMask::EMPTY, CpuMask::from_bits(0x10), CpuMask::from_bits(0x3)] {
        assert_eq!(gic.set_affinity(line, cpus), Err(PicError::NotRoutable { line, cpus }));
    }
    assert_eq!(gic.send(cpu(0), 1, IpiTarget::List(CpuMask::from_bits(0x10))), Err(absent));
    assert_eq!(gic.init_cpu(cpu(1)), Err(PicError::NoSuchCpu { cpu: cpu(1), count: 4 }));
    let ppi = Line::new(20);
    let cpus = CpuMask::first(1);
    assert_eq!(gic.set_affinity(ppi, cpus), Err(PicError::NotRoutable { line: ppi, cpus }));
}

#[test]
fn an_absent_controller_is_told_with_what_was_read() {
    for (fault, value) in [(Fault::AllOnes, u32::MAX), (Fault::AllZeros, 0)] {
        let model = Model::new(Shape::V2);
        model.inject(fault);
        let absent = Error::Absent { what: "GIC distributor", value };
        assert_eq!(detect(&model.gicd()), Err(absent));
        assert_eq!(GicV2::new(model.gicd(), model.gicc(), false).map(|_| ()), Err(absent));
        let interface = gic2::CpuInterface::probe(model.gicc(), Version::V2).map(|_| ());
        assert_eq!(interface, Err(Error::Absent { what: "GIC CPU interface", value }));
        let model = Model::new(Shape::V3);
        model.inject(fault);
        assert_eq!(Distributor::probe(model.gicd3()).map(|_| ()), Err(absent));
        assert_eq!(
            Redistributor::probe(&model.gicr(0, 1), 0).map(|_| ()),
            Err(Error::Absent { what: "GIC redistributor", value })
        );
        assert_eq!(Its::probe(model.its()).map(|_| ()), Err(Error::Absent { what: "GIC ITS", value }));
    }
    // SAFETY: no access is made through it.
    assert!(unsafe { Mmio::at(0) }.is_none());
    // SAFETY: no access is made through it.
    assert!(unsafe { Mmio::at(0x1001) }.is_none());
    // SAFETY: no access is made through it.
    assert!(unsafe { Mmio::new(core::ptr::null_mut()) }.is_none());
}

#[test]
fn drivers_refuse_controllers_of_another_version() {
    for (shape, version) in [(Shape::V1, Version::V1), (Shape::V2, Version::V2)] {
        let model = Model::new(shape);
        assert_eq!(detect(&model.gicd()), Ok(version));
        let refused = Distributor::probe(model.gicd()).map(|_| ());
        assert_eq!(refused, Err(Error::WrongVersion { what: "GIC distributor", version: version as u8 + 1 }));
        let other = if version == Version::V1 { Version::V2 } else { Version::V1 };
        let refused = gic2::CpuInterface::probe(model.gicc(), other).map(|_| ());
        assert_eq!(refused, Err(Error::WrongVersion { what: "GIC CPU interface", version: version as u8 + 1 }));
    }
    let model = Model::new(Shape::V3);
    assert_eq!(detect(&model.gicd3()), Ok(Version::V3));
    let refused = gic2::Distributor::probe(model.gicd3()).map(|_| ());
    assert_eq!(refused, Err(Error::WrongVersion { what: "GIC distributor", version: 3 }));
}

#[test]
fn what_gicv1_lacks_is_refused_and_its_neighbours_are_not_touched() {
    let model = Model::new(Shape::V1);
    let gic = v2(&model, 4);
    let sgi = IntId::sgi(1).unwrap();
    assert!(matches!(gic.distributor().drain_sgi(sgi, 1), Err(Error::Unsupported { .. })));
    assert!(matches!(gic.distributor().set_sgi_pending(sgi, 1), Err(Error::Unsupported { .. })));
    for id in [sgi, IntId::new(40).unwrap()] {
        assert!(matches!(gic.distributor().set_active(id), Err(Error::Unsupported { .. })));
        assert!(matches!(gic.distributor().clear_active(id), Err(Error::Unsupported { .. })));
    }
    assert!(matches!(gic.into_split().map(|_| ()), Err(Error::Unsupported { .. })));
    super::lawful(&model);
}

#[test]
fn groups_are_refused_where_they_cannot_be_used() {
    let id = IntId::new(40).unwrap();
    let model = Model::new(Shape { security: false, ..Shape::V1 });
    let gic = v2(&model, 4);
    assert!(!gic.fiq_available());
    assert!(matches!(gic.distributor().set_group(id, Group::Zero), Err(Error::Unsupported { .. })));
    assert!(matches!(gic.set_fiq(Line::new(40), true), Err(PicError::Unsupported { .. })));
    let model = Model::new(Shape { security: true, secure: false, ..Shape::V3 });
    let gic = v3(&model, 4);
    assert!(!gic.fiq_available());
    assert!(matches!(gic.set_group(id, Group::Zero), Err(Error::Unsupported { .. })));
    assert!(matches!(gic.set_fiq(Line::new(40), true), Err(PicError::Unsupported { .. })));
    super::lawful(&model);
}

#[test]
fn a_redistributor_that_never_wakes_fails_the_core_in_bounded_time() {
    let model = Model::new(Shape::V3);
    let region = Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
    let gic = GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap();
    model.inject(Fault::NeverWakes);
    assert_eq!(gic.init_cpu(cpu(0)), Err(PicError::Timeout { what: "GIC redistributor (wake)", line: None }));
    model.mend();
    assert_eq!(gic.init_cpu(cpu(0)), Ok(()));
}

#[test]
fn a_running_priority_that_never_falls_is_an_error() {
    use hal_exc_api::pic::{Acknowledge, Acknowledged};
    fn stuck(model: &Model, gic: &(impl Acknowledge + LineMask + LinePending + CpuInterface)) {
        model.run_on(0);
        gic.enable(Line::new(40)).unwrap();
        gic.raise(cpu(0), Line::new(40)).unwrap();
        let Acknowledged::Claimed(_left_active) = gic.acknowledge(cpu(0)) else { panic!("pending") };
        model.inject(Fault::PriorityStuck);
        let timeout = PicError::Timeout { what: "GIC running priority", line: None };
        assert_eq!(gic.init_cpu(cpu(0)), Err(timeout));
        assert_eq!(gic.quiet_cpu(cpu(0)), Err(timeout));
    }
    let model = Model::new(Shape::V1);
    stuck(&model, &v2(&model, 4));
    let model = Model::new(Shape::V2);
    stuck(&model, &v2(&model, 4));
    let model = Model::new(Shape::V3);
    stuck(&model, &v3(&model, 4));
}

#[test]
fn a_core_without_a_redistributor_in_the_regions_is_told() {
    let model = Model::new(Shape::V3);
    model.run_on(3);
    let region = Region { regs: model.gicr(0, 2), size: 2 * model.stride() };
    let made = GicV3::new(model.gicd3(), [region], model.sys(), false).map(|_| ());
    assert_eq!(made, Err(Error::NoSuchCore { core: 3 }));
}

#[test]
fn polarities_that_a_gic_lacks_are_refused() {
    let line = Line::new(40);
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    for mode in [TriggerMode::LevelLow, TriggerMode::EdgeFalling] {
        assert_eq!(gic.set_trigger(line, mode), Err(PicError::BadTrigger { line, mode }));
    }
    let sgi = Line::new(1);
    let mode = TriggerMode::LevelHigh;
    assert_eq!(gic.set_trigger(sgi, mode), Err(PicError::BadTrigger { line: sgi, mode }));
}

#[test]
fn lpis_that_stay_on_are_handed_over_and_an_its_that_stays_busy_is_told() {
    let model = Model::new(Shape::V3);
    let regs = model.gicr(0, 1);
    let r = Redistributor::probe(&regs, 0).unwrap();
    assert_eq!(r.lpis(), LpiState::Off);
    model.lpis(0, true);
    let on = LpiState::On { configuration: 0x1000_0000, pending: 0x2000_0000 };
    assert_eq!(r.lpis(), on);
    model.inject(Fault::LpisStick);
    assert_eq!(r.disable_lpis(), Ok(on));
    model.mend();
    assert_eq!(r.disable_lpis(), Ok(LpiState::Off));
    assert_eq!(LpiState::Off.tables(), None);
    // 14 bits of id: 8192 LPIs, a byte each, a bit for each of the 16384 ids. Attributes around the addresses.
    let on = LpiState::On { configuration: 0x0700_0012_3456_788D, pending: 0x4700_0076_5432_0F80 };
    assert_eq!(on.tables(), Some([(0x12_3456_7000, 8192), (0x76_5432_0000, 2048)]));
    let its = Its::probe(model.its()).unwrap();
    crate::access::Registers::write(&model.its(), 0, 1);
    assert!(its.is_enabled());
    model.inject(Fault::DistributorBusy);
    assert_eq!(its.disable(), Err(Error::Timeout { what: "GIC ITS (quiescent)" }));
    model.mend();
    assert_eq!(its.disable(), Ok(()));
    assert!(!its.is_enabled());
}

#[test]
fn buffers_that_are_too_small_are_refused() {
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    let need = gic.distributor().context_words();
    assert_eq!(gic.distributor().save(&mut [0; 4]), Err(Error::BufferTooSmall { need, have: 4 }));
    assert_eq!(gic.distributor().restore(&[0; 4]), Err(Error::BufferTooSmall { need, have: 4 }));
    assert_eq!(gic.save_cpu(&mut [0; 19]), Err(Error::BufferTooSmall { need: 20, have: 19 }));
    assert_eq!(gic.restore_cpu(&[0; 19]), Err(Error::BufferTooSmall { need: 20, have: 19 }));
    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    let need = gic.distributor().context_words();
    assert_eq!(gic.distributor().save(&mut [0; 4]), Err(Error::BufferTooSmall { need, have: 4 }));
    model.run_on(0);
    for have in [5, 50] {
        assert!(matches!(gic.save_cpu(&mut [0; 50][..have]), Err(Error::BufferTooSmall { .. })));
        assert!(matches!(gic.restore_cpu(&[0; 50][..have]), Err(Error::BufferTooSmall { .. })));
    }
    assert_eq!(
        gic.distributor().set_route(IntId::new(20).unwrap(), Route::Any),
        Err(Error::WrongClass { id: IntId::new(20).unwrap() })
    );
}
