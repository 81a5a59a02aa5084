// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver against a model of the controller, as the data sheet describes it.

use core::sync::atomic::{AtomicU32, Ordering};

use super::*;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, Platform};
use hal_exc_api::irq_manager;

const DESIGN: Design = Design { lines: 12, edges: EDGE };
/// Line 7 is an edge.
const EDGE: u32 = 1 << 7;

/// The controller: a level requests as long as its input is high, an edge when it rises; both only while the inputs are on.
#[derive(Debug, Default)]
struct Model {
    status: AtomicU32,
    enable: AtomicU32,
    master: AtomicU32,
    inputs: AtomicU32,
}

impl Model {
    fn get(word: &AtomicU32) -> u32 {
        word.load(Ordering::Relaxed)
    }

    fn set_inputs(&self, inputs: u32) {
        let rising = inputs & !self.inputs.swap(inputs, Ordering::Relaxed);
        if Self::get(&self.master) & HARDWARE_ENABLE != 0 {
            self.status.fetch_or(inputs & !EDGE | rising & EDGE, Ordering::Relaxed);
        }
    }

    /// The output to the CPU.
    fn output(&self) -> bool {
        Self::get(&self.master) & MASTER_ENABLE != 0 && Self::get(&self.status) & Self::get(&self.enable) != 0
    }
}

impl Bank for &Model {
    fn read(&self, register: Register) -> u32 {
        match register {
            Register::Status => Model::get(&self.status),
            Register::Enable => Model::get(&self.enable),
            Register::Acknowledge => panic!("write only"),
            Register::Master => Model::get(&self.master),
        }
    }

    fn write(&self, register: Register, value: u32) {
        match register {
            Register::Status => panic!("not writable with the inputs on"),
            Register::Enable => self.enable.store(value, Ordering::Relaxed),
            Register::Acknowledge => {
                self.status.fetch_and(!value, Ordering::Relaxed);
            }
            // The inputs cannot be switched off again.
            Register::Master => {
                let kept = Model::get(&self.master) & HARDWARE_ENABLE;
                self.master.store(value & 3 | kept, Ordering::Relaxed);
            }
        }
        self.set_inputs(Model::get(&self.inputs));
    }
}

const CPU: CpuId = CpuId::BOOT;

fn claim(intc: &Intc<&Model>) -> Option<InService> {
    match intc.acknowledge(CPU) {
        Acknowledged::Claimed(claim) => Some(claim),
        Acknowledged::Spurious => None,
        Acknowledged::Unknown(vector) => panic!("{vector}"),
    }
}

#[test]
fn start_masks_forgets_and_switches_on() {
    let model = Model::default();
    model.enable.store(u32::MAX, Ordering::Relaxed);
    model.status.store(0xFF, Ordering::Relaxed);
    let intc = Intc::start(&model, DESIGN);
    assert_eq!((Model::get(&model.enable), Model::get(&model.status), Model::get(&model.master)), (0, 0, 3));
    assert!(claim(&intc).is_none() && !model.output());
    assert_eq!((intc.line_count(), intc.cpu_count()), (12, 1));
}

#[test]
fn line_0_is_the_least_significant_bit_and_comes_first() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    for number in [11, 0, 5] {
        intc.enable(Line::new(number)).unwrap();
    }
    assert_eq!(Model::get(&model.enable), 0x821);
    model.set_inputs(0x821);
    let first = claim(&intc).unwrap();
    let second = claim(&intc).unwrap();
    assert_eq!((first.line(), second.line()), (Line::new(0), Line::new(5)));
    intc.end(second);
    intc.end(first);
}

#[test]
fn a_masked_line_does_not_interrupt_and_is_seen_as_pending() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    model.set_inputs(1 << 3);
    assert!(claim(&intc).is_none() && !model.output());
    assert_eq!(intc.is_pending(Line::new(3)), Ok(true));
}

#[test]
fn a_level_in_service_is_not_delivered_again_and_goes_with_its_device() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    let line = Line::new(3);
    intc.enable(line).unwrap();
    model.set_inputs(1 << 3);
    let served = claim(&intc).unwrap();
    assert!(claim(&intc).is_none() && !model.output());
    assert_eq!(intc.is_enabled(line), Ok(true));
    // The device is still asking: it comes again after the end.
    intc.end(served);
    let served = claim(&intc).unwrap();
    model.set_inputs(0);
    intc.end(served);
    assert!(claim(&intc).is_none() && !model.output());
    assert_eq!(intc.is_pending(line), Ok(false));
}

#[test]
fn an_edge_during_service_is_not_lost() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    intc.enable(Line::new(7)).unwrap();
    model.set_inputs(EDGE);
    let served = claim(&intc).unwrap();
    model.set_inputs(0);
    model.set_inputs(EDGE);
    intc.end(served);
    let served = claim(&intc).unwrap();
    intc.end(served);
    assert!(claim(&intc).is_none());
}

#[test]
fn disabled_while_in_service_stays_disabled() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    intc.enable(Line::new(3)).unwrap();
    model.set_inputs(1 << 3);
    let served = claim(&intc).unwrap();
    intc.disable(Line::new(3)).unwrap();
    intc.end(served);
    assert!(claim(&intc).is_none());
    assert_eq!(Model::get(&model.enable), 0);
}

#[test]
fn quiet_masks_everything_and_forgets_what_was_in_service() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    intc.enable(Line::new(3)).unwrap();
    model.set_inputs(1 << 3);
    let _lost = claim(&intc).unwrap();
    intc.quiet_cpu(CPU).unwrap();
    assert_eq!((Model::get(&model.enable), intc.is_enabled(Line::new(3))), (0, Ok(false)));
    intc.enable(Line::new(3)).unwrap();
    assert!(claim(&intc).is_some());
}

#[test]
fn what_is_not_there_is_refused() {
    let model = Model::default();
    let intc = Intc::start(&model, DESIGN);
    let line = Line::new(12);
    let error = Err(PicError::NoSuchLine { line, count: 12 });
    assert_eq!(intc.enable(line), error);
    assert_eq!(intc.disable(line), error);
    assert_eq!(intc.raise(CPU, line), error);
    assert_eq!(intc.clear(line), error);
    assert_eq!(intc.is_pending(line).map(|_| ()), error);
    assert_eq!(intc.line_attributes(line).map(|_| ()), error);
    let cpu = CpuId::new(1).unwrap();
    assert_eq!(intc.init_cpu(cpu), Err(PicError::NoSuchCpu { cpu, count: 1 }));
    let line = Line::new(0);
    assert_eq!(intc.raise(CPU, line), Err(PicError::Unsupported { capability: Capability::Raise, line: Some(line) }));
    assert!(!intc.line_attributes(line).unwrap().can_raise);
}

struct Host;

impl Platform for Host {
    fn cpu(&self) -> CpuId {
        CPU
    }

    fn in_interrupt(&self) -> bool {
        false
    }

    fn mask_local(&self) -> u32 {
        0
    }

    fn restore_local(&self, _: u32) {}

    fn is_online(&self, _: CpuId) -> bool {
        true
    }
}

irq_manager! {
    static IRQS: IrqManager<Intc<&'static Model>, Host, 12, 1> = Host, named Irqs;
}

/// The manager serves it as any other, with the capabilities that it has.
#[test]
fn the_manager_takes_it() {
    static MODEL: std::sync::LazyLock<Model> = std::sync::LazyLock::new(Model::default);
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static ENTRY: IrqEntry = IrqEntry::new(
        "device",
        |count: &'static AtomicU32, delivery: Delivery| {
            assert_eq!(delivery.line(), Line::new(4));
            MODEL.set_inputs(0);
            count.fetch_add(1, Ordering::Relaxed);
            Handled::Handled
        },
        &COUNT,
    );
    IRQS.init(Intc::start(&*MODEL, DESIGN)).unwrap();
    IRQS.install(Line::new(4), &ENTRY).unwrap();
    IRQS.enable(Line::new(4)).unwrap();
    for round in 1..=3 {
        MODEL.set_inputs(1 << 4);
        assert_eq!(IRQS.dispatch(), Handled::Handled);
        assert_eq!(COUNT.load(Ordering::Relaxed), round);
    }
    assert!(!MODEL.output());
}
