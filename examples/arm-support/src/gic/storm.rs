// SPDX-License-Identifier: MIT OR Apache-2.0
//! 100,000 interrupts on each core; nothing is lost, nothing comes twice.
//!
//! Who waits sleeps and is woken by an interrupt, so that a loaded host slows the program down and
//! changes nothing else. An interrupt that is lost ends in a failure or in the tool's time limit.

use super::{Machine, Verdict, clean, count, kick, setup, total};
use crate::smp::doze;
use crate::{MAX_CPUS, println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{CpuId, CpuMask, InterProcessor, IpiTarget, Line, LineMask};

const OWN: u16 = 3;
const RING: u16 = 4;
const INTERRUPTS: u32 = 100_000;
const ROUND_THE_RING: u32 = 100;
static LOST: AtomicU32 = AtomicU32::new(0);
static CORES: AtomicU32 = AtomicU32::new(0);
static DONE: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static ROUND: AtomicU32 = AtomicU32::new(0);

/// Raises the core's own interrupt and takes it, over and over; whether each came at once.
fn storm_on<M: Machine>(this: usize) -> bool {
    let pic = M::pic();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    [OWN, RING].into_iter().all(|n| pic.enable(Line::new(n)).is_ok())
        && (1..=INTERRUPTS).all(|n| {
            // The core interrupts itself: no other core and no host has to keep up.
            pic.send(me, OWN as u8, IpiTarget::Myself).is_ok() && wait::polls(100_000_000, || count(this, OWN) == n)
        })
}

fn storm_and_tell<M: Machine>(this: usize) {
    if !storm_on::<M>(this) {
        LOST.store(1, Ordering::Release);
    }
    tell::<M>(&DONE[this]);
}

/// Sets a word that core 0 sleeps for, and wakes it.
fn tell<M: Machine>(word: &AtomicU32) {
    word.store(1, Ordering::Release);
    kick::<M>(0);
}

fn sleep_until_told(word: &AtomicU32) {
    while word.load(Ordering::Acquire) == 0 {
        doze(|| word.load(Ordering::Acquire) == 0);
    }
}

/// A token of SGIs goes round: each core is interrupted by its neighbour, core 0 starts.
fn pass<M: Machine>(this: usize, line: Line) {
    if line.number() != RING {
        return;
    }
    let next = (this + 1) % CORES.load(Ordering::Acquire) as usize;
    // The last core's own count, which nobody else writes; this interrupt is counted after.
    if next == 0 && count(this, RING) + 1 >= ROUND_THE_RING {
        return tell::<M>(&ROUND);
    }
    let Some((me, next)) = CpuId::new(this).zip(CpuId::new(next)) else { return };
    if M::pic().send(me, RING as u8, IpiTarget::List(CpuMask::only(next))).is_err() {
        LOST.store(1, Ordering::Release);
        tell::<M>(&ROUND);
    }
}

/// The program.
pub fn storm<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    CORES.store(cores as u32, Ordering::Release);
    super::set_hook(pass::<M>);
    // One core after the other: at once, the emulator's cores mostly wait for each other.
    storm_and_tell::<M>(0);
    for (core, done) in DONE.iter().enumerate().take(cores).skip(1) {
        smp::start_on(core, storm_and_tell::<M>);
        sleep_until_told(done);
    }
    if LOST.load(Ordering::Acquire) != 0 {
        return Err("an interrupt was lost");
    }
    for core in 0..cores {
        if count(core, OWN) != INTERRUPTS {
            return Err("an interrupt came twice");
        }
        println!("core {core}: {INTERRUPTS} interrupts");
    }
    M::pic().send(CpuId::BOOT, RING as u8, IpiTarget::Myself).map_err(|_| "the ring did not start")?;
    sleep_until_told(&ROUND);
    // The last handler tells before it is counted.
    let expected = cores as u32 * ROUND_THE_RING;
    if !wait::until(|| total(RING) >= expected) || LOST.load(Ordering::Acquire) != 0 {
        return Err("an interrupt was lost in the ring");
    }
    wait::polls(1_000_000, || false);
    if (0..cores).any(|core| count(core, RING) != ROUND_THE_RING) {
        return Err("a round of the ring went wrong");
    }
    println!("ring: {ROUND_THE_RING} rounds");
    clean::<M>()
}
