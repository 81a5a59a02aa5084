// SPDX-License-Identifier: MIT OR Apache-2.0
//! The 8259 pair, by acknowledge cycle and by polling.

use hal_exc_api::pic::*;
use pic_openpic::fakes::FakeI8259;
use pic_openpic::i8259::{I8259Pair, Ports};

const CPU0: CpuId = CpuId::BOOT;

fn pairs() -> [(FakeI8259, I8259Pair<FakeI8259>); 2] {
    [true, false].map(|cycle| {
        let fake = FakeI8259::new(cycle);
        (fake.clone(), I8259Pair::start(fake).unwrap())
    })
}

fn lines() -> impl Iterator<Item = u8> {
    (0..16).filter(|&line| line != 2)
}

#[test]
fn every_line_is_taken_and_ended() {
    for (fake, pair) in pairs() {
        for number in lines() {
            let line = Line::new(u16::from(number));
            fake.set_request(number, true);
            assert!(!fake.output(), "masked");
            assert_eq!((pair.is_enabled(line), pair.is_pending(line)), (Ok(false), Ok(true)));
            pair.enable(line).unwrap();
            assert!(fake.output());
            let Acknowledged::Claimed(claim) = pair.acknowledge(CPU0) else { panic!("{line:?}") };
            assert_eq!(claim.line(), line);
            assert_ne!(fake.in_service(), (0, 0));
            pair.end(claim);
            assert_eq!(fake.in_service(), (0, 0));
            pair.disable(line).unwrap();
            fake.set_request(number, true);
            assert!(!fake.output());
            fake.set_request(number, false);
        }
        assert_eq!(pair.spurious_count(), 0);
    }
}

#[test]
fn a_second_in_service_keeps_the_first_busy() {
    for (fake, pair) in pairs() {
        for number in [9, 12] {
            pair.enable(Line::new(number)).unwrap();
        }
        fake.set_request(12, true);
        let Acknowledged::Claimed(low) = pair.acknowledge(CPU0) else { panic!() };
        // The first is busy with the second: even a more urgent one of the second waits.
        fake.set_request(9, true);
        assert!(!fake.output());
        pair.end(low);
        assert!(fake.output());
        let Acknowledged::Claimed(high) = pair.acknowledge(CPU0) else { panic!() };
        assert_eq!(high.line(), Line::new(9));
        pair.end(high);
        assert_eq!(fake.in_service(), (0, 0));
    }
}

#[test]
fn spurious_7_and_15() {
    let fake = FakeI8259::new(true);
    let pair = I8259Pair::start(fake.clone()).unwrap();
    for number in [7, 15] {
        pair.enable(Line::new(number)).unwrap();
    }
    fake.withdraw(0);
    assert!(matches!(pair.acknowledge(CPU0), Acknowledged::Spurious));
    assert_eq!(fake.in_service(), (0, 0));
    fake.withdraw(1);
    assert!(matches!(pair.acknowledge(CPU0), Acknowledged::Spurious));
    // The first had taken the second's request: it must be ended there.
    assert_eq!(fake.in_service(), (0, 0));
    assert_eq!(pair.spurious_count(), 2);
    // The real ones are no spurious.
    for number in [7, 15] {
        fake.set_request(number as u8, true);
        let Acknowledged::Claimed(claim) = pair.acknowledge(CPU0) else { panic!() };
        assert_eq!(claim.line(), Line::new(number));
        pair.end(claim);
    }
    assert_eq!(pair.spurious_count(), 2);
    // Polling finds nothing.
    let pair = I8259Pair::start(FakeI8259::new(false)).unwrap();
    assert!(matches!(pair.acknowledge(CPU0), Acknowledged::Spurious));
}

#[test]
fn triggers_and_refusals() {
    let [(_, pair), _] = pairs();
    let line = Line::new(5);
    pair.set_trigger(line, TriggerMode::LevelHigh).unwrap();
    assert_eq!(pair.trigger(line), Ok(TriggerMode::LevelHigh));
    pair.set_trigger(line, TriggerMode::EdgeRising).unwrap();
    assert_eq!(pair.trigger(line), Ok(TriggerMode::EdgeRising));
    let mode = TriggerMode::LevelLow;
    assert_eq!(pair.set_trigger(line, mode), Err(PicError::BadTrigger { line, mode }));
    let (line, mode) = (Line::new(8), TriggerMode::LevelHigh);
    assert_eq!(pair.set_trigger(line, mode), Err(PicError::BadTrigger { line, mode }));
    for line in [2, 16].map(Line::new) {
        assert_eq!(pair.enable(line), Err(PicError::NoSuchLine { line, count: 16 }));
    }
    let unsupported = |capability| Err(PicError::Unsupported { capability, line: Some(line) });
    assert_eq!(pair.raise(CPU0, line), unsupported(Capability::Raise));
    assert_eq!(pair.clear(line), unsupported(Capability::Clear));
}

struct Nobody;
impl Ports for Nobody {
    fn read(&self, _: u8, _: bool) -> u8 {
        0xFF
    }
    fn write(&self, _: u8, _: bool, _: u8) {}
}

#[test]
fn absent() {
    assert!(matches!(I8259Pair::start(Nobody), Err(PicError::Timeout { .. })));
}
