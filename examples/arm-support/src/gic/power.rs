// SPDX-License-Identifier: MIT OR Apache-2.0
//! Power-down: each core saves its interface, quiesces, sleeps and is turned off by firmware; when
//! it is started again it brings the state back. Core 0 does the same with the shared lines.

use super::{Gic, Machine, Verdict, clean, count, kick, setup, spare};
use crate::{MAX_CPUS, cpu, println, smp, wait};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{
    CpuId, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineAffinity, LineMask, LinePending, LinePriority,
    LineTrigger, Priority, TaskPriority, TriggerMode,
};

/// Enabled, more urgent than the rest.
const URGENT: Line = Line::new(5);
/// Enabled, held back by the threshold that is saved too.
const HELD: Line = Line::new(6);
/// Disabled, and pending where software can make it so: QEMU's GICv2 with several cores ignores that
/// for private lines. An edge: the pending state of a level line is its input's and is not restored.
const PENDING: Line = Line::new(22);

/// A core's saved state; each core uses its own.
struct Saved(UnsafeCell<[u32; 64]>);
// SAFETY: indexed by the executing core, which alone uses its element.
unsafe impl Sync for Saved {}
static SAVED: [Saved; MAX_CPUS] = [const { Saved(UnsafeCell::new([0; 64])) }; MAX_CPUS];

/// What a core last did: the step that failed, or [`DONE`] and so on.
static STEP: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
const SAVED_ALL: u32 = 100;
const RESTORED: u32 = 101;

fn words(this: usize) -> &'static mut [u32; 64] {
    // SAFETY: the executing core's own element, used by one function at a time.
    unsafe { &mut *SAVED[this].0.get() }
}

/// Whether the private lines are as [`leave`] set them up.
fn is_set_up<M: Machine>(me: CpuId) -> bool {
    // GICv2 is the one that tells who sent an SGI.
    let (pic, range) = (M::pic(), M::pic().priority_range());
    let middle = Priority::new((range.levels() / 2) as u8);
    [(URGENT, true, range.highest()), (HELD, true, range.lowest()), (PENDING, false, middle)]
        .into_iter()
        .all(|(line, on, priority)| pic.is_enabled(line) == Ok(on) && pic.priority(line) == Ok(priority))
        && pic.is_pending(PENDING) == Ok(!M::Pic::TELLS_SOURCE)
        && pic.threshold(me) == Ok(Some(middle))
}

/// Runs the steps in order; the number of the first one that is refused, `done` if none is.
fn first_refused(this: usize, done: u32, steps: &[&dyn Fn() -> bool]) -> bool {
    let refused = steps.iter().position(|step| !step());
    STEP[this].store(refused.map_or(done, |step| step as u32 + 1), Ordering::Release);
    refused.is_none()
}

/// Sets the private lines up, saves them and turns the core off.
fn leave<M: Machine>(this: usize) {
    let (pic, me) = (M::pic(), CpuId::new(this).unwrap_or(CpuId::BOOT));
    let range = pic.priority_range();
    let middle = Priority::new((range.levels() / 2) as u8);
    cpu::mask_all();
    let steps: [&dyn Fn() -> bool; 8] = [
        &|| pic.set_priority(URGENT, range.highest()).and_then(|()| pic.enable(URGENT)).is_ok(),
        &|| pic.set_priority(HELD, range.lowest()).and_then(|()| pic.enable(HELD)).is_ok(),
        &|| {
            // Where the trigger is fixed as a level nothing can be made pending either.
            let _ = pic.set_trigger(PENDING, TriggerMode::EdgeRising);
            pic.set_priority(PENDING, middle).and_then(|()| pic.raise(me, PENDING)).is_ok()
        },
        &|| pic.set_threshold(me, Some(middle)).is_ok(),
        &|| is_set_up::<M>(me),
        &|| Gic::save_cpu(pic, words(this)).is_ok(),
        &|| pic.quiet_cpu(me).is_ok(),
        &|| Gic::sleep(pic).is_ok(),
    ];
    if first_refused(this, SAVED_ALL, &steps) {
        M::power_off();
        STEP[this].store(99, Ordering::Release);
    }
}

/// The first thing that a core does when it is on again.
fn come_back<M: Machine>(this: usize) {
    let (pic, me) = (M::pic(), CpuId::new(this).unwrap_or(CpuId::BOOT));
    let steps: [&dyn Fn() -> bool; 4] = [
        // What power-down does to real hardware; here the emulator keeps half of it.
        &|| pic.init_cpu(me).is_ok(),
        &|| !is_set_up::<M>(me),
        &|| Gic::restore_cpu(pic, words(this)).is_ok(),
        &|| is_set_up::<M>(me),
    ];
    if first_refused(this, RESTORED, &steps) {
        // SAFETY: the handlers are set, and the interface is as it was.
        unsafe { cpu::unmask_irq() };
    }
}

fn open_up<M: Machine>(this: usize) {
    let _ = M::pic().set_threshold(CpuId::new(this).unwrap_or(CpuId::BOOT), None);
}

fn one_core<M: Machine>(core: usize) -> Verdict {
    let only = CpuId::new(core).map(CpuMask::only).ok_or("too many cores")?;
    let step = || STEP[core].load(Ordering::Acquire);
    smp::start_on(core, leave::<M>);
    if !wait::until(|| step() != 0) || step() != SAVED_ALL {
        println!("# step {}", step());
        return Err("a core did not leave as it should");
    }
    if !wait::until(|| M::is_off(core)) {
        return Err("a core is not off");
    }
    smp::start_on(core, come_back::<M>);
    if !M::power_on(core) || !wait::until(|| smp::is_idle(core)) || step() != RESTORED {
        println!("# step {}", step());
        return Err("a core did not come back as it was");
    }
    for line in [HELD, URGENT] {
        let sent = M::pic().send(CpuId::BOOT, line.number() as u8, IpiTarget::List(only));
        sent.map_err(|_| "an SGI was refused")?;
    }
    if !wait::until(|| count(core, URGENT.number()) == 1) || count(core, HELD.number()) != 0 {
        return Err("the restored priorities or the threshold are wrong");
    }
    if !smp::run_on(core, open_up::<M>) || !wait::until(|| count(core, HELD.number()) == 1) {
        return Err("what the threshold held back was lost");
    }
    if count(core, PENDING.number()) != 0 {
        return Err("a disabled line came through");
    }
    println!("core {core}: saved, off, on, restored");
    Ok(())
}

/// The shared lines, over a controller that starts from nothing.
fn shared<M: Machine>(cores: usize) -> Verdict {
    let pic = M::pic();
    let last = CpuId::new(cores - 1).map(CpuMask::only).ok_or("too many cores")?;
    let urgent = pic.priority_range().highest();
    let is_set_up = || {
        pic.priority(spare(0)) == Ok(urgent)
            && pic.affinity(spare(0)) == Ok(last)
            && pic.trigger(spare(0)) == Ok(TriggerMode::EdgeRising)
            && pic.is_enabled(spare(0)) == Ok(true)
            && pic.is_pending(spare(1)) == Ok(true)
    };
    for line in [spare(0), spare(1)] {
        pic.set_trigger(line, TriggerMode::EdgeRising).map_err(|_| "a trigger was refused")?;
    }
    pic.set_priority(spare(0), urgent).map_err(|_| "a priority was refused")?;
    pic.set_affinity(spare(0), last).map_err(|_| "a route was refused")?;
    pic.enable(spare(0)).map_err(|_| "a line was refused")?;
    pic.raise(CpuId::BOOT, spare(1)).map_err(|_| "a line could not be raised")?;
    let before = is_set_up();
    let mut words = [0; 1024];
    Gic::save(pic, &mut words).map_err(|_| "the shared lines could not be saved")?;
    // Another driver on the same hardware: it begins by forgetting everything.
    drop(M::make());
    let lost = !is_set_up();
    Gic::restore(pic, &words).map_err(|_| "the shared lines could not be restored")?;
    if !before || !lost || !is_set_up() {
        return Err("the shared lines are not what they were");
    }
    pic.raise(CpuId::BOOT, spare(0)).map_err(|_| "a line could not be raised")?;
    if !wait::until(|| count(cores - 1, spare(0).number()) == 1) || count(0, spare(1).number()) != 0 {
        return Err("a restored line does not come, or a disabled one does");
    }
    println!("shared lines: saved, forgotten, restored");
    Ok(())
}

/// The program.
pub fn power<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    // A core that is off cannot be woken by an interrupt.
    smp::set_kick(None);
    for core in 1..cores {
        one_core::<M>(core)?;
    }
    smp::set_kick(Some(kick::<M>));
    shared::<M>(cores)?;
    clean::<M>()
}
