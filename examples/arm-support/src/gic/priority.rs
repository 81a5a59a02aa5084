// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priorities: order, preemption, holding back, threshold, exactness.

use super::{Gic, Machine, Verdict, clean, set_hook, setup, spare};
use crate::{cpu, println, wait};
use core::sync::atomic::{AtomicUsize, Ordering};
use hal_exc_api::pic::{
    CpuId, InterruptController, Line, LineMask, LinePending, LinePriority, PicError, Priority, TaskPriority,
};

/// What happened, in order: line number × 2, + 1 for the end of its handler.
static LOG: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn note(event: usize) {
    let n = NEXT.load(Ordering::Relaxed);
    if let Some(slot) = LOG.get(n) {
        slot.store(event, Ordering::Relaxed);
    }
    NEXT.store(n + 1, Ordering::Release);
}

fn log_is(expected: &[(Line, bool)]) -> bool {
    wait::polls(1_000_000, || NEXT.load(Ordering::Acquire) >= expected.len());
    // A moment longer, for what should not come.
    wait::polls(100_000, || false);
    let right = NEXT.load(Ordering::Acquire) == expected.len()
        && expected
            .iter()
            .zip(&LOG)
            .all(|(&(line, end), slot)| slot.load(Ordering::Acquire) == line.index() * 2 + usize::from(end));
    NEXT.store(0, Ordering::Release);
    right
}

const LOW: Line = spare(0);
const MIDDLE: Line = spare(1);
const HIGH: Line = spare(2);

fn plain(_cpu: usize, line: Line) {
    note(line.index() * 2);
    note(line.index() * 2 + 1);
}

/// In the middle handler, with interrupts open, a more and a less urgent line rise.
fn nesting<M: Machine>(_cpu: usize, line: Line) {
    note(line.index() * 2);
    if line == MIDDLE {
        // SAFETY: the return state is on the stack; the handler is reentrant.
        unsafe { cpu::unmask_irq() };
        let _ = M::pic().raise(CpuId::BOOT, LOW);
        let _ = M::pic().raise(CpuId::BOOT, HIGH);
        wait::polls(100_000, || false);
        cpu::mask_irq();
    }
    note(line.index() * 2 + 1);
}

const fn both(line: Line) -> [(Line, bool); 2] {
    [(line, false), (line, true)]
}

/// The program.
pub fn priority<M: Machine>() -> Verdict {
    setup::<M>()?;
    let pic = M::pic();
    let range = pic.priority_range();
    println!("priorities: {} to {}", range.lowest().level(), range.highest().level());
    let middle = Priority::new(range.levels() as u8 / 2);
    let levels = [(LOW, range.lowest()), (MIDDLE, middle), (HIGH, range.highest())];
    for (line, priority) in levels {
        pic.set_priority(line, priority).map_err(|_| "a priority was refused")?;
        pic.enable(line).map_err(|_| "a line was refused")?;
    }
    if levels.iter().any(|&(line, priority)| pic.priority(line) != Ok(priority)) {
        return Err("setting one priority changed another");
    }
    println!("three neighbours keep their priorities");
    let beyond = Priority::new(0);
    if pic.set_priority(LOW, beyond) != Err(PicError::BadPriority { priority: beyond, range }) {
        return Err("a priority that cannot interrupt was not refused");
    }
    let count = pic.line_count();
    if pic.enable(Line::new(1023)) != Err(PicError::NoSuchLine { line: Line::new(1023), count }) {
        return Err("a reserved id was not refused");
    }
    println!("priority 0, line 1023: refused");

    set_hook(plain);
    cpu::mask_irq();
    for line in [LOW, MIDDLE, HIGH] {
        pic.raise(CpuId::BOOT, line).map_err(|_| "a line could not be raised")?;
    }
    // SAFETY: handlers are set; the masking above was for the test only.
    unsafe { cpu::unmask_irq() };
    if !log_is(&[both(HIGH), both(MIDDLE), both(LOW)].concat_pairs()) {
        return Err("pending lines were not taken by urgency");
    }
    println!("pending together: taken by urgency");

    set_hook(nesting::<M>);
    pic.raise(CpuId::BOOT, MIDDLE).map_err(|_| "a line could not be raised")?;
    let expected = [(MIDDLE, false), (HIGH, false), (HIGH, true), (MIDDLE, true), (LOW, false), (LOW, true)];
    if !log_is(&expected) {
        return Err("nesting is wrong");
    }
    println!("nested: the more urgent preempts, the less urgent waits");

    set_hook(plain);
    pic.set_threshold(CpuId::BOOT, Some(middle)).map_err(|_| "the threshold was refused")?;
    for line in [MIDDLE, HIGH] {
        pic.raise(CpuId::BOOT, line).map_err(|_| "a line could not be raised")?;
    }
    if !log_is(&both(HIGH)) || pic.threshold(CpuId::BOOT) != Ok(Some(middle)) {
        return Err("the threshold did not hold back its own priority, or held back more");
    }
    pic.set_threshold(CpuId::BOOT, None).map_err(|_| "the threshold was refused")?;
    if !log_is(&both(MIDDLE)) {
        return Err("what the threshold held back was lost");
    }
    println!("threshold: holds back its own priority, loses nothing");

    pic.disable(HIGH).map_err(|_| "a line could not be disabled")?;
    pic.raise(CpuId::BOOT, HIGH).map_err(|_| "a line could not be raised")?;
    if !log_is(&[]) || pic.is_pending(HIGH) != Ok(true) {
        return Err("a disabled line came through, or forgot that it was pending");
    }
    pic.clear(HIGH).map_err(|_| "a pending line could not be cleared")?;
    pic.enable(HIGH).map_err(|_| "a line was refused")?;
    if !log_is(&[]) {
        return Err("a cleared line came through");
    }
    println!("disabled: pends, and can be cleared");
    if pic.running_priority() != 0xff {
        return Err("the running priority is not idle");
    }
    clean::<M>()
}

/// Joins pairs of events.
trait ConcatPairs {
    fn concat_pairs(&self) -> [(Line, bool); 6];
}

impl ConcatPairs for [[(Line, bool); 2]; 3] {
    fn concat_pairs(&self) -> [(Line, bool); 6] {
        core::array::from_fn(|n| self[n / 2][n % 2])
    }
}
