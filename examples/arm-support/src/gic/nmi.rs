// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pseudo-NMI: a core holds ordinary interrupts back by its priority mask, and an urgent one comes
//! through all the same.

use super::{Machine, Verdict, clean, count, setup};
use crate::{MAX_CPUS, println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{
    CpuId, CpuMask, InterProcessor, IpiTarget, Line, LineMask, LinePriority, Priority, TaskPriority,
};

const ORDINARY: u16 = 5;
const URGENT: u16 = 6;

/// 1: holds back; 2: did what it should; 3: did not.
static STATE: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// The critical section: IRQ stays open, the mask lets urgent ones through alone.
fn hold_back<M: Machine>(this: usize) {
    let (pic, me) = (M::pic(), CpuId::new(this).unwrap_or(CpuId::BOOT));
    let range = pic.priority_range();
    let middle = Priority::new((range.levels() / 2) as u8);
    let ready = [(ORDINARY, middle), (URGENT, range.highest())].into_iter().all(|(line, priority)| {
        let line = Line::new(line);
        pic.set_priority(line, priority).and_then(|()| pic.enable(line)).is_ok()
    });
    let masked = pic.set_threshold(me, Some(middle)).is_ok();
    STATE[this].store(1, Ordering::Release);
    if this == 0 {
        send::<M>(0);
    }
    let urgent = wait::until(|| count(this, URGENT) == 1);
    // Sent before the urgent one.
    let held = count(this, ORDINARY) == 0;
    let unmasked = pic.set_threshold(me, None).is_ok();
    let ordinary = wait::until(|| count(this, ORDINARY) == 1);
    let right = ready && masked && urgent && held && unmasked && ordinary;
    STATE[this].store(if right { 2 } else { 3 }, Ordering::Release);
}

/// From core 0: the ordinary one first.
fn send<M: Machine>(core: usize) {
    let Some(target) = CpuId::new(core).map(CpuMask::only) else { return };
    for line in [ORDINARY, URGENT] {
        let _ = M::pic().send(CpuId::BOOT, line as u8, IpiTarget::List(target));
    }
}

/// The program.
pub fn nmi<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    for (core, state) in STATE.iter().enumerate().take(cores) {
        if core == 0 {
            hold_back::<M>(0);
        } else {
            smp::start_on(core, hold_back::<M>);
            if !wait::until(|| state.load(Ordering::Acquire) == 1) {
                return Err("a core did not mask");
            }
            send::<M>(core);
        }
        if !wait::until(|| state.load(Ordering::Acquire) > 1) || state.load(Ordering::Acquire) != 2 {
            return Err("the mask let through too much or too little");
        }
        println!("core {core}: the urgent one comes through the mask, the ordinary one after it");
    }
    clean::<M>()
}
