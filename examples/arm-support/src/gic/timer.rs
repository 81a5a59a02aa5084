// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each core's own timer interrupts that core, and no other.

use super::{Machine, Verdict, clean, count, set_hook, setup, total};
use crate::{println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{Line, LineMask};

const TICKS: u32 = 10;
static REFUSED: AtomicU32 = AtomicU32::new(0);

fn tick<M: Machine>(cpu: usize, line: Line) {
    // The line is a level: the device is quiet before the interrupt ends.
    M::stop_timer();
    if count(cpu, line.number()) + 1 < TICKS {
        M::start_timer(M::frequency() / 1000);
    }
}

fn begin<M: Machine>(_cpu: usize) {
    if M::pic().enable(M::TIMER).is_err() {
        REFUSED.store(1, Ordering::Release);
    }
    M::start_timer(M::frequency() / 1000);
}

/// The program.
pub fn timer<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    set_hook(tick::<M>);
    let line = M::TIMER.number();
    for core in 0..cores {
        let before = total(line);
        if !smp::run_on(core, begin::<M>) || !wait::until(|| count(core, line) >= TICKS) {
            return Err("a timer's interrupts did not come");
        }
        if total(line) - before != TICKS {
            return Err("a timer interrupted another core");
        }
        println!("core {core}: {TICKS} ticks of its own timer");
    }
    if REFUSED.load(Ordering::Acquire) != 0 {
        return Err("the timer's line was refused");
    }
    clean::<M>()
}
