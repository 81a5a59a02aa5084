// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration: everything that a thread, an interrupt handler, a critical handler and a synchronous handler may do with
//! the kernel, in one deterministic run.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, InterruptFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use hal_exc_api::sched::{DispatchHold, Masked, Nested, Refused};
use ppc_support::{Failure, ensure, println};

use crate::kernel::{self, Semaphore, Stack, sleep, spawn, token};
use crate::sources::{Sources, connect, start_tick};

/// Ticks a second.
const HZ: u32 = 100;

/// Priority of the main thread; the others are around it.
const MAIN: u8 = 10;

static EXTERNAL: Semaphore = Semaphore::new(0);
static CRITICAL: Semaphore = Semaphore::new(0);
static PAGE: Semaphore = Semaphore::new(0);
static PING: Semaphore = Semaphore::new(0);
static PONG: Semaphore = Semaphore::new(0);
static DONE: Semaphore = Semaphore::new(0);

/// How often the thread behind each kind of interrupt has run.
static EXTERNAL_RAN: AtomicU32 = AtomicU32::new(0);
static CRITICAL_RAN: AtomicU32 = AtomicU32::new(0);
static PAGES: AtomicU32 = AtomicU32::new(0);
/// The external handler makes a system call, and what became of it.
static CALL_FROM_HANDLER: AtomicBool = AtomicBool::new(false);
static REFUSED_IN_INTERRUPT: AtomicBool = AtomicBool::new(false);
static REFUSED_MASKED: AtomicBool = AtomicBool::new(false);
/// The external handler raises the critical interrupt.
static CRITICAL_FROM_HANDLER: AtomicBool = AtomicBool::new(false);
static RAN_TOO_EARLY: AtomicBool = AtomicBool::new(false);
/// Counts of the two busy threads, and whether one has waited for the other in vain.
static TURNS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static IN_VAIN: AtomicBool = AtomicBool::new(false);

static STACKS: [Stack; 8] = [const { Stack::new() }; 8];

/// Runs it. The calling context becomes the main thread.
///
/// # Errors
/// [`Failure`] names what did not happen as it should.
pub fn run<B: Sources>(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    connect::<B>(exceptions, on_external::<B>, on_critical::<B>)?;
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    // SAFETY: called once, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, HZ)? };
    kernel::start(exceptions, MAIN, None)?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };
    spawn(&token().ready(), idle, 0, 0, &STACKS[0])?;
    ping_pong()?;
    external::<B>()?;
    held::<B>()?;
    if B::CRITICAL {
        critical::<B>()?;
    } else {
        println!("# no critical interrupt on this board");
    }
    page_fault()?;
    refusals::<B>()?;
    sleeping()?;
    slices()?;
    exceptions.disable();
    println!("levels at rest: nest {}, dispatch requested {}", exceptions.per_cpu().nest_level(), {
        exceptions.per_cpu().dispatch_requested()
    });
    println!("# {} switches, {} ticks", kernel::switches(), kernel::ticks());
    Ok(())
}

extern "C" fn idle(_: usize) {
    loop {
        core::hint::spin_loop();
    }
}

/// Two threads hand a ball to and fro.
fn ping_pong() -> Result<(), Failure> {
    extern "C" fn player(rounds: usize) {
        for _ in 0..rounds {
            PING.wait(&mut token());
            PONG.post(&token().ready());
        }
        DONE.post(&token().ready());
    }
    spawn(&token().ready(), player, 100, MAIN + 1, &STACKS[1])?;
    for round in 0..100 {
        PING.post(&token().ready());
        // The player is more urgent: it has answered before `post` returned, once the request is looked at.
        PONG.wait(&mut token());
        ensure!(PONG.count() == 0, "round {round}: a ball too many");
    }
    DONE.wait(&mut token());
    println!("ping-pong: 100 rounds");
    Ok(())
}

fn on_ran(semaphore: &'static Semaphore, count: &'static AtomicU32) -> ! {
    loop {
        semaphore.wait(&mut token());
        count.fetch_add(1, Ordering::Relaxed);
    }
}

extern "C" fn external_thread(_: usize) {
    on_ran(&EXTERNAL, &EXTERNAL_RAN)
}

extern "C" fn critical_thread(_: usize) {
    on_ran(&CRITICAL, &CRITICAL_RAN)
}

/// Waits until `count` is `expected`, for a bounded number of looks: delivery is a matter of instructions.
fn reached(count: &AtomicU32, expected: u32) -> bool {
    (0..100_000).any(|_| count.load(Ordering::Relaxed) == expected)
}

/// An external interrupt readies a more urgent thread, which runs before this one goes on.
fn external<B: Sources>() -> Result<(), Failure> {
    spawn(&token().ready(), external_thread, 0, MAIN + 5, &STACKS[2])?;
    sleep(1, &mut token());
    for count in 1..=50 {
        B::raise_external();
        ensure!(reached(&EXTERNAL_RAN, count), "external interrupt {count}: its thread did not run");
    }
    println!("external interrupts: 50 switches to a more urgent thread");
    Ok(())
}

/// A dispatch that is held back happens when the hold ends, not before.
fn held<B: Sources>() -> Result<(), Failure> {
    let before = EXTERNAL_RAN.load(Ordering::Relaxed);
    let mut token = token();
    let hold = DispatchHold::new(&mut token);
    B::raise_external();
    ensure!(!reached(&EXTERNAL_RAN, before + 1), "the thread ran although dispatching was held");
    drop(hold);
    ensure!(EXTERNAL_RAN.load(Ordering::Relaxed) == before + 1, "the dispatch did not happen when the hold ended");
    println!("held dispatch: happened when the hold ended");
    Ok(())
}

/// The same by critical interrupts, from a thread and from inside an external handler.
fn critical<B: Sources>() -> Result<(), Failure> {
    spawn(&token().ready(), critical_thread, 0, MAIN + 6, &STACKS[3])?;
    sleep(1, &mut token());
    for count in 1..=50 {
        B::raise_critical();
        ensure!(reached(&CRITICAL_RAN, count), "critical interrupt {count}: its thread did not run");
    }
    println!("critical interrupts: 50 switches to a more urgent thread");
    CRITICAL_FROM_HANDLER.store(true, Ordering::Relaxed);
    B::raise_external();
    ensure!(reached(&CRITICAL_RAN, 51), "critical interrupt inside an external handler: its thread did not run");
    ensure!(!RAN_TOO_EARLY.load(Ordering::Relaxed), "a thread ran inside an external handler");
    println!("critical inside an external handler: the switch waited for the handler's end");
    Ok(())
}

/// A synchronous handler blocks, like one that waits for a page, and other threads run meanwhile.
fn page_fault() -> Result<(), Failure> {
    extern "C" fn faulting(_: usize) {
        let answer: u32;
        // SAFETY: a system call; the handler answers in r3.
        unsafe { asm!("sc", inlateout("r3") 1 => answer) };
        PAGES.store(answer, Ordering::Relaxed);
        DONE.post(&token().ready());
    }
    spawn(&token().ready(), faulting, 0, MAIN + 2, &STACKS[4])?;
    sleep(0, &mut token());
    ensure!(PAGES.load(Ordering::Relaxed) == 0, "the handler did not wait");
    println!("synchronous handler: waits for its page, this thread runs");
    PAGE.post(&token().ready());
    DONE.wait(&mut token());
    ensure!(PAGES.load(Ordering::Relaxed) == 4711, "the faulting thread got {}", PAGES.load(Ordering::Relaxed));
    println!("synchronous handler: went on when its page came");
    Ok(())
}

/// Handlers that may not block are told so.
fn refusals<B: Sources>() -> Result<(), Failure> {
    CALL_FROM_HANDLER.store(true, Ordering::Relaxed);
    let before = EXTERNAL_RAN.load(Ordering::Relaxed);
    B::raise_external();
    ensure!(reached(&EXTERNAL_RAN, before + 1), "external interrupt: its thread did not run");
    ensure!(REFUSED_IN_INTERRUPT.load(Ordering::Relaxed), "a system call in an interrupt handler may block");
    // SAFETY: exceptions are installed.
    let masked = unsafe { Masked::new() };
    // SAFETY: a system call that is refused; it changes r3 only.
    unsafe { asm!("sc", inlateout("r3") 2 => _) };
    drop(masked);
    ensure!(REFUSED_MASKED.load(Ordering::Relaxed), "a system call with interrupts masked may block");
    println!("refused to block: in an interrupt handler, with interrupts masked");
    Ok(())
}

fn sleeping() -> Result<(), Failure> {
    let before = kernel::ticks();
    sleep(5, &mut token());
    let slept = kernel::ticks() - before;
    // A host that stands still makes several ticks due at once: there is no upper limit.
    ensure!(slept >= 5, "slept {slept} ticks in place of 5");
    println!("sleep: woken in time");
    Ok(())
}

/// Two threads that never give way share the CPU by time slices: each counts on when it has seen the other one count.
fn slices() -> Result<(), Failure> {
    const COUNTS: u32 = 10;
    extern "C" fn busy(me: usize) {
        let until = kernel::ticks() + u64::from(60 * HZ);
        for count in 1..=COUNTS {
            TURNS[me].store(count, Ordering::Relaxed);
            while TURNS[1 - me].load(Ordering::Relaxed) < count {
                if kernel::ticks() >= until {
                    IN_VAIN.store(true, Ordering::Relaxed);
                    break;
                }
            }
        }
        DONE.post(&token().ready());
    }
    for me in 0..2 {
        spawn(&token().ready(), busy, me, MAIN - 1, &STACKS[5 + me])?;
    }
    DONE.wait(&mut token());
    DONE.wait(&mut token());
    ensure!(!IN_VAIN.load(Ordering::Relaxed), "a busy thread never had its turn");
    println!("time slices: both busy threads had their turns");
    Ok(())
}

extern "C" fn on_external<B: Sources>(frame: &mut InterruptFrame) -> Handled {
    if !B::end_external() {
        return Handled::Handled;
    }
    if CRITICAL_FROM_HANDLER.swap(false, Ordering::Relaxed) {
        let before = CRITICAL_RAN.load(Ordering::Relaxed);
        B::raise_critical();
        if reached(&CRITICAL_RAN, before + 1) {
            RAN_TOO_EARLY.store(true, Ordering::Relaxed);
        }
    }
    if CALL_FROM_HANDLER.swap(false, Ordering::Relaxed) {
        // SAFETY: a system call that is refused. SRR0/1 are free: the wrapper has saved them.
        unsafe { asm!("sc", inlateout("r3") 2 => _) };
    }
    // Others may come while the thread is made ready; nothing here minds.
    // SAFETY: exceptions are installed.
    let nested = unsafe { Nested::open() };
    EXTERNAL.post(&frame.may_ready());
    drop(nested);
    Handled::Handled
}

extern "C" fn on_critical<B: Sources>(frame: &mut InterruptFrame) -> Handled {
    B::end_critical();
    CRITICAL.post(&frame.may_ready());
    Handled::Handled
}

/// Call 1 waits for a page; call 2 wants to be refused.
extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    let call = frame.gpr[3];
    match frame.may_block() {
        Ok(mut token) if call == 1 => {
            PAGE.wait(&mut token);
            frame.gpr[3] = 4711;
        }
        Ok(_) => {}
        Err(Refused::InInterrupt { nest: 1 }) => REFUSED_IN_INTERRUPT.store(true, Ordering::Relaxed),
        Err(Refused::Masked { .. }) => REFUSED_MASKED.store(true, Ordering::Relaxed),
        Err(_) => return Handled::NotHandled,
    }
    Handled::Handled
}
