// SPDX-License-Identifier: MIT OR Apache-2.0
//! 100,000 interrupts on each core; nothing is lost, nothing comes twice.

use super::{Machine, Verdict, clean, count, setup, total};
use crate::{println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{CpuId, InterProcessor, IpiTarget, Line, LineMask};

const OWN: u16 = 3;
const RING: u16 = 4;
const INTERRUPTS: u32 = 100_000;
const ROUND_THE_RING: u32 = 100;
static LOST: AtomicU32 = AtomicU32::new(0);
static CORES: AtomicU32 = AtomicU32::new(0);

fn storm_on<M: Machine>(this: usize) {
    let pic = M::pic();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let ready = [OWN, RING].into_iter().all(|n| pic.enable(Line::new(n)).is_ok());
    for n in 1..=INTERRUPTS {
        if !ready
            || pic.send(me, OWN as u8, IpiTarget::Myself).is_err()
            || !wait::polls(100_000_000, || count(this, OWN) == n)
        {
            LOST.store(1, Ordering::Release);
            return;
        }
    }
}

/// A token of SGIs goes round: each core is interrupted by its neighbour, core 0 starts.
fn pass<M: Machine>(this: usize, line: Line) {
    if line.number() != RING {
        return;
    }
    let next = (this + 1) % CORES.load(Ordering::Acquire) as usize;
    let Some((me, next_id)) = CpuId::new(this).zip(CpuId::new(next)) else { return };
    if next != 0 || count(0, RING) < ROUND_THE_RING {
        let target = IpiTarget::List(hal_exc_api::pic::CpuMask::only(next_id));
        if M::pic().send(me, RING as u8, target).is_err() {
            LOST.store(1, Ordering::Release);
        }
    }
}

/// The program.
pub fn storm<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    CORES.store(cores as u32, Ordering::Release);
    super::set_hook(pass::<M>);
    // One core after the other: at once, the emulator's cores mostly wait for each other.
    storm_on::<M>(0);
    for core in 1..cores {
        smp::start_on(core, storm_on::<M>);
        if !wait::polls(u32::MAX, || smp::is_idle(core)) {
            return Err("a core did not end");
        }
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
    let first = IpiTarget::Myself;
    M::pic().send(CpuId::BOOT, RING as u8, first).map_err(|_| "the ring did not start")?;
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
