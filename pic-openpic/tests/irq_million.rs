// SPDX-License-Identifier: MIT OR Apache-2.0
//! A million interrupts through the manager and the driver, against a reference that knows only the rules: most
//! urgent first, the lower line number among equals, held back by the threshold; same order, same counts.

#[path = "support/platform.rs"]
mod platform;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::pic::*;
use pic_openpic::Model;
use pic_openpic::fakes::{FakeKind, FakeMpic};
use platform::*;

const LINES: usize = 40;
const FIRST: u16 = 20;
const TOTAL: u32 = 1_000_000;

/// Numbers without a pattern that matters (xorshift).
struct Random(u64);
impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

struct Device {
    fake: FakeMpic,
    order: &'static Mutex<Vec<u16>>,
    served: [AtomicU32; LINES],
}

fn serve(device: &'static Device, delivery: Delivery) -> Handled {
    let number = delivery.line().number();
    device.fake.set_input(number, false);
    device.order.lock().unwrap().push(number);
    device.served[usize::from(number - FIRST)].fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

#[test]
fn a_million_interrupts() {
    let (fake, pic) = started(FakeKind::KEYLARGO, Model::KEYLARGO);
    let manager = uninitialised();
    manager.init(pic).unwrap();
    let order: &'static Mutex<Vec<u16>> = Box::leak(Box::default());
    let device: &'static Device =
        Box::leak(Box::new(Device { fake: fake.clone(), order, served: [const { AtomicU32::new(0) }; LINES] }));
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    // The reference.
    let mut priority = [8u8; LINES];
    let mut enabled = [true; LINES];
    let mut pending = [false; LINES];
    let mut threshold = 0u8;
    let mut counts = [0u32; LINES];
    for index in 0..LINES {
        let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("device", serve, device)));
        manager.install(Line::new(FIRST + index as u16), entry).unwrap();
    }
    let mut taken = 0;
    while taken < TOTAL {
        // Something changes,
        let index = random.next(LINES as u64) as usize;
        let line = Line::new(FIRST + index as u16);
        match random.next(40) {
            0 if !pending[index] => {
                priority[index] = 1 + random.next(15) as u8;
                manager.set_priority(line, Priority::new(priority[index])).unwrap();
            }
            1 => {
                enabled[index] = !enabled[index];
                let result = if enabled[index] { manager.enable(line) } else { manager.disable(line) };
                result.unwrap();
            }
            2 => {
                threshold = random.next(12) as u8;
                let level = (threshold > 0).then(|| Priority::new(threshold));
                manager.controller().unwrap().set_threshold(CpuId::BOOT, level).unwrap();
            }
            _ => {}
        }
        // some lines fire,
        for _ in 0..=random.next(6) {
            let index = random.next(LINES as u64) as usize;
            pending[index] = true;
            fake.set_input(FIRST + index as u16, true);
        }
        // and are served: the reference says in which order.
        let mut expected = Vec::new();
        loop {
            let ready = (0..LINES).filter(|&index| pending[index] && enabled[index] && priority[index] > threshold);
            let Some(next) = ready.max_by_key(|&index| (priority[index], LINES - index)) else { break };
            pending[next] = false;
            counts[next] += 1;
            expected.push(FIRST + next as u16);
        }
        taken += take_all(manager, &fake);
        assert_eq!(std::mem::take(&mut *order.lock().unwrap()), expected, "after {taken}");
    }
    for (index, &count) in counts.iter().enumerate() {
        let line = Line::new(FIRST + index as u16);
        assert_eq!(device.served[index].load(Ordering::Relaxed), count, "{line:?}");
        assert_eq!(manager.line_statistics(line).unwrap().taken, count, "{line:?}");
        assert_eq!(manager.line_statistics(line).unwrap().unhandled, 0, "{line:?}");
    }
    assert_eq!(manager.cpu_statistics(CpuId::BOOT).unwrap().spurious, 0);
    assert_eq!(fake.violations(), Vec::<String>::new());
}
