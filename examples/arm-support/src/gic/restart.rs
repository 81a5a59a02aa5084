// SPDX-License-Identifier: MIT OR Apache-2.0
//! Warm restart: the next start of the image finds interrupts active and pending, adopts every
//! core's interface and works; and one that was quiesced before is found idle.

use super::{Gic, Machine, Verdict, clean, count, setup_with, spare};
use crate::{MAX_CPUS, cpu, println, smp, start, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity,
    LineMask, LinePending, LinePriority, PicError,
};

/// Marks the state below as ours: memory is random at power-on.
const MAGIC: u32 = 0x6e57_a127;
const PHASES: u32 = 4;

/// Magic, phase, and what each core found of its running priority; survives the restart.
#[unsafe(link_section = ".noinit")]
static KEPT: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static LEFT: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
/// Phase in which each core last started again. Outside the bss, which core 0 clears: a core that
/// has written here uses the bss no more.
#[unsafe(link_section = ".noinit")]
static GONE: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// The line that core `this` leaves in service.
const fn own_line(this: usize) -> Line {
    spare(1 + this as u16)
}

/// Takes `line`, which `raise` makes pending, and never ends it: what a core does that does not come back from its handler.
fn take_and_keep<M: Machine>(me: CpuId, line: Line, raise: impl FnOnce() -> Result<(), PicError>) -> bool {
    raise().is_ok()
        && wait::polls(1_000_000, || match M::pic().acknowledge(me) {
            Acknowledged::Claimed(claim) => claim.line() == line,
            _ => false,
        })
}

/// Leaves a spare line and, above it, an SGI in service, and another SGI pending, on this core.
fn leave_behind<M: Machine>(this: usize) {
    let pic = M::pic();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let (own, range) = (own_line(this), pic.priority_range());
    cpu::mask_all();
    let set_up = [(own, range.lowest()), (Line::new(5), range.highest())]
        .into_iter()
        .all(|(line, priority)| pic.set_priority(line, priority).and_then(|()| pic.enable(line)).is_ok())
        && pic.set_affinity(own, CpuMask::only(me)).is_ok()
        && pic.enable(Line::new(6)).is_ok();
    let took = set_up
        && take_and_keep::<M>(me, own, || pic.raise(me, own))
        && take_and_keep::<M>(me, Line::new(5), || pic.send(me, 5, IpiTarget::Myself));
    let _ = pic.send(me, 6, IpiTarget::Myself);
    let busy = took && pic.running_priority() != 0xff;
    LEFT[this].store(1 + u32::from(busy), Ordering::Release);
}

fn leave_clean<M: Machine>(this: usize) {
    cpu::mask_all();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let quiet = M::pic().quiet_cpu(me).is_ok() && M::pic().running_priority() == 0xff;
    LEFT[this].store(1 + u32::from(quiet), Ordering::Release);
}

fn start_again(cpu: usize) {
    GONE[cpu].store(KEPT[1].load(Ordering::Acquire), Ordering::Release);
    // SAFETY: core 0 has closed the gate before it gave this task; it starts again last.
    unsafe { start::restart() }
}

fn enable<M: Machine>(_cpu: usize) {
    for n in [5, 6] {
        let _ = M::pic().enable(Line::new(n));
    }
}

/// Every core takes one SGI 5 from core 0, and once the line that it may have left in service; SGI 6 of the former image
/// must not come.
fn works<M: Machine>(cores: usize) -> Verdict {
    for core in 0..cores {
        if !smp::run_on(core, enable::<M>) {
            return Err("a core did not enable its SGIs");
        }
        let before = count(core, 5);
        let target = CpuId::new(core).map(CpuMask::only).ok_or("too many cores")?;
        M::pic().send(CpuId::BOOT, 5, IpiTarget::List(target)).map_err(|_| "an SGI was refused")?;
        if !wait::until(|| count(core, 5) == before + 1) {
            return Err("a core takes no interrupts after the restart");
        }
        let line = own_line(core);
        M::pic().set_affinity(line, target).and_then(|()| M::pic().enable(line)).map_err(|_| "a line was refused")?;
        M::pic().raise(CpuId::BOOT, line).map_err(|_| "a line could not be raised")?;
        if !wait::until(|| count(core, line.number()) == 1) {
            return Err("a line that was left in service is not raised again");
        }
    }
    Ok(())
}

/// The program.
pub fn restart<M: Machine>() -> Verdict {
    if KEPT[0].load(Ordering::Acquire) != MAGIC {
        KEPT[0].store(MAGIC, Ordering::Release);
        KEPT[1].store(0, Ordering::Release);
        GONE.iter().for_each(|gone| gone.store(0, Ordering::Release));
    }
    let phase = KEPT[1].load(Ordering::Acquire);
    println!("start {phase}");
    let pic = M::pic();
    let cores = setup_with::<M>(|| Ok(()))?;
    works::<M>(cores)?;
    let stale: u32 = (0..cores).map(|core| count(core, 6)).sum();
    // GICv1 cannot clear a pending SGI: it comes once it is enabled, and is ended like any other.
    if stale != 0 && pic.version() != "GICv1" {
        return Err("an SGI of the former image came through");
    }
    if pic.is_pending(spare(0)) != Ok(false) {
        return Err("a line of the former image is still pending");
    }
    println!("all cores take interrupts");
    if phase == PHASES {
        // This start found nothing to clear up: what it printed was the last word.
        KEPT[0].store(0, Ordering::Release);
        return clean::<M>();
    }
    let messy = phase.is_multiple_of(2);
    let leave: fn(usize) = if messy { leave_behind::<M> } else { leave_clean::<M> };
    if messy {
        // Pending, and never taken by this image.
        pic.raise(CpuId::BOOT, spare(0)).map_err(|_| "a line could not be raised")?;
    }
    // Idle cores poll from here on: what wakes them is about to be left in some state.
    smp::set_kick(None);
    for core in (0..cores).rev() {
        if !smp::run_on(core, leave) || LEFT[core].load(Ordering::Acquire) != 2 {
            return Err("a core did not leave as it should");
        }
    }
    println!("left {}", if messy { "with interrupts active and pending" } else { "quiesced" });
    KEPT[1].store(phase + 1, Ordering::Release);
    start::close_gate();
    for core in 1..cores {
        smp::start_on(core, start_again);
    }
    for gone in &GONE[1..cores] {
        if !wait::until(|| gone.load(Ordering::Acquire) == phase + 1) {
            return Err("a core did not start again");
        }
    }
    start_again(0);
    Err("the restart returned")
}
