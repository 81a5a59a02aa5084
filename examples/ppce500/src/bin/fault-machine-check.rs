// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a machine check may do with the scheduler. Asynchronous: nothing, it is refused. Synchronous (the emulator has
//! none, so the handler writes such a syndrome into its frame): it is moved to standard level and waits there for
//! another thread. Last, one that hits a state with MSR\[RI\] off ends in the fatal report.
//@ qtest
//@ only=e500mc
#![no_std]
#![no_main]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::cpu::{Pvr, identify};
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, IsolatedFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{Exceptions, VectorPage};
use hal_exc_api::sched::{MachineCheckRefused, MayBlock, MayReady, Refused, resume_synchronously};
use ppc_kernel::kernel::{self, Semaphore, Stack, sleep, spawn, token};
use ppc_kernel::mpic::Messages;
use ppc_kernel::sources::start_tick;
use ppc_support::{Failure, ensure, println};

static VECTORS: VectorPage = VectorPage::new();

ppc_kernel::fault_program!(
    ppce500,
    &hal_exc_e500::FAMILY,
    &VECTORS,
    // SAFETY: the device tree says where the controller is, and the window to it stays.
    |board| unsafe { Messages::arm(board.soc.pic) },
    run
);

/// MCSR\[LD\] of e500mc: a load reported the error.
const LOAD: u32 = 0x8000;
/// MSR\[RI\].
const RI: u32 = 2;

/// Requests for one machine check, before it counts as impossible to hit a thread.
const TRIES: u32 = 100;

/// Machine checks that hit a thread, and those that hit something else.
static COUNT: AtomicU32 = AtomicU32::new(0);
static ASIDE: AtomicU32 = AtomicU32::new(0);
static READY_REFUSED: AtomicBool = AtomicBool::new(false);
static BLOCK_REFUSED: AtomicBool = AtomicBool::new(false);
static MOVE_REFUSED: AtomicBool = AtomicBool::new(false);
static SYNCHRONOUS: AtomicBool = AtomicBool::new(false);
static WAITED: AtomicBool = AtomicBool::new(false);
static REPAIRED: Semaphore = Semaphore::new(0);
static DONE: Semaphore = Semaphore::new(0);
static STACKS: [Stack; 2] = [const { Stack::new() }; 2];

fn pin(level: u32) {
    // The emulator calls the pin RESET_CORE.
    println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in 0 {level}");
}

/// Asks for the pin until a machine check has hit a thread, for the `count`th time in all. The pin can also rise while
/// the tick is handled or threads are switched.
fn strike(count: u32) -> Result<(), Failure> {
    for _ in 0..TRIES {
        let aside = ASIDE.load(Ordering::Relaxed);
        pin(1);
        while COUNT.load(Ordering::Relaxed) < count && ASIDE.load(Ordering::Relaxed) == aside {
            core::hint::spin_loop();
        }
        pin(0);
        if COUNT.load(Ordering::Relaxed) >= count {
            return Ok(());
        }
    }
    Err(Failure::new(format_args!("{TRIES} machine checks, and none hit a thread")))
}

fn run(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    exceptions.set_isolated_handler(Exception::MachineCheck, on_machine_check)?;
    // SAFETY: called once, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, 100)? };
    kernel::start(exceptions, 1, None)?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };

    strike(1)?;
    ensure!(READY_REFUSED.load(Ordering::Relaxed), "an asynchronous machine check may make threads ready");
    ensure!(BLOCK_REFUSED.load(Ordering::Relaxed), "an asynchronous machine check may block");
    ensure!(MOVE_REFUSED.load(Ordering::Relaxed), "an asynchronous machine check was moved to standard level");
    println!("asynchronous machine check: refused to ready, to block, to move");

    SYNCHRONOUS.store(true, Ordering::Relaxed);
    spawn(&token().ready(), victim, 0, 5, &STACKS[0])?;
    DONE.wait(&mut token());
    println!("synchronous machine check: waited at standard level, its thread went on");

    println!("a machine check with MSR[RI] off: the report follows");
    // SAFETY: the report is the point; RI off changes nothing else.
    unsafe { asm!("mfmsr {t}", "andc {t}, {t}, {ri}", "mtmsr {t}", "isync", t = out(reg) _, ri = in(reg) RI) };
    pin(1);
    loop {
        core::hint::spin_loop();
    }
}

/// Is hit by a machine check that waits until the other thread has repaired what is broken.
extern "C" fn victim(_: usize) {
    match strike(2) {
        Ok(()) if REPAIRED.count() == 0 && WAITED.load(Ordering::Relaxed) => DONE.post(&token().ready()),
        Ok(()) => println!("the machine check did not wait"),
        Err(error) => println!("{error}"),
    }
    loop {
        sleep(1, &mut token());
    }
}

extern "C" fn repair(_: usize) {
    WAITED.store(true, Ordering::Relaxed);
    REPAIRED.post(&token().ready());
}

extern "C" fn on_machine_check(frame: &mut IsolatedFrame) -> Handled {
    // SAFETY: all of MCSR's bits are write 1 to clear.
    unsafe { asm!("mtspr 572, {}", in(reg) u32::MAX, options(nostack, preserves_flags)) };
    // SAFETY: exceptions are installed.
    READY_REFUSED.store(matches!(unsafe { MayReady::here() }, Err(Refused::Isolated { .. })), Ordering::Relaxed);
    // SAFETY: as above.
    let block = unsafe { MayBlock::here() };
    let in_thread = !matches!(block, Err(Refused::InInterrupt { nest: 2.. }));
    BLOCK_REFUSED.store(matches!(block, Err(Refused::InInterrupt { nest: 1 })), Ordering::Relaxed);
    let Ok(cpu) = identify(Pvr(pvr())) else { return Handled::NotHandled };
    let synchronous = SYNCHRONOUS.load(Ordering::Relaxed);
    frame.syndrome = if synchronous { LOAD } else { 0 };
    let moved = resume_synchronously(&cpu, frame, at_standard_level);
    MOVE_REFUSED.store(matches!(moved, Err(MachineCheckRefused::Asynchronous { .. })), Ordering::Relaxed);
    let hit = in_thread && (!synchronous || moved.is_ok());
    if hit { &COUNT } else { &ASIDE }.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// Waits for the repair, in the thread that was hit.
extern "C" fn at_standard_level(frame: &mut Frame) -> Handled {
    let Ok(mut token) = frame.may_block() else { return Handled::NotHandled };
    // Less urgent than the thread that was hit: it runs because that one waits.
    if spawn(&token.ready(), repair, 0, 3, &STACKS[1]).is_err() {
        return Handled::NotHandled;
    }
    REPAIRED.wait(&mut token);
    Handled::Handled
}

fn pvr() -> u32 {
    let pvr: u32;
    // SAFETY: reads a register.
    unsafe { asm!("mfspr {}, 287", out(reg) pvr, options(nomem, nostack, preserves_flags)) };
    pvr
}
