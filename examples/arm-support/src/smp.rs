// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which cores have arrived, and tasks for them. One word per core, one writer each, no lock.
//!
//! Idle cores poll, or, once a kick is set ([`set_kick`]), sleep until they get a task: an emulated
//! core that polls takes the host's time from the ones that work.

use crate::{MAX_CPUS, wait};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

static UP: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

static ARGUMENT: [AtomicUsize; MAX_CPUS] = [const { AtomicUsize::new(0) }; MAX_CPUS];

/// What the core that released this one passed, 0 at power-on.
pub fn argument(cpu: usize) -> usize {
    ARGUMENT.get(cpu).map_or(0, |argument| argument.load(Ordering::Acquire))
}

/// This core has reached Rust code.
pub(crate) fn mark_up(cpu: usize, argument: usize) {
    ARGUMENT[cpu].store(argument, Ordering::Release);
    UP[cpu].store(1, Ordering::Release);
}

/// Whether that core has reached Rust code since the image started.
pub fn is_up(cpu: usize) -> bool {
    UP.get(cpu).is_some_and(|up| up.load(Ordering::Acquire) != 0)
}

/// Number of cores that have reached Rust code.
pub fn count() -> usize {
    (0..MAX_CPUS).filter(|&cpu| is_up(cpu)).count()
}

/// Waits until `cpus` cores are up, at most a number of polls; whether they are.
pub fn wait_for(cpus: usize) -> bool {
    wait::until(|| count() >= cpus)
}

static TASK: [AtomicUsize; MAX_CPUS] = [const { AtomicUsize::new(0) }; MAX_CPUS];
static KICK: AtomicUsize = AtomicUsize::new(0);

/// What a core other than 0 does between tasks: waits for the next one. Never returns.
pub fn serve(cpu: usize) -> ! {
    loop {
        if !run_task(cpu) && KICK.load(Ordering::Acquire) != 0 {
            // Both asked again with interrupts masked: the kick may just have been taken.
            doze(|| TASK[cpu].load(Ordering::Acquire) == 0 && KICK.load(Ordering::Acquire) != 0);
        }
        core::hint::spin_loop();
    }
}

/// Runs the task that waits for this core, if there is one; whether there was.
pub fn run_task(cpu: usize) -> bool {
    let task = TASK[cpu].load(Ordering::Acquire);
    if task == 0 {
        return false;
    }
    // SAFETY: `start_on` is the only writer of non-zero values, each a `fn(usize)`.
    let task: fn(usize) = unsafe { core::mem::transmute(task) };
    task(cpu);
    TASK[cpu].store(0, Ordering::Release);
    true
}

/// Takes the task of a stopped core away: it will not come back to its end.
pub fn forget_task(cpu: usize) {
    TASK[cpu].store(0, Ordering::Release);
}

/// Sleeps until the next interrupt if `idle` still holds. Masked from the question to the sleep,
/// an interrupt in between is pending and ends the sleep at once.
pub fn doze(idle: impl FnOnce() -> bool) {
    // Bit 7 is I in CPSR and in DAIF.
    let masked = crate::cpu::masks() & 1 << 7 != 0;
    crate::cpu::mask_irq();
    if idle() {
        crate::cpu::dsb();
        crate::cpu::wfi();
    }
    if !masked {
        // SAFETY: IRQ was open before.
        unsafe { crate::cpu::unmask_irq() };
    }
}

/// Lets idle cores sleep and wakes them by `kick`, which interrupts the core that it is given;
/// `None`: idle cores poll again. Every idle core can be interrupted when this is called.
pub fn set_kick(kick: Option<fn(usize)>) {
    let old = KICK.load(Ordering::Relaxed);
    KICK.store(kick.map_or(0, |kick| kick as usize), Ordering::Release);
    if kick.is_none() {
        (1..MAX_CPUS).filter(|&cpu| is_up(cpu)).for_each(|cpu| kick_by(old, cpu));
    }
}

fn kick_by(kick: usize, cpu: usize) {
    if kick != 0 {
        // SAFETY: `set_kick` writes the word, on core 0; non-zero values are a `fn(usize)`.
        let kick: fn(usize) = unsafe { core::mem::transmute(kick) };
        kick(cpu);
    }
}

/// Gives `task` to a core that [`serve`]s and is idle, without waiting for its end.
pub fn start_on(cpu: usize, task: fn(usize)) {
    TASK[cpu].store(task as usize, Ordering::Release);
    crate::cpu::dsb();
    crate::cpu::sev();
    kick_by(KICK.load(Ordering::Acquire), cpu);
}

/// Whether that core has done its task.
pub fn is_idle(cpu: usize) -> bool {
    TASK[cpu].load(Ordering::Acquire) == 0
}

/// Runs `task` on that core, this one included, and waits for its end; whether it ended.
pub fn run_on(cpu: usize, task: fn(usize)) -> bool {
    if cpu == crate::cpu::index() {
        task(cpu);
        return true;
    }
    start_on(cpu, task);
    wait::until(|| is_idle(cpu))
}
