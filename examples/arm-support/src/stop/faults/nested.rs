// SPDX-License-Identifier: MIT OR Apache-2.0
//! A stop that arrives inside another handler, whose core holds a lock.

use super::{READY, begin};
use crate::stop::requester::Run;
use crate::stop::{Stoppable, Verdict, victim};
use crate::{cpu, println};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{CpuId, InterProcessor, IpiTarget};

/// A driver's lock: 0 free. Nothing on the way of a stop may take it.
static LOCK: AtomicU32 = AtomicU32::new(0);

/// In the handler, its interrupt active: takes the lock, lets more urgent interrupts in, never ends by itself.
fn busy() {
    LOCK.store(1, Ordering::Release);
    READY.store(1, Ordering::Release);
    // SAFETY: the handler's own state is complete, and the stack has room for another.
    unsafe { cpu::unmask_irq() };
    loop {
        core::hint::spin_loop();
    }
}

/// Task: interrupts itself.
fn enter<B: Stoppable>(this: usize) {
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let _ = B::pic().send(me, victim::NESTED, IpiTarget::Myself);
    loop {
        core::hint::spin_loop();
    }
}

/// It parks all the same, and is idle when it is back: bring-up checks the running priority.
pub(super) fn nested<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    victim::set_nested(busy);
    begin(run, enter::<B>)?;
    run.round()?;
    if LOCK.swap(0, Ordering::AcqRel) != 1 {
        return Err("the lock was not held");
    }
    println!("stopped inside a handler that holds a lock; nothing is active when the core is back");
    run.round()
}
