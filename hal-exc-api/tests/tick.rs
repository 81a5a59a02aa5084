// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ticks against simulated timers: no drift, missed ticks counted, wraps survived.

use std::cell::Cell;
use std::rc::Rc;

use hal_exc_api::cpu::{Pvr, TickTimer, identify};
use hal_exc_api::tick::{
    Decrementer, DecrementerTick, Period, ReloadTick, ReloadTimer, Schedule, Tick, TickError, TimeBase, TimeBaseDelay,
    timer_of,
};
use proptest::prelude::*;

/// A time base that every read moves on by a count, and a timer that expires on it.
#[derive(Clone)]
struct Machine(Rc<State>);

struct State {
    now: Cell<u64>,
    /// When the timer expires next.
    expiry: Cell<u64>,
    reload: Cell<u64>,
    /// How much later than asked for a reload starts: 0 on hardware, more on an emulator.
    sloth: Cell<u64>,
    pending: Cell<bool>,
    running: Cell<bool>,
    lowest_set: Cell<u32>,
}

impl Machine {
    fn new(now: u64) -> Self {
        Self(Rc::new(State {
            now: Cell::new(now),
            expiry: Cell::new(0),
            reload: Cell::new(0),
            sloth: Cell::new(0),
            pending: Cell::new(false),
            running: Cell::new(false),
            lowest_set: Cell::new(u32::MAX),
        }))
    }

    /// Lets `counts` go by and expires the timer as it falls.
    fn pass(&self, counts: u64) {
        let s = &self.0;
        let target = s.now.get().wrapping_add(counts);
        while s.running.get() && target.wrapping_sub(s.expiry.get()) < 1 << 63 {
            s.pending.set(true);
            if s.reload.get() == 0 {
                s.running.set(false);
            } else {
                s.expiry.set(s.expiry.get().wrapping_add(s.reload.get() + s.sloth.get()));
            }
        }
        s.now.set(target);
    }

    /// Passes time until the timer raises its exception, then `latency` more.
    fn run_to_interrupt(&self, latency: u64) {
        if !self.0.pending.get() {
            assert!(self.0.running.get(), "no interrupt will ever come");
            self.pass(self.0.expiry.get().wrapping_sub(self.0.now.get()));
        }
        assert!(self.0.pending.get());
        self.pass(latency);
    }

    fn counts_since(&self, start: u64) -> u64 {
        self.0.now.get().wrapping_sub(start)
    }
}

impl TimeBase for Machine {
    fn now(&self) -> u64 {
        self.pass(1);
        self.0.now.get()
    }
}

impl Decrementer for Machine {
    fn set(&mut self, counts: u32) {
        self.pass(1);
        self.0.lowest_set.set(self.0.lowest_set.get().min(counts));
        assert!((1..=Period::MAX).contains(&counts), "decrementer set to {counts:#x}");
        self.0.pending.set(false);
        self.0.running.set(true);
        self.0.reload.set(0);
        self.0.expiry.set(self.0.now.get().wrapping_add(u64::from(counts) + 1));
    }
}

impl ReloadTimer for Machine {
    const CAN_REALIGN: bool = true;

    fn hold(&mut self) {
        self.0.running.set(false);
    }

    fn enable(&mut self, counts: u32) {
        self.pass(1);
        self.0.reload.set(u64::from(counts));
    }

    fn load(&mut self, counts: u32) {
        self.pass(1);
        assert!((1..=Period::MAX).contains(&counts), "counter set to {counts:#x}");
        self.0.running.set(true);
        self.0.expiry.set(self.0.now.get().wrapping_add(u64::from(counts)));
    }

    fn acknowledge(&mut self) {
        self.pass(1);
        self.0.pending.set(false);
    }

    fn remaining(&self) -> u32 {
        self.pass(1);
        self.0.expiry.get().wrapping_sub(self.0.now.get()) as u32
    }

    fn stop(&mut self) {
        self.0.running.set(false);
        self.0.reload.set(0);
        self.0.pending.set(false);
    }
}

/// A small generator, so that a million latencies cost nothing.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn period(counts: u32) -> Period {
    Period::new(counts).unwrap()
}

/// Latencies mostly short, now and then several periods long.
fn latency(random: &mut Random, period: u64) -> u64 {
    if random.below(1000) == 0 { random.below(5 * period) } else { random.below(period / 4) }
}

#[test]
fn a_decrementer_does_not_drift_in_a_million_ticks() {
    for seed in 0..4 {
        let mut random = Random(seed);
        let counts = 1000 + random.below(100_000);
        // Close below the wrap of the 64-bit time base, so that it wraps on the way.
        let machine = Machine::new(u64::MAX - 500_000 * counts);
        let start = machine.0.now.get() + 1;
        let mut tick = DecrementerTick::start(machine.clone(), period(counts as u32));
        let mut total = 0;
        let mut late = 0;
        for _ in 0..1_000_000 {
            machine.run_to_interrupt(latency(&mut random, counts));
            let due = tick.on_interrupt();
            total += u64::from(due);
            late += u64::from(due.saturating_sub(1));
            // The read of the time base and the setting of the decrementer are two counts ago.
            assert_eq!(total, (machine.counts_since(start) - 1) / counts, "ticks against the time base");
        }
        assert_eq!((tick.ticks(), tick.missed()), (total, late));
        assert!(late > 0 && total > 1_000_000);
        assert!(machine.0.lowest_set.get() >= 1);
    }
}

#[test]
fn a_reloading_timer_does_not_drift_in_a_million_ticks() {
    for seed in 0..4 {
        let mut random = Random(seed);
        let counts = 1000 + random.below(100_000);
        let machine = Machine::new(u64::MAX - 500_000 * counts);
        let start = machine.0.now.get() + 1;
        let mut tick = ReloadTick::start(machine.clone(), period(counts as u32));
        let mut total = 0;
        for _ in 0..1_000_000 {
            machine.run_to_interrupt(latency(&mut random, counts));
            total += u64::from(tick.on_interrupt());
            // Up to 1/32 of a period ahead counts as due.
            let elapsed = machine.counts_since(start);
            assert!(
                total * counts <= elapsed + counts / 32 && total * counts + counts > elapsed - 4,
                "{total} in {elapsed}"
            );
        }
        assert_eq!(tick.realigned(), 0, "hardware needs no help");
        assert_eq!(tick.ticks(), total);
    }
}

#[test]
fn a_timer_that_reloads_late_is_set_right() {
    let machine = Machine::new(7);
    machine.0.sloth.set(3);
    let start = machine.0.now.get() + 1;
    let mut tick = ReloadTick::start(machine.clone(), period(10_000));
    for n in 1..=200_000u64 {
        machine.run_to_interrupt(20);
        assert_eq!(tick.on_interrupt(), 1, "tick {n}");
        let late = machine.counts_since(start) as i64 - n as i64 * 10_000;
        assert!((0..10_000 / 64 + 50).contains(&late), "tick {n} is {late} counts late");
    }
    assert!(tick.realigned() > 1000);
    assert_eq!(tick.missed(), 0);
}

#[test]
fn a_timer_that_is_a_little_early_is_believed() {
    let machine = Machine::new(0);
    let mut tick = ReloadTick::start(machine.clone(), period(1000));
    machine.0.expiry.set(machine.0.expiry.get() - 15);
    for n in 1..100 {
        machine.run_to_interrupt(0);
        assert_eq!(tick.on_interrupt(), 1, "tick {n}");
    }
    assert_eq!(tick.realigned(), 0);
}

#[test]
fn a_tick_shorter_than_its_own_start_goes_on() {
    // Each access takes a count: a counter that starts before its reload is on has stopped by then.
    let machine = Machine::new(0);
    let mut tick = ReloadTick::start(machine.clone(), period(1));
    for _ in 0..10 {
        machine.run_to_interrupt(0);
        tick.on_interrupt();
    }
    assert!(tick.ticks() >= 10);
}

#[test]
fn what_remains_is_never_the_past() {
    let schedule = Schedule::new(period(1000), 0);
    assert_eq!(schedule.remaining(999), 1);
    assert_eq!(schedule.remaining(1000), 1);
    assert_eq!(schedule.remaining(1001), 1);
    assert_eq!(schedule.remaining(1 << 62), 1);
}

#[test]
fn an_interrupt_whose_tick_was_counted_counts_nothing() {
    let machine = Machine::new(0);
    let mut tick = ReloadTick::start(machine.clone(), period(1000));
    machine.run_to_interrupt(2100);
    assert_eq!(tick.on_interrupt(), 3);
    assert_eq!(tick.on_interrupt(), 0);
    assert_eq!((tick.ticks(), tick.missed()), (3, 2));
}

#[test]
fn a_stopped_tick_stays_stopped() {
    let machine = Machine::new(0);
    let mut tick = DecrementerTick::start(machine.clone(), period(1000));
    machine.run_to_interrupt(0);
    assert_eq!(tick.on_interrupt(), 1);
    tick.stop();
    machine.run_to_interrupt(0);
    assert!(machine.0.now.get() > u64::from(Period::MAX));
    assert_eq!(tick.on_interrupt(), 0);
    assert_eq!(tick.ticks(), 1);

    let machine = Machine::new(0);
    let mut tick = ReloadTick::start(machine.clone(), period(1000));
    tick.stop();
    machine.pass(10_000);
    assert!(!machine.0.pending.get());
}

#[test]
fn a_time_base_that_is_set_back_starts_anew() {
    let mut schedule = Schedule::new(period(1000), 1 << 40);
    assert_eq!(schedule.advance((1 << 40) + 1000, 0), 1);
    assert_eq!(schedule.advance(50, 0), 0);
    assert_eq!(schedule.remaining(50), 1000);
    assert_eq!(schedule.advance(1050, 0), 1);
}

#[test]
fn a_huge_gap_is_one_step() {
    let mut schedule = Schedule::new(period(1), 0);
    assert_eq!(schedule.advance(1 << 40, 0), u32::MAX);
    assert_eq!(schedule.ticks(), 1 << 40);
    assert_eq!(schedule.remaining(1 << 40), 1);
}

#[test]
fn periods_have_their_range() {
    assert_eq!(Period::new(0), Err(TickError::Period(0)));
    assert_eq!(Period::new(Period::MAX).unwrap().counts(), 0x7FFF_FFFF);
    assert_eq!(Period::new(0x8000_0000), Err(TickError::Period(0x8000_0000)));
    assert_eq!(Period::of_rate(400_000_000, 1000).unwrap().counts(), 400_000);
    assert_eq!(Period::of_rate(100, 0), Err(TickError::Rate { time_base_hz: 100, hz: 0 }));
    assert_eq!(Period::of_rate(100, 101), Err(TickError::Rate { time_base_hz: 100, hz: 101 }));
    assert_eq!(Period::of_rate(u32::MAX, 1), Err(TickError::Rate { time_base_hz: u32::MAX, hz: 1 }));
    let text = TickError::Rate { time_base_hz: 100, hz: 101 }.to_string();
    assert_eq!(text, "a time base of 100 Hz cannot make 101 ticks a second");
}

#[test]
fn every_cpu_has_its_timer_and_three_kinds_have_none() {
    let timer = |pvr| timer_of(&identify(Pvr(pvr)).unwrap());
    assert_eq!(timer(0x8021_0030), Ok(TickTimer::DecrementerReload), "e500v2");
    assert_eq!(timer(0x0008_0301), Ok(TickTimer::Decrementer), "750");
    assert_eq!(timer(0x4011_0000), Ok(TickTimer::Pit), "405GP");
    let error = TickError::NoTimeBase(Pvr(0x0001_0001));
    assert_eq!(timer(0x0001_0001), Err(error), "601");
    assert_eq!(timer(0x8170_0000), Err(TickError::NoTimeBase(Pvr(0x8170_0000))), "e200z0");
    for ppc403 in [0x0020_0011, 0x0020_0102, 0x0020_1400] {
        assert_eq!(timer(ppc403), Err(TickError::NoTimeBase(Pvr(ppc403))), "403");
    }
    assert_eq!(error.to_string(), "the CPU with PVR 00010001 has no time base that is supported");
}

/// A time base that stands still after some reads.
struct Stopping(Cell<u32>);

impl TimeBase for Stopping {
    fn now(&self) -> u64 {
        self.0.set(self.0.get().saturating_sub(1));
        u64::from(1000 - self.0.get())
    }
}

#[test]
fn a_stopped_time_base_is_an_error() {
    assert!(matches!(TimeBaseDelay::new(Stopping(Cell::new(0)), 1), Err(TickError::TimeBaseStopped(1000))));
    let mut delay = TimeBaseDelay::new(Stopping(Cell::new(100)), 1_000_000_000).unwrap();
    assert_eq!(delay.wait_ns(10), Ok(()));
    assert_eq!(delay.wait_ns(1000), Err(TickError::TimeBaseStopped(1000)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A delay is never short, and never longer than two counts and the reads.
    #[test]
    fn delays_are_long_enough(hz in 1u32.., ns in 0u32..10_000) {
        let ticks = (u64::from(ns) * u64::from(hz)).div_ceil(1_000_000_000);
        let machine = Machine::new(u64::MAX - 5);
        let mut delay = TimeBaseDelay::new(machine.clone(), hz).unwrap();
        let before = machine.0.now.get();
        delay.wait_ns(ns).unwrap();
        let waited = machine.0.now.get().wrapping_sub(before);
        // One count for the read before the wait, one because the first of the wait may be nearly over.
        prop_assert!(waited >= ticks + 2 && waited <= ticks + 3, "{waited} for {ticks}");
    }

    /// Whenever it is asked, a schedule has counted exactly the whole periods since its start.
    #[test]
    fn schedules_count_whole_periods(
        start in any::<u64>(),
        counts in 1u32..=Period::MAX,
        gaps in prop::collection::vec(prop_oneof![0u64..10, 0u64..1 << 20, 0u64..1 << 40], 1..50),
    ) {
        let mut schedule = Schedule::new(period(counts), start);
        let mut elapsed = 0u64;
        let mut total = 0u64;
        for gap in gaps {
            elapsed += gap;
            let now = start.wrapping_add(elapsed);
            schedule.advance(now, 0);
            total = elapsed / u64::from(counts);
            prop_assert_eq!(schedule.ticks(), total);
            let remaining = u64::from(schedule.remaining(now));
            prop_assert_eq!(remaining, (total + 1) * u64::from(counts) - elapsed);
            prop_assert!(remaining <= u64::from(Period::MAX));
        }
        prop_assert_eq!(schedule.ticks(), total);
    }
}

#[cfg(feature = "embedded-hal")]
#[test]
fn it_is_a_delay_of_embedded_hal() {
    use embedded_hal::delay::DelayNs;

    let machine = Machine::new(0);
    let mut delay = TimeBaseDelay::new(machine.clone(), 1_000_000).unwrap();
    let before = machine.0.now.get();
    delay.delay_ms(2);
    assert!(machine.0.now.get() - before >= 2000);
}
