// SPDX-License-Identifier: MIT OR Apache-2.0
//! The controller's timers: each counts, comes again after its period, stops.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::pic::{PicError, Timers};
use ppc_support::{Failure, ensure, println};

use crate::{IRQS, Setup, settle, take_over, wait_for};

static COUNTS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];
static ENTRIES: [IrqEntry; 4] = [
    IrqEntry::new("timer 0", on_timer, &COUNTS[0]),
    IrqEntry::new("timer 1", on_timer, &COUNTS[1]),
    IrqEntry::new("timer 2", on_timer, &COUNTS[2]),
    IrqEntry::new("timer 3", on_timer, &COUNTS[3]),
];

/// A millisecond, and minutes, at the emulator's 25 MHz.
const SHORT: u32 = 25_000;
const LONG: u32 = 0x7FFF_FFFF;

fn on_timer(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The body, for the first group of timers.
///
/// # Errors
/// A timer that does not count or stop, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    let pic = IRQS.controller()?;
    println!("{:?} Hz", pic.timer_hz(0)?);
    for (number, (entry, count)) in (0..4).zip(ENTRIES.iter().zip(&COUNTS)) {
        let line = pic.timer_line(number)?;
        let taken = || count.load(Ordering::Relaxed);
        IRQS.install(line, entry)?;
        IRQS.configure(|pic| Ok(pic.start_timer(number, LONG)?))?;
        let first = pic.timer_count_left(number)?;
        wait_for("the count to go down", || pic.timer_count_left(number).is_ok_and(|left| left < first))?;
        ensure!(taken() == 0, "timer {number} interrupted before its time");
        IRQS.configure(|pic| Ok(pic.start_timer(number, SHORT)?))?;
        wait_for("the fifth period", || taken() >= 5)?;
        IRQS.configure(|pic| Ok(pic.stop_timer(number)?))?;
        settle();
        let stopped = taken();
        for _ in 0..100 {
            settle();
        }
        ensure!(taken() == stopped, "timer {number} goes on after its stop");
        println!("timer {number}: counts down, periodic, stops");
    }
    let refused = [pic.start_timer(0, 0), pic.start_timer(0, 0x8000_0000)];
    ensure!(refused.iter().all(|r| matches!(r, Err(PicError::BadPeriod { .. }))), "a bad period: {refused:?}");
    ensure!(matches!(pic.start_timer(8, 1), Err(PicError::NoSuchTimer { .. })), "there is a timer 8");
    println!("bad periods and timers are refused");
    Ok(())
}
