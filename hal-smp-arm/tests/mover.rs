// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last act of an image: what is refused before anything is written, and what lies in the pen area afterwards.

use hal_smp_api::ack::SlotsOnly;
use hal_smp_api::clock::{Clock, Micros};
use hal_smp_api::cpus::{Cpu, CpuSet, HwId, Topology};
use hal_smp_api::election::Election;
use hal_smp_api::hooks::{HookError, RequesterHooks};
use hal_smp_api::image::{ImageError, ImageExclusive};
use hal_smp_api::ladder::{Ladder, Rung, Signal};
use hal_smp_api::slots::SlotLayout;
use hal_smp_api::stop::{Plan, Progress, Stop};
use hal_smp_api::word::Generation;
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::foreign::{self, Devices};
use hal_smp_arm::mover::{self, Move, MoveError};
use hal_smp_arm::pen::{Area, PenError};

const CODE: [u32; 3] = [0xe1a0_0000, 0xe12f_ff1e, 0xdead_beef];

/// A pen area of 8 KiB in memory of the test, and an image that is exclusive on a machine of one core.
fn area() -> (Area<Uncached>, ImageExclusive) {
    let memory = vec![0_u64; 2048].leak();
    let base = memory.as_ptr().addr().next_multiple_of(2048);
    // SAFETY: 8 KiB of leaked memory, aligned, used by this test alone.
    let area = unsafe { Area::new(base, 0x2000, SlotLayout::UNCACHED, 1, Uncached) }.unwrap();
    let me = Cpu::new(0).unwrap();
    let ids = [HwId(0)];
    let topology = Topology::new(&ids).unwrap();
    let rungs = [Rung { signal: Signal::Irq, patience: Micros(0), restartable: true }];
    let ladder = Ladder::new(&rungs).unwrap();
    let plan = Plan { topology, ladder, generation: Generation::FIRST, reserved: area.reserved() };
    let claim = Election::new().claim(me).unwrap();
    // SAFETY: the machine of the test has one core.
    let mut stop: Stop<1> = unsafe { Stop::new(claim, plan) }.unwrap();
    assert_eq!(stop.run(&area.slots(), &mut SlotsOnly, &mut Nobody, &Standing), Ok(Progress::Stopped));
    (area, stop.finish().unwrap().0)
}

/// There is nobody to signal.
struct Nobody;

// SAFETY: claims nothing.
unsafe impl RequesterHooks for Nobody {
    fn signal(&mut self, _: Signal, _: CpuSet) -> Result<(), HookError> {
        Err(HookError::NotSupported)
    }
    fn wake(&mut self, _: CpuSet) {}
    fn nonce(&mut self) -> u32 {
        0
    }
}

/// A clock that nobody needs.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> u64 {
        0
    }
    fn frequency(&self) -> u64 {
        1
    }
}

fn good(area: &Area<Uncached>) -> Move {
    Move {
        source: 0x10_0000,
        destination: 0x20_0000,
        len: 100,
        entry: 0x20_0000,
        registers: [0, 0xffff_ffff, 0x30_0000, 1 << 32],
        fallback: area.extra().start as u64,
    }
}

fn words(at: usize, count: usize) -> Vec<u32> {
    // SAFETY: in the leaked memory of the area.
    (0..count).map(|n| unsafe { ((at + 4 * n) as *const u32).read_volatile() }).collect()
}

#[test]
fn code_and_move_lie_in_the_pen_area() {
    let (area, image) = area();
    let mut room = area.room();
    let departure = mover::prepare(image, &mut room, &CODE, &good(&area)).unwrap();
    assert!(area.extra().contains(&departure.target) && area.extra().contains(&departure.args[0]));
    assert_eq!(words(departure.target, 3), CODE);
    // Destination, source, two blocks of 64 bytes, entry, four registers, fallback: 64 bits each.
    let fallback = area.extra().start as u64;
    let expected = [0x20_0000, 0, 0x10_0000, 0, 2, 0, 0x20_0000, 0, 0, 0, 0xffff_ffff, 0, 0x30_0000, 0, 0, 1];
    assert_eq!(words(departure.args[0], 16), expected);
    assert_eq!(words(departure.args[0] + 64, 2), [fallback as u32, (fallback >> 32) as u32]);
}

#[test]
fn a_bad_move_is_refused_by_name() {
    let refused = |change: fn(&mut Move, u64)| {
        let (area, image) = area();
        let mut what = good(&area);
        change(&mut what, area.reserved().base);
        mover::prepare(image, &mut area.room(), &CODE, &what).unwrap_err()
    };
    assert_eq!(refused(|what, _| what.source += 4), MoveError::Unaligned(0x10_0004));
    assert_eq!(refused(|what, _| what.destination += 1), MoveError::Unaligned(0x20_0001));
    assert_eq!(refused(|what, _| what.len = 0), MoveError::Length(0));
    assert_eq!(refused(|what, _| what.len = u64::MAX), MoveError::Length(u64::MAX));
    assert_eq!(refused(|what, _| what.entry = 0x20_0080), MoveError::Entry(0x20_0080));
    assert_eq!(refused(|what, _| what.source = 0x20_0040), MoveError::Image(ImageError::Overlap(0x20_0000)));
    assert_eq!(refused(|what, _| what.fallback = 0), MoveError::Image(ImageError::NotReserved(0)));
    // The pens: even if only the rounded-up end touches them.
    let error = refused(|what, pens| {
        what.destination = pens - 128;
        what.len = 129;
        what.entry = what.destination;
    });
    assert!(matches!(error, MoveError::Image(ImageError::Reserved(_))), "{error}");
    assert_eq!(MoveError::Entry(0x42).to_string(), "entry 0x42 is outside what is copied");
}

#[test]
fn the_room_ends_with_the_area() {
    let (area, image) = area();
    let mut room = area.room();
    let long = vec![0; area.extra().len() / 4 + 1];
    let error = mover::prepare(image, &mut room, &long, &good(&area)).unwrap_err();
    assert!(matches!(error, MoveError::Pen(PenError::TooSmall { .. })), "{error}");
}

#[test]
fn the_foreign_pen_gets_its_addresses() {
    let (area, image) = area();
    let mut room = area.room();
    let devices = Devices { gicc: 1, gicd: 2, flags: 3 };
    let entry = foreign::install(&image, &mut room, &CODE, &devices).unwrap();
    assert_eq!(words(entry.entry as usize, 3), CODE);
    assert_eq!(words(entry.arg as usize, 3), [1, 2, 3]);
    assert!(room.next() > entry.arg as usize);
}

#[test]
fn a_room_has_two_parts() {
    let (area, _) = area();
    let middle = area.reserved().base as usize + 0x1000;
    let (mut low, mut high) = area.room().split_at(middle - 1);
    assert_eq!(high.put(&CODE), Ok(middle));
    assert!(low.put(&CODE).unwrap() < middle);
    assert!(matches!(low.put(&vec![0; 0x1000 / 4]), Err(PenError::TooSmall { .. })));
    assert!(matches!(area.room().split_at(0).0.put(&CODE), Err(PenError::TooSmall { .. })));
}

#[test]
fn a_room_of_another_area_is_refused() {
    let ((_, image), (other, _)) = (area(), area());
    let devices = Devices { gicc: 0, gicd: 0, flags: 0 };
    let error = foreign::install(&image, &mut other.room(), &CODE, &devices).unwrap_err();
    assert!(matches!(error, MoveError::Image(ImageError::NotReserved(_))), "{error}");
    assert_eq!(words(other.room().next(), 3), [0; 3], "refused before anything was written");
}
