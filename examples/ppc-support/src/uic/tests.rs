// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver against a model of the chip.

use core::sync::atomic::{AtomicU32, Ordering};

use super::*;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, Platform};
use hal_exc_api::irq_manager;

/// The chip: levels are requested again as long as the input is high.
#[derive(Debug, Default)]
struct Chip {
    registers: [AtomicU32; 6],
    inputs: AtomicU32,
}

impl Chip {
    fn get(&self, register: Register) -> u32 {
        self.registers[register as usize].load(Ordering::Relaxed)
    }

    /// Sets the inputs; rising edges and high levels request.
    fn set_inputs(&self, inputs: u32) {
        let old = self.inputs.swap(inputs, Ordering::Relaxed);
        let trigger = self.get(Register::Trigger);
        let requests = inputs & (!trigger | (trigger & !old));
        self.registers[Register::Status as usize].fetch_or(requests, Ordering::Relaxed);
    }
}

impl Bank for &Chip {
    fn read(&self, register: Register) -> u32 {
        match register {
            Register::StatusSet => 0,
            Register::Masked => self.get(Register::Status) & self.get(Register::Enable),
            _ => self.get(register),
        }
    }

    fn write(&self, register: Register, value: u32) {
        let status = &self.registers[Register::Status as usize];
        match register {
            Register::Status => {
                status.fetch_and(!value, Ordering::Relaxed);
                self.set_inputs(self.inputs.load(Ordering::Relaxed));
            }
            Register::StatusSet => {
                status.fetch_or(value, Ordering::Relaxed);
            }
            Register::Masked => panic!("the masked status is read only"),
            _ => self.registers[register as usize].store(value, Ordering::Relaxed),
        }
    }
}

const CPU: CpuId = CpuId::BOOT;

fn claim(uic: &Uic<&Chip>) -> Option<InService> {
    match uic.acknowledge(CPU) {
        Acknowledged::Claimed(claim) => Some(claim),
        Acknowledged::Spurious => None,
        Acknowledged::Unknown(vector) => panic!("{vector}"),
    }
}

#[test]
fn start_masks_and_forgets() {
    let chip = Chip::default();
    for register in [Register::Enable, Register::Critical, Register::Trigger] {
        chip.registers[register as usize].store(u32::MAX, Ordering::Relaxed);
    }
    chip.registers[0].store(0xFF, Ordering::Relaxed);
    let uic = Uic::start(&chip);
    assert_eq!(chip.get(Register::Enable) | chip.get(Register::Critical) | chip.get(Register::Trigger), 0);
    assert_eq!((chip.get(Register::Status), chip.get(Register::Polarity)), (0, u32::MAX));
    assert!(claim(&uic).is_none());
    assert_eq!((uic.line_count(), uic.cpu_count()), (32, 1));
}

#[test]
fn line_0_is_the_most_significant_bit_and_comes_first() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    for number in [31, 0, 5] {
        uic.enable(Line::new(number)).unwrap();
    }
    assert_eq!(chip.get(Register::Enable), 0x8400_0001);
    chip.set_inputs(0x8400_0001);
    let first = claim(&uic).unwrap();
    let second = claim(&uic).unwrap();
    assert_eq!((first.line(), second.line()), (Line::new(0), Line::new(5)));
    uic.end(second);
    uic.end(first);
}

#[test]
fn a_line_in_service_is_not_delivered_again() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    uic.enable(Line::new(3)).unwrap();
    chip.set_inputs(0x1000_0000);
    let served = claim(&uic).unwrap();
    assert!(claim(&uic).is_none());
    assert_eq!(uic.is_enabled(Line::new(3)), Ok(true));
    // The device is still asking: it comes again after the end.
    uic.end(served);
    let served = claim(&uic).unwrap();
    chip.set_inputs(0);
    uic.end(served);
    assert!(claim(&uic).is_none());
    assert_eq!(uic.is_pending(Line::new(3)), Ok(false));
}

#[test]
fn disabled_while_in_service_stays_disabled() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    uic.enable(Line::new(3)).unwrap();
    chip.set_inputs(0x1000_0000);
    let served = claim(&uic).unwrap();
    uic.disable(Line::new(3)).unwrap();
    uic.end(served);
    assert!(claim(&uic).is_none());
    assert_eq!(chip.get(Register::Enable), 0);
}

#[test]
fn an_edge_during_service_is_not_lost() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    let line = Line::new(7);
    uic.set_trigger(line, TriggerMode::EdgeRising).unwrap();
    assert_eq!(uic.trigger(line), Ok(TriggerMode::EdgeRising));
    uic.enable(line).unwrap();
    chip.set_inputs(bit(line));
    let served = claim(&uic).unwrap();
    chip.set_inputs(0);
    chip.set_inputs(bit(line));
    uic.end(served);
    let served = claim(&uic).unwrap();
    uic.end(served);
    assert!(claim(&uic).is_none());
}

#[test]
fn critical_lines_bypass_acknowledge() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    let line = Line::new(9);
    uic.set_output(line, Output::Critical).unwrap();
    assert_eq!(uic.output(line), Ok(Output::Critical));
    uic.enable(line).unwrap();
    uic.raise(CPU, line).unwrap();
    assert!(claim(&uic).is_none());
    assert_eq!(uic.critical_pending(), Some(line));
    uic.clear(line).unwrap();
    assert_eq!(uic.critical_pending(), None);
    uic.set_output(line, Output::Normal).unwrap();
    uic.raise(CPU, line).unwrap();
    uic.end(claim(&uic).unwrap());
    let error = uic.set_output(line, Output::MachineCheck);
    assert_eq!(error, Err(PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(line) }));
}

#[test]
fn setting_the_trigger_keeps_the_mask() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    let line = Line::new(1);
    for mode in [TriggerMode::LevelLow, TriggerMode::EdgeFalling, TriggerMode::LevelHigh] {
        uic.set_trigger(line, mode).unwrap();
        assert_eq!((uic.trigger(line), uic.is_enabled(line)), (Ok(mode), Ok(false)));
    }
    uic.enable(line).unwrap();
    uic.set_trigger(line, TriggerMode::EdgeRising).unwrap();
    assert_eq!((uic.is_enabled(line), chip.get(Register::Enable)), (Ok(true), bit(line)));
}

#[test]
fn what_is_not_there_is_refused() {
    let chip = Chip::default();
    let uic = Uic::start(&chip);
    let line = Line::new(32);
    let error = Err(PicError::NoSuchLine { line, count: 32 });
    assert_eq!(uic.enable(line), error);
    assert_eq!(uic.disable(line), error);
    assert_eq!(uic.raise(CPU, line), error);
    assert_eq!(uic.clear(line), error);
    assert_eq!(uic.set_trigger(line, TriggerMode::LevelHigh), error);
    assert_eq!(uic.set_output(line, Output::Normal), error);
    assert_eq!(uic.line_attributes(line).map(|_| ()), error);
    let cpu = CpuId::new(1).unwrap();
    assert_eq!(uic.init_cpu(cpu), Err(PicError::NoSuchCpu { cpu, count: 1 }));
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
    static IRQS: IrqManager<Uic<&'static Chip>, Host, 32, 1> = Host, named Irqs;
}

/// A controller that the interrupt crates have never heard of fits under the manager.
#[test]
fn the_manager_takes_it() {
    static CHIP: std::sync::LazyLock<Chip> = std::sync::LazyLock::new(Chip::default);
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static ENTRY: IrqEntry = IrqEntry::new(
        "counter",
        |count: &'static AtomicU32, delivery: Delivery| {
            assert_eq!(delivery.line(), Line::new(4));
            count.fetch_add(1, Ordering::Relaxed);
            Handled::Handled
        },
        &COUNT,
    );
    IRQS.init(Uic::start(&*CHIP)).unwrap();
    IRQS.install(Line::new(4), &ENTRY).unwrap();
    IRQS.enable(Line::new(4)).unwrap();
    for round in 1..=3 {
        IRQS.raise(Line::new(4)).unwrap();
        assert_eq!(IRQS.dispatch(), Handled::Handled);
        assert_eq!(COUNT.load(Ordering::Relaxed), round);
    }
    // Nothing more: counted as spurious.
    assert_eq!(IRQS.dispatch(), Handled::Handled);
    assert_eq!(IRQS.cpu_statistics(CPU).unwrap().spurious, 1);
}
