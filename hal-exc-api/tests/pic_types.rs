// SPDX-License-Identifier: MIT OR Apache-2.0
//! The controller interface's own types.

use hal_exc_api::irq::Delivery;
use hal_exc_api::pic::*;

fn cpu(index: usize) -> CpuId {
    CpuId::new(index).unwrap()
}

#[test]
fn ids_are_checked() {
    assert_eq!(CpuId::new(31).map(CpuId::index), Some(31));
    assert_eq!(CpuId::new(32), None);
    assert_eq!(Line::checked(65_535), Some(Line::new(65_535)));
    assert_eq!(Line::checked(65_536), None);
    assert_eq!(PriorityRange::new(3, 2), None);
    let range = PriorityRange::new(1, 15).unwrap();
    assert_eq!((range.levels(), range.lowest(), range.highest()), (15, Priority::new(1), Priority::new(15)));
    for level in 0..=255 {
        assert_eq!(range.contains(Priority::new(level)), (1..=15).contains(&level));
    }
    assert_eq!(PriorityRange::new(0, 255).unwrap().levels(), 256);
}

#[test]
fn sets_of_cpus() {
    let set = CpuMask::only(cpu(3)).with(cpu(0)).with(cpu(31));
    assert_eq!(set.iter().map(CpuId::index).collect::<Vec<_>>(), [0, 3, 31]);
    assert_eq!((set.len(), set.bits(), set.lowest()), (3, 0x8000_0009, Some(cpu(0))));
    assert!(!set.without(cpu(3)).contains(cpu(3)) && set.contains(cpu(3)));
    assert_eq!(set.and(CpuMask::first(4)), CpuMask::from_bits(9));
    assert_eq!((CpuMask::first(0), CpuMask::first(32).len(), CpuMask::first(99).len()), (CpuMask::EMPTY, 32, 32));
    assert_eq!(CpuMask::EMPTY.lowest(), None);
    assert_eq!(format!("{set} {set:?} {}", CpuMask::EMPTY), "{0,3,31} CPUs {0,3,31} {}");
}

#[test]
fn targets_resolve_without_the_sender_among_others() {
    assert_eq!(IpiTarget::Myself.resolve(cpu(2), 4).bits(), 0b0100);
    assert_eq!(IpiTarget::Others.resolve(cpu(2), 4).bits(), 0b1011);
    assert_eq!(IpiTarget::Others.resolve(cpu(0), 1), CpuMask::EMPTY);
    assert_eq!(IpiTarget::List(CpuMask::first(3)).resolve(cpu(2), 4).bits(), 0b0111);
}

#[test]
fn trigger_modes_have_two_properties() {
    use TriggerMode::*;
    for mode in [LevelHigh, LevelLow, EdgeRising, EdgeFalling] {
        assert_eq!(TriggerMode::from_parts(mode.is_level(), mode.is_active_high()), mode);
    }
    assert!(LevelLow.is_level() && !LevelLow.is_active_high() && EdgeRising.is_active_high());
}

#[test]
fn a_delivery_keeps_line_and_sender() {
    for line in [0, 42, 65_535] {
        for source in [None, Some(cpu(0)), Some(cpu(31))] {
            let delivery = Delivery::new(Line::new(line), source);
            assert_eq!((delivery.line(), delivery.source_cpu()), (Line::new(line), source));
        }
    }
    assert_eq!(format!("{:?}", Delivery::new(Line::new(3), Some(cpu(1)))), "line 3 from CPU 1");
}

#[test]
fn errors_name_their_values() {
    let line = Line::new(77);
    let range = PriorityRange::new(1, 15).unwrap();
    for (error, words) in [
        (PicError::NoSuchLine { line, count: 64 }, "no interrupt line 77: the controller has 64 line numbers"),
        (PicError::NoSuchCpu { cpu: cpu(9), count: 2 }, "no CPU 9: the controller serves 2"),
        (
            PicError::Unsupported { capability: Capability::Raise, line: Some(line) },
            "line 77 does not support raising by software",
        ),
        (
            PicError::Unsupported { capability: Capability::Msi, line: None },
            "the controller does not support message-signalled interrupts",
        ),
        (PicError::BadPriority { priority: Priority::new(16), range }, "priority 16 is not in 1..=15"),
        (PicError::BadTrigger { line, mode: TriggerMode::EdgeRising }, "line 77 cannot be set to rising edge"),
        (PicError::NotRoutable { line, cpus: CpuMask::first(2) }, "line 77 cannot go to CPUs {0,1}"),
        (PicError::NoSuchIpi { number: 4, count: 4 }, "no inter-processor interrupt 4: there are 4"),
        (PicError::NoSuchTimer { number: 8, count: 8 }, "no timer 8: there are 8"),
        (PicError::BadPeriod { ticks: 0, max: 7 }, "period of 0 ticks is not in 1..=7"),
        (PicError::NoFreeVector { line }, "no free vector for line 77"),
        (PicError::NoFreeMsi { count: 32 }, "all 32 message-signalled interrupts are allocated"),
        (PicError::MsiNotAllocated { line }, "message-signalled interrupt 77 is not allocated"),
        (
            PicError::Timeout { what: "the activity bit", line: Some(line) },
            "the activity bit of line 77 did not answer in time",
        ),
    ] {
        assert_eq!(error.to_string(), words);
    }
}
