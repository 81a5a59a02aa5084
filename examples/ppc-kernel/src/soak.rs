// SPDX-License-Identifier: MIT OR Apache-2.0
//! The long run: threads of all kinds, ticks, and external and critical interrupts at pseudo-random times.
//!
//! What is watched:
//! * semaphores: what was posted was taken, nothing is left over, nobody waits in vain (no lost wake-up);
//! * registers: threads fill r0 and r3 to r31, CR, XER and CTR with patterns and look at them again, over and over;
//! * stacks: threads keep patterns in their frames, and look at the bottom of their stack;
//! * sleep: nobody wakes early.

mod books;
pub(crate) mod pattern;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, InterruptFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use hal_exc_api::tick::TimeBase;
use hal_exc_api::tick::hardware::CpuTimeBase;
use ppc_support::{Failure, ensure, println};

use self::books::{BALLS, CRITICAL, Counted, EXTERNAL, PAGE, balance, get};
use self::pattern::{pattern_stays, stack_pattern_stays};
use crate::kernel::{self, Entry, Stack, sleep, sleep_until, spawn, token};
use crate::sources::{self, Sources, connect, start_tick};

/// How long, and how often what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Course {
    /// Seconds by the time base.
    pub seconds: u32,
    /// Ticks a second.
    pub hz: u32,
    /// One in so many interrupts is a critical one.
    pub critical_one_in: u32,
    /// After one in so many interrupts the thread that raises them pauses for up to two ticks.
    pub pause_one_in: u32,
    /// Who passes balls rests for a tick after so many.
    pub balls: u32,
}

/// The short run.
pub const SHORT: Course = Course { seconds: 3, hz: 1000, critical_one_in: 2, pause_one_in: 4, balls: 64 };
/// The long run, for an emulator that counts instructions: so few fit between two ticks that nobody
/// may take them all. Critical interrupts are rarer, because each costs a visit of the debugger.
pub const LONG: Course = Course { seconds: 600, hz: 500, critical_one_in: 64, pause_one_in: 1, balls: 1 };

/// Priority of the main thread, which raises interrupts: above the workers, below those that answer them.
const MAIN: u8 = 10;
const SEED: u32 = 0x1234_5677;
/// Looks, one a tick, before something counts as not happening: half a minute or more.
const PATIENCE: u32 = 30_000;

static TICK_RANDOM: AtomicU32 = AtomicU32::new(SEED ^ 0x0F0F_0F0F);
static CRITICAL_ONE_IN: AtomicU32 = AtomicU32::new(2);
static BALLS_AT_ONCE: AtomicU32 = AtomicU32::new(64);
static STOP: AtomicBool = AtomicBool::new(false);
/// Text of the first thing that went wrong: a number from [`Fault`], and which thread.
static FAULT: AtomicU32 = AtomicU32::new(0);
static ROUNDS: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
static STACKS: [Stack; 16] = [const { Stack::new() }; 16];

#[derive(Clone, Copy)]
#[repr(u8)]
enum Fault {
    Registers = 1,
    Stack = 2,
    Sleep = 3,
}

fn complain(fault: Fault, thread: usize) {
    let _ = FAULT.compare_exchange(0, (fault as u32) << 8 | thread as u32, Ordering::Relaxed, Ordering::Relaxed);
}

/// Xorshift; the seed is printed.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }
}

fn done_a_round(me: usize) -> bool {
    ROUNDS[me].fetch_add(1, Ordering::Relaxed);
    !STOP.load(Ordering::Relaxed)
}

/// Answers interrupts.
extern "C" fn answer_external(me: usize) {
    loop {
        EXTERNAL.semaphore.wait(&mut token());
        EXTERNAL.taken.fetch_add(1, Ordering::Relaxed);
        done_a_round(me);
    }
}

extern "C" fn answer_critical(me: usize) {
    loop {
        CRITICAL.semaphore.wait(&mut token());
        CRITICAL.taken.fetch_add(1, Ordering::Relaxed);
        done_a_round(me);
    }
}

/// Passes balls: takes from one semaphore, posts to another.
extern "C" fn pass(me: usize) {
    let (from, to) = (&BALLS[me % 4], &BALLS[(me + 1) % 4]);
    loop {
        from.semaphore.wait(&mut token());
        from.taken.fetch_add(1, Ordering::Relaxed);
        if !stack_pattern_stays(me as u32, || done_a_round(me)) {
            complain(Fault::Stack, me);
        }
        if STOP.load(Ordering::Relaxed) {
            return;
        }
        to.posted.fetch_add(1, Ordering::Relaxed);
        to.semaphore.post(&token().ready());
        if ROUNDS[me].load(Ordering::Relaxed).is_multiple_of(BALLS_AT_ONCE.load(Ordering::Relaxed)) {
            sleep(1, &mut token());
        }
    }
}

/// Holds patterns in all registers.
extern "C" fn hold_registers(me: usize) {
    let mut random = Random(SEED ^ (me as u32) << 8);
    while done_a_round(me) {
        if !pattern_stays(random.next(), 1 + random.below(2000)) {
            complain(Fault::Registers, me);
        }
    }
}

/// Sleeps for a random time.
extern "C" fn doze(me: usize) {
    let mut random = Random(SEED ^ (me as u32) << 16);
    while done_a_round(me) {
        let ticks = 1 + random.below(20);
        let before = kernel::ticks();
        sleep(ticks, &mut token());
        let slept = kernel::ticks() - before;
        // How late depends on the emulator's host; that it comes at all shows in the rounds.
        if slept < u64::from(ticks) {
            complain(Fault::Sleep, me);
        }
    }
}

/// Blocks in a synchronous handler until a page comes.
extern "C" fn fault(me: usize) {
    while done_a_round(me) {
        // SAFETY: a system call; its handler changes nothing.
        unsafe { core::arch::asm!("sc") };
        PAGE.taken.fetch_add(1, Ordering::Relaxed);
    }
}

/// Brings pages.
extern "C" fn bring_pages(me: usize) {
    while done_a_round(me) {
        PAGE.posted.fetch_add(1, Ordering::Relaxed);
        PAGE.semaphore.post(&token().ready());
        sleep(2, &mut token());
    }
}

const WORKERS: &[(Entry, u8)] = &[
    (pass, 7),
    (pass, 5),
    (pass, 5),
    (pass, 8),
    (answer_external, 14),
    (answer_external, 6),
    (answer_critical, 15),
    (answer_critical, 4),
    (hold_registers, 3),
    (hold_registers, 3),
    (hold_registers, 3),
    (doze, 12),
    (doze, 13),
    (fault, 9),
    (bring_pages, 11),
];

extern "C" fn idle(_: usize) {
    loop {
        core::hint::spin_loop();
    }
}

static IDLE: Stack = Stack::new();

/// Runs for `course.seconds` of emulated time.
///
/// # Errors
/// [`Failure`] names what broke.
pub fn run<B: Sources>(exceptions: &Exceptions, time_base: u32, course: Course) -> Result<(), Failure> {
    let seconds = course.seconds;
    CRITICAL_ONE_IN.store(course.critical_one_in, Ordering::Relaxed);
    BALLS_AT_ONCE.store(course.balls, Ordering::Relaxed);
    connect::<B>(exceptions, on_external::<B>, on_critical::<B>)?;
    exceptions.set_handler(Exception::SystemCall, on_page_fault)?;
    // SAFETY: called once, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, course.hz)? };
    exceptions.set_interrupt_handler(Exception::Decrementer, on_tick::<B>)?;
    kernel::start(exceptions, MAIN, None)?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };
    println!("{} threads for {seconds} s", WORKERS.len() + 2);
    println!("# seed {SEED:#010x}");
    spawn(&token().ready(), idle, 0, 0, &IDLE)?;
    for (me, &(entry, priority)) in WORKERS.iter().enumerate() {
        spawn(&token().ready(), entry, me, priority, &STACKS[me])?;
    }
    for ball in [0, 1] {
        BALLS[ball].posted.fetch_add(1, Ordering::Relaxed);
        BALLS[ball].semaphore.post(&token().ready());
    }
    // SAFETY: this code runs on that CPU.
    let clock = unsafe { CpuTimeBase::of(exceptions.cpu())? };
    let began = clock.now();
    // The count of ticks may be behind the clock; the next tick brings it up to a moment after `began`.
    sleep(1, &mut token());
    raise_for::<B>(seconds, course);
    // A host that stands still takes the time away from them. Who has not had a turn by then, `check` will name.
    let _ = sleep_until(PATIENCE, &mut token(), || idler().is_none());
    let took = (clock.now() - began) / u64::from(time_base);
    settle();
    check(took)?;
    ensure!(took >= u64::from(seconds), "{took} s by the time base, not {seconds}");
    exceptions.disable();
    ensure!(exceptions.per_cpu().nest_level() == 0, "a level was not left: {}", exceptions.per_cpu().nest_level());
    ensure!(exceptions.per_cpu().interrupt_stack_intact(), "the interrupt stack was overrun");
    println!("semaphores, registers, stacks, sleep: all in order");
    Ok(())
}

/// Raises the interrupt of `counted` unless the last one has not been taken yet: pending interrupts merge.
fn raise(counted: &Counted, raise: fn()) {
    let raised = counted.raised.load(Ordering::Relaxed);
    if counted.posted.load(Ordering::Relaxed) == raised
        && counted.raised.compare_exchange(raised, raised + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    {
        raise();
    }
}

fn raise_one<B: Sources>(random: &mut Random) {
    if B::CRITICAL && random.below(CRITICAL_ONE_IN.load(Ordering::Relaxed)) == 0 {
        raise(&CRITICAL, B::raise_critical);
    } else {
        raise(&EXTERNAL, B::raise_external);
    }
}

/// Raises interrupts for so many seconds from this thread; the tick's handler does it too, so that they hit all threads.
fn raise_for<B: Sources>(seconds: u32, course: Course) {
    let minute_ticks = u64::from(course.hz) * 60;
    let mut random = Random(SEED);
    // One more: the present tick has begun already.
    let until = kernel::ticks() + u64::from(seconds) * u64::from(course.hz) + 1;
    let mut minute = kernel::ticks() + minute_ticks;
    while kernel::ticks() < until && FAULT.load(Ordering::Relaxed) == 0 {
        for _ in 0..random.below(300) {
            core::hint::spin_loop();
        }
        raise_one::<B>(&mut random);
        if random.below(course.pause_one_in) == 0 {
            sleep(random.below(3), &mut token());
        }
        if kernel::ticks() >= minute {
            minute += minute_ticks;
            println!("# {} s, {} switches", kernel::ticks() / u64::from(course.hz), kernel::switches());
        }
    }
}

/// The tick, and in its shadow interrupts that come as soon as it has left, in whatever thread that is.
extern "C" fn on_tick<B: Sources>(frame: &mut InterruptFrame) -> Handled {
    let state = TICK_RANDOM.load(Ordering::Relaxed);
    let mut random = Random(state);
    if random.below(3) == 0 && !STOP.load(Ordering::Relaxed) {
        raise_one::<B>(&mut random);
        raise_one::<B>(&mut random);
    }
    TICK_RANDOM.store(random.0, Ordering::Relaxed);
    sources::on_tick(frame)
}

/// Lets everybody come to an end of what is under way.
fn settle() {
    STOP.store(true, Ordering::Relaxed);
    // What is wrong for good, `check` will name.
    let balanced = || sleep_until(PATIENCE, &mut token(), || balance().is_ok());
    if balanced() {
        // What comes now was not asked for.
        sleep(50, &mut token());
        balanced();
    }
}

/// A thread that has not had its turn.
fn idler() -> Option<usize> {
    // Without critical interrupts those that answer them have nothing to do; of two that share a semaphore only the
    // more urgent one may ever get it.
    let spare = |me: &usize| matches!(me, 5..=7);
    (0..WORKERS.len()).filter(|me| !spare(me)).find(|&me| get(&ROUNDS[me]) <= 1)
}

/// Prints the counts, and says what is wrong; `took` seconds have passed.
fn check(took: u64) -> Result<(), Failure> {
    let fault = get(&FAULT);
    let what = match fault >> 8 {
        0 => "",
        1 => "a register was damaged",
        2 => "a stack was damaged",
        _ => "woken early",
    };
    ensure!(fault == 0, "thread {}: {what}, after {} ticks", fault & 0xFF, kernel::ticks());
    println!(
        "@ soak seconds={took} external={} critical={} switches={} ticks={}",
        get(&EXTERNAL.raised),
        get(&CRITICAL.raised),
        kernel::switches(),
        kernel::ticks()
    );
    balance()?;
    match idler() {
        Some(me) => Err(Failure::new(format_args!("thread {me} never had its turn"))),
        None => Ok(()),
    }
}

extern "C" fn on_external<B: Sources>(frame: &mut InterruptFrame) -> Handled {
    frame.check_stack();
    if B::end_external() {
        EXTERNAL.posted.fetch_add(1, Ordering::Relaxed);
        EXTERNAL.semaphore.post(&frame.may_ready());
    }
    Handled::Handled
}

extern "C" fn on_critical<B: Sources>(frame: &mut InterruptFrame) -> Handled {
    B::end_critical();
    CRITICAL.posted.fetch_add(1, Ordering::Relaxed);
    CRITICAL.semaphore.post(&frame.may_ready());
    Handled::Handled
}

extern "C" fn on_page_fault(frame: &mut Frame) -> Handled {
    match frame.may_block() {
        Ok(mut token) => {
            PAGE.semaphore.wait(&mut token);
            Handled::Handled
        }
        Err(_) => Handled::NotHandled,
    }
}
