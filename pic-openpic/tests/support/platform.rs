// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host as a platform: threads stand for CPUs.

#![allow(dead_code)]

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqEvent, IrqManager, Platform};
use hal_exc_api::pic::{CpuId, CpuInterface, CpuMask};
use pic_openpic::fakes::{FakeKind, FakeMpic};
use pic_openpic::{Config, Model, OpenPic};

pub(crate) type Pic = OpenPic<FakeMpic>;
pub(crate) type Manager = IrqManager<Pic, Host, 512, 2>;

thread_local! {
    static CPU: Cell<usize> = const { Cell::new(0) };
    static IN_INTERRUPT: Cell<bool> = const { Cell::new(false) };
}

/// Ticks of the test clock.
pub(crate) static NOW: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Host {
    pub(crate) online: AtomicU32,
    pub(crate) preemptible: AtomicBool,
    pub(crate) events: Mutex<Vec<IrqEvent>>,
}

impl Host {
    pub(crate) const fn new() -> Self {
        Self { online: AtomicU32::new(0b11), preemptible: AtomicBool::new(false), events: Mutex::new(Vec::new()) }
    }
}

impl Platform for Host {
    const CLOCK: Option<fn() -> u32> = Some(|| NOW.load(Ordering::Relaxed));

    fn cpu(&self) -> CpuId {
        CpuId::new(CPU.get()).unwrap()
    }
    fn in_interrupt(&self) -> bool {
        IN_INTERRUPT.get()
    }
    fn mask_local(&self) -> u32 {
        0
    }
    fn restore_local(&self, _: u32) {}
    fn is_online(&self, cpu: CpuId) -> bool {
        CpuMask::from_bits(self.online.load(Ordering::Relaxed)).contains(cpu)
    }
    fn allow_preemption(&self) {
        self.preemptible.store(true, Ordering::Relaxed);
    }
    fn forbid_preemption(&self) {
        self.preemptible.store(false, Ordering::Relaxed);
    }
    fn report(&self, event: IrqEvent) {
        self.events.lock().unwrap().push(event);
    }
}

/// The calling thread is CPU `index` from now on.
pub(crate) fn become_cpu(index: usize) {
    CPU.set(index);
}

pub(crate) fn as_interrupt<T>(work: impl FnOnce() -> T) -> T {
    let before = IN_INTERRUPT.replace(true);
    let result = work();
    IN_INTERRUPT.set(before);
    result
}

/// What the CPU does while the controller's output is asserted.
pub(crate) fn take_all(manager: &'static Manager, fake: &FakeMpic) -> u32 {
    let mut taken = 0;
    while fake.output(CpuId::new(CPU.get()).unwrap()) {
        let handled = as_interrupt(|| manager.dispatch());
        assert_eq!(handled, Handled::Handled);
        taken += 1;
        assert!(taken < 10_000, "no end");
    }
    taken
}

pub(crate) fn uninitialised() -> &'static Manager {
    Box::leak(Box::new(Manager::new(Host::new())))
}

pub(crate) fn started(kind: FakeKind, model: Model) -> (FakeMpic, Pic) {
    let fake = FakeMpic::new(kind, 2);
    let pic = OpenPic::start(fake.clone(), &Config { patience: 50, ..Config::new(model) }).unwrap();
    pic.init_cpu(CpuId::BOOT).unwrap();
    pic.init_cpu(CpuId::new(1).unwrap()).unwrap();
    (fake, pic)
}

pub(crate) fn manager() -> (FakeMpic, &'static Manager) {
    let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    let manager = uninitialised();
    manager.init(pic).unwrap();
    (fake, manager)
}

/// A device that lets go of its input when it is served, and writes down that it was.
pub(crate) struct Device {
    pub(crate) fake: FakeMpic,
    pub(crate) input: u16,
    pub(crate) name: u32,
    pub(crate) served: AtomicU32,
    pub(crate) mine: bool,
    pub(crate) log: &'static Mutex<Vec<u32>>,
}

pub(crate) fn log() -> &'static Mutex<Vec<u32>> {
    Box::leak(Box::new(Mutex::new(Vec::new())))
}

impl Device {
    pub(crate) fn leak(fake: &FakeMpic, input: u16, name: u32, log: &'static Mutex<Vec<u32>>) -> &'static Self {
        Box::leak(Box::new(Self { fake: fake.clone(), input, name, served: AtomicU32::new(0), mine: true, log }))
    }

    pub(crate) fn serve(&'static self, delivery: Delivery) -> Handled {
        assert_eq!(delivery.source_cpu(), None);
        self.log.lock().unwrap().push(self.name);
        self.served.fetch_add(1, Ordering::Relaxed);
        self.fake.set_input(self.input, false);
        if self.mine { Handled::Handled } else { Handled::NotHandled }
    }

    pub(crate) fn entry(&'static self) -> &'static IrqEntry {
        Box::leak(Box::new(IrqEntry::new("device", Self::serve, self)))
    }

    pub(crate) fn unique_entry(&'static self) -> &'static IrqEntry {
        Box::leak(Box::new(IrqEntry::new("unique", Self::serve, self).unique()))
    }
}
