// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt manager runs on every GIC, and on an MPIC, with the same drivers and the same
//! scenario: only the controller and the numbers of its lines differ.

use super::{cpu, lawful};
use crate::model::{Model, Shape};
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqManager, Platform};
use hal_exc_api::pic::{
    Acknowledge, CpuId, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity, LineMask, LinePriority,
    LineTrigger, TriggerMode,
};
use std::boxed::Box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::vec;
use std::vec::Vec;

std::thread_local! {
    /// Each scenario runs on a thread of its own.
    static CPU: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

struct Host;

impl Platform for Host {
    fn cpu(&self) -> CpuId {
        cpu(CPU.get())
    }
    fn in_interrupt(&self) -> bool {
        false
    }
    fn mask_local(&self) -> u32 {
        0
    }
    fn restore_local(&self, _saved: u32) {}
    fn is_online(&self, cpu: CpuId) -> bool {
        cpu.index() < 2
    }
}

/// The machine around a controller: who executes, and a device's output.
trait Bench: Sync {
    fn run_on(&self, cpu: usize);
    fn set_input(&self, line: Line, on: bool);
    fn asserted(&self, cpu: usize) -> bool;
}

impl Bench for Model {
    fn run_on(&self, cpu: usize) {
        Model::run_on(self, cpu);
    }
    fn set_input(&self, line: Line, on: bool) {
        Model::set_input(self, 0, line.number().into(), on);
    }
    fn asserted(&self, cpu: usize) -> bool {
        self.signal(cpu).is_some()
    }
}

impl Bench for pic_openpic::fakes::FakeMpic {
    fn run_on(&self, _cpu: usize) {}
    fn set_input(&self, line: Line, on: bool) {
        pic_openpic::fakes::FakeMpic::set_input(self, line.number(), on);
    }
    fn asserted(&self, n: usize) -> bool {
        self.output(cpu(n))
    }
}

/// A driver as somebody writes it who knows the manager and no controller.
struct Driver {
    name: usize,
    bench: &'static dyn Bench,
    line: Line,
    busy: AtomicBool,
    log: &'static Mutex<Vec<(usize, usize, Option<usize>)>>,
    served: AtomicUsize,
}

impl Driver {
    fn serve(&'static self, delivery: Delivery) -> Handled {
        if !self.busy.swap(false, Ordering::Relaxed) {
            return Handled::NotHandled;
        }
        self.bench.set_input(self.line, false);
        self.served.fetch_add(1, Ordering::Relaxed);
        self.log.lock().unwrap().push((self.name, CPU.get(), delivery.source_cpu().map(CpuId::index)));
        Handled::Handled
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The scenario. `tells_source`: whether the controller names the sender of an IPI.
fn scenario<C>(controller: C, bench: &'static dyn Bench, source: Line, tells_source: bool)
where
    C: Acknowledge
        + LineMask
        + LinePriority
        + LineTrigger
        + LineAffinity
        + InterProcessor
        + CpuInterface
        + Send
        + Sync
        + 'static,
{
    let on = |n: usize| {
        CPU.set(n);
        bench.run_on(n);
    };
    let manager: &'static IrqManager<C, Host, 1024, 2> = leak(IrqManager::new(Host));
    on(1);
    controller.init_cpu(cpu(1)).unwrap();
    on(0);
    controller.init_cpu(cpu(0)).unwrap();
    manager.init(controller).unwrap();
    let log = leak(Mutex::new(Vec::new()));
    let driver =
        |name, line| leak(Driver { name, bench, line, busy: AtomicBool::new(false), log, served: AtomicUsize::new(0) });
    let entry = |driver: &'static Driver| leak(IrqEntry::new("driver", Driver::serve, driver));
    let take_all = |n: usize| {
        on(n);
        let mut taken = 0;
        while bench.asserted(n) {
            assert_eq!(manager.dispatch(), Handled::Handled);
            taken += 1;
            assert!(taken < 100, "no end");
        }
        taken
    };
    let seen = || core::mem::take(&mut *log.lock().unwrap());
    let raise = |driver: &'static Driver| {
        driver.busy.store(true, Ordering::Relaxed);
        bench.set_input(driver.line, true);
    };

    // Two drivers share a level line; a third has its own, more urgent one.
    let next = Line::new(source.number() + 1);
    let (first, second, urgent) = (driver(1, source), driver(2, source), driver(3, next));
    manager.set_trigger(source, TriggerMode::LevelHigh).unwrap();
    manager.set_trigger(next, TriggerMode::EdgeRising).unwrap();
    let (entry1, entry2, entry3) = (entry(first), entry(second), entry(urgent));
    manager.install(source, entry1).unwrap();
    manager.install(source, entry2).unwrap();
    manager.install(next, entry3).unwrap();
    assert!(manager.install(source, entry1).is_err(), "an entry is installed once");
    let range = manager.controller().unwrap().priority_range();
    manager.set_priority(source, range.lowest()).unwrap();
    manager.set_priority(next, range.highest()).unwrap();
    raise(second);
    raise(urgent);
    assert_eq!(take_all(0), 2);
    assert_eq!(seen(), vec![(3, 0, None), (2, 0, None)], "by urgency; the sharer that was meant");

    // Affinity moves the line.
    manager.set_affinity(source, CpuMask::only(cpu(1))).unwrap();
    raise(first);
    assert_eq!((take_all(0), take_all(1)), (0, 1));
    assert_eq!(seen(), vec![(1, 1, None)]);
    on(0);

    // Between CPUs.
    let ipi = manager.controller().unwrap().ipi_line(2).unwrap();
    let call = driver(4, ipi);
    manager.install(ipi, entry(call)).unwrap();
    on(1);
    manager.enable(ipi).unwrap();
    for (from, to) in [(0, 1), (1, 0), (0, 0)] {
        on(from);
        call.busy.store(true, Ordering::Relaxed);
        manager.controller().unwrap().send(cpu(from), 2, IpiTarget::List(CpuMask::only(cpu(to)))).unwrap();
        assert_eq!(take_all(to), 1);
        assert_eq!(seen(), vec![(4, to, tells_source.then_some(from))]);
    }
    on(0);

    // Disabled lines wait; removed entries are not called.
    manager.set_affinity(source, CpuMask::only(cpu(0))).unwrap();
    manager.disable(source).unwrap();
    raise(first);
    assert_eq!(take_all(0), 0);
    manager.enable(source).unwrap();
    assert_eq!((take_all(0), seen()), (1, vec![(1, 0, None)]));
    assert!(manager.remove(source, entry1).unwrap().is_complete());
    raise(second);
    assert_eq!((take_all(0), seen()), (1, vec![(2, 0, None)]));
    assert_eq!(manager.line_statistics(source).unwrap().unhandled, 0);
    let numbers = [first, second, urgent, call].map(|driver| driver.served.load(Ordering::Relaxed));
    assert_eq!(numbers, [2, 2, 1, 3]);
}

#[test]
fn the_same_drivers_on_gicv1_and_gicv2() {
    for shape in [Shape::V1, Shape::V2] {
        let model = leak(Model::new(shape));
        let gic = crate::v2::GicV2::new(model.gicd(), model.gicc(), false).unwrap();
        scenario(gic, model, Line::new(40), true);
        lawful(model);
    }
}

#[test]
fn the_same_drivers_on_gicv3() {
    for shape in [false, true].map(|security| Shape { extended: 0, security, ..Shape::V3 }) {
        let model = leak(Model::new(shape));
        let region = crate::v3::Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
        let gic = crate::v3::GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap();
        scenario(gic, model, Line::new(40), false);
        lawful(model);
    }
}

/// An LPI of a former owner is no line: with a table that its number would wrap into, no handler runs.
#[test]
fn an_inherited_lpi_reaches_no_handler() {
    let model = leak(Model::new(Shape { extended: 0, ..Shape::V3 }));
    let region = crate::v3::Region { regs: model.gicr(0, 4), size: 4 * model.stride() };
    let gic = crate::v3::GicV3::new(model.gicd3(), [region], model.sys(), false).unwrap();
    CPU.set(0);
    gic.init_cpu(cpu(0)).unwrap();
    let manager: &'static IrqManager<_, Host, 512, 2> = leak(IrqManager::new(Host));
    manager.init(gic).unwrap();
    let called = leak(AtomicUsize::new(0));
    let entry = leak(IrqEntry::new(
        "SGI 0",
        |called: &'static AtomicUsize, _| {
            called.fetch_add(1, Ordering::Relaxed);
            Handled::Handled
        },
        called,
    ));
    manager.install(Line::new(0), entry).unwrap();
    for lpi in [8192, 8192 + 512, 65536, 70000] {
        model.raise_lpi(0, lpi);
        assert_eq!(manager.dispatch(), Handled::NotHandled);
        assert_eq!((model.depth(0), model.signal(0)), (0, None), "ended, once");
    }
    assert_eq!(called.load(Ordering::Relaxed), 0);
    assert_eq!(manager.cpu_statistics(cpu(0)).unwrap().unknown, 4);
    lawful(model);
}

#[test]
fn the_same_drivers_on_mpic() {
    use pic_openpic::fakes::{FakeKind, FakeMpic};
    use pic_openpic::{Config, Model, OpenPic};
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 2);
    let pic = OpenPic::start(fake.clone(), &Config { patience: 50, ..Config::new(Model::FREESCALE) }).unwrap();
    scenario(pic, leak(fake), Line::new(3), false);
}
