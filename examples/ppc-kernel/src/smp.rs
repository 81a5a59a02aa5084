// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several CPUs: threads move between them, wake each other across them, keep their registers.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::install::Exceptions;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::sched::Masked;
use ppc_support::{Failure, ensure, println};

use crate::kernel::{self, CPUS, Entry, Semaphore, Stack, State, ThreadId, sleep, sleep_until, spawn, token};
use crate::soak::pattern::{pattern_stays, stack_pattern_stays};
use crate::sources::start_tick;

const HZ: u32 = 500;
const MAIN: u8 = 10;
/// Looks, one a tick, before something counts as not happening: a minute, for a host that runs one CPU at a time.
const PATIENCE: u32 = 60 * HZ;

static ONLINE: AtomicU32 = AtomicU32::new(0);
static BALLS: [Semaphore; 4] = [const { Semaphore::new(0) }; 4];
static POSTED: AtomicU32 = AtomicU32::new(0);
static TAKEN: AtomicU32 = AtomicU32::new(0);
static STOP: AtomicBool = AtomicBool::new(false);
static DAMAGED: AtomicU32 = AtomicU32::new(0);
static ENDED: Semaphore = Semaphore::new(0);
/// On which CPUs each worker has been, and how many rounds it has made.
static BEEN: [AtomicU32; 10] = [const { AtomicU32::new(0) }; 10];
static ROUNDS: [AtomicU32; 10] = [const { AtomicU32::new(0) }; 10];
/// How often each CPU was interrupted by the other.
static KICKS: [AtomicU32; CPUS] = [const { AtomicU32::new(0) }; CPUS];
static STACKS: [Stack; 10] = [const { Stack::new() }; 10];
static IDLE: Stack = Stack::new();
/// The main thread calls, another one hears and answers it.
static CALL: Semaphore = Semaphore::new(0);
static HEARD: AtomicBool = AtomicBool::new(false);
static ANSWER: Semaphore = Semaphore::new(0);
static ANSWERS: Stack = Stack::new();

/// The index of this CPU.
#[must_use]
pub fn cpu() -> usize {
    // SAFETY: the kernel runs after the install.
    let masked = unsafe { Masked::new() };
    // SAFETY: masked, so the CPU stays the same.
    let index = unsafe { PerCpu::current() }.index();
    drop(masked);
    index as usize
}

/// To be called by the handler of the interrupt between CPUs.
pub fn kicked() {
    KICKS[cpu()].fetch_add(1, Ordering::Relaxed);
}

fn round(me: usize) -> bool {
    BEEN[me].fetch_or(1 << cpu(), Ordering::Relaxed);
    ROUNDS[me].fetch_add(1, Ordering::Relaxed);
    !STOP.load(Ordering::Relaxed)
}

extern "C" fn pass(me: usize) {
    loop {
        BALLS[me % 4].wait(&mut token());
        TAKEN.fetch_add(1, Ordering::Relaxed);
        let mut goes_on = true;
        if !stack_pattern_stays(me as u32, || {
            goes_on = round(me);
            goes_on
        }) {
            DAMAGED.fetch_or(1 << me, Ordering::Relaxed);
        }
        // The ball goes on in any case, so that everybody comes to an end.
        POSTED.fetch_add(1, Ordering::Relaxed);
        BALLS[(me + 1) % 4].post(&token().ready());
        if !goes_on {
            break;
        }
        if ROUNDS[me].load(Ordering::Relaxed).is_multiple_of(32) {
            sleep(1, &mut token());
        }
    }
    ENDED.post(&token().ready());
}

extern "C" fn hold_registers(me: usize) {
    let mut seed = 0x9E37_79B9u32.wrapping_mul(me as u32 + 1);
    while round(me) {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if !pattern_stays(seed, 500 + (seed >> 22)) {
            DAMAGED.fetch_or(1 << me, Ordering::Relaxed);
        }
    }
    ENDED.post(&token().ready());
}

const WORKERS: [(Entry, u8); 10] = [
    (pass, 6),
    (pass, 7),
    (pass, 8),
    (pass, 6),
    (pass, 5),
    (pass, 12),
    (hold_registers, 3),
    (hold_registers, 3),
    (hold_registers, 3),
    (hold_registers, 4),
];

extern "C" fn idle(_: usize) {
    loop {
        core::hint::spin_loop();
    }
}

/// What another CPU runs after its install: it becomes an idle thread. Interrupts must be masked.
///
/// # Errors
/// [`Failure`]; the CPU then stays away.
pub fn join(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    // SAFETY: called once on this CPU, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, HZ)? };
    kernel::start(exceptions, 0, None)?;
    ONLINE.fetch_add(1, Ordering::Release);
    // SAFETY: the handlers of the tick and of interrupts between CPUs are in place.
    unsafe { exceptions.enable() };
    idle(0);
    Ok(())
}

/// Runs for two seconds, or longer until everything that is looked for has happened. `start_others` lets the other CPU go; `kick` interrupts a CPU.
///
/// # Errors
/// [`Failure`] names what broke.
pub fn run(
    exceptions: &Exceptions,
    time_base: u32,
    kick: fn(u8),
    start_others: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: called once on this CPU, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, HZ)? };
    let main = kernel::start(exceptions, MAIN, Some(kick))?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };
    spawn(&token().ready(), idle, 0, 0, &IDLE)?;
    spawn(&token().ready(), answer, main.index(), MAIN - 1, &ANSWERS)?;
    start_others()?;
    let online = || ONLINE.load(Ordering::Acquire) > 0;
    ensure!(sleep_until(PATIENCE, &mut token(), online), "the other CPU did not come");
    println!("2 CPUs, {} threads", WORKERS.len() + 4);
    for (me, &(entry, priority)) in WORKERS.iter().enumerate() {
        spawn(&token().ready(), entry, me, priority, &STACKS[me])?;
    }
    for ball in [0, 1, 2] {
        POSTED.fetch_add(1, Ordering::Relaxed);
        BALLS[ball].post(&token().ready());
    }
    sleep(2 * HZ, &mut token());
    // What has not happened by then, `check` will name.
    let _ = sleep_until(2 * HZ, &mut token(), || {
        let all = everything_happened();
        if !all {
            force();
        }
        all
    });
    STOP.store(true, Ordering::Relaxed);
    // A ball for everybody who waits, or the last ones would wait for balls that nobody passes on.
    for ball in BALLS.iter().chain(&BALLS) {
        POSTED.fetch_add(1, Ordering::Relaxed);
        ball.post(&token().ready());
    }
    check()
}

fn get(count: &AtomicU32) -> u32 {
    count.load(Ordering::Relaxed)
}

/// How many workers have been on both CPUs.
fn travellers() -> usize {
    BEEN.iter().filter(|been| get(been) == 3).count()
}

fn everything_happened() -> bool {
    travellers() >= 2 && KICKS.iter().all(|kicks| get(kicks) > 0) && ROUNDS.iter().all(|rounds| get(rounds) > 1)
}

/// Makes happen what does not happen by itself where the host runs one CPU at a time: there each CPU does all the work that
/// there is in its turn, and nobody has to move.
fn force() {
    let until = kernel::ticks() + 50;
    let spin_until = |done: &dyn Fn() -> bool| {
        while !done() && kernel::ticks() < until {
            core::hint::spin_loop();
        }
    };
    // While this thread holds its CPU, the workers have the other one only, and so has the one that answers.
    let taken = get(&TAKEN);
    spin_until(&|| get(&TAKEN) >= taken + 10);
    HEARD.store(false, Ordering::Release);
    CALL.post(&token().ready());
    spin_until(&|| HEARD.load(Ordering::Acquire));
    // Leaves this CPU to the less urgent; the answer calls it back, from the other CPU.
    ANSWER.wait(&mut token());
}

/// Answers the main thread once that waits.
extern "C" fn answer(main: usize) {
    loop {
        CALL.wait(&mut token());
        HEARD.store(true, Ordering::Release);
        while !matches!(kernel::state(ThreadId(main as u8)), State::Waiting(_)) {
            core::hint::spin_loop();
        }
        ANSWER.post(&token().ready());
    }
}

fn check() -> Result<(), Failure> {
    for ended in 0..WORKERS.len() {
        let one_more = sleep_until(PATIENCE, &mut token(), || ENDED.try_wait());
        ensure!(one_more, "{ended} workers ended, then nobody any more: a wake-up was lost");
    }
    let kicks = [get(&KICKS[0]), get(&KICKS[1])];
    println!("@ smp kicks0={} kicks1={} switches={} ticks={}", kicks[0], kicks[1], kernel::switches(), kernel::ticks());
    ensure!(get(&DAMAGED) == 0, "workers {:#x}: a register or a stack was damaged", get(&DAMAGED));
    println!("registers and stacks: in order");
    let left: u32 = BALLS.iter().map(Semaphore::count).sum();
    let (posted, taken) = (get(&POSTED), get(&TAKEN));
    ensure!(posted == taken + left, "{posted} balls posted, {taken} taken, {left} left");
    println!("semaphores: in order");
    let both = travellers();
    ensure!(both >= 2, "{both} workers were on both CPUs");
    println!("threads move between the CPUs");
    ensure!(kicks[0] > 0 && kicks[1] > 0, "CPUs interrupted by the other: {} and {} times", kicks[0], kicks[1]);
    println!("both CPUs were called by the other");
    for (me, rounds) in ROUNDS.iter().enumerate() {
        ensure!(get(rounds) > 1, "worker {me} never had its turn");
    }
    Ok(())
}
