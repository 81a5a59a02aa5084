// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a machine check may do with the scheduler. Asynchronous: nothing, it is refused. Synchronous (the emulator has
//! none, so the handler writes such a syndrome into its frame): it is moved to standard level and waits there for
//! another thread. Last, one that hits a state with MSR\[RI\] off ends in the fatal report.
//!
//! There is no tick: the emulator turns RI off at every interrupt (e500mc: at a machine check only), so that a machine
//! check in the tick's handler would end in the report.
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
use ppc_kernel::kernel::{self, Semaphore, Stack, spawn, token};
use ppc_kernel::mpic::Messages;
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

/// Machine checks so far.
static COUNT: AtomicU32 = AtomicU32::new(0);
static READY_REFUSED: AtomicBool = AtomicBool::new(false);
static BLOCK_REFUSED: AtomicBool = AtomicBool::new(false);
static MOVE_REFUSED: AtomicBool = AtomicBool::new(false);
static SYNCHRONOUS: AtomicBool = AtomicBool::new(false);
static WAITED: AtomicBool = AtomicBool::new(false);
static REPAIRED: Semaphore = Semaphore::new(0);
static NEVER: Semaphore = Semaphore::new(0);
static DONE: Semaphore = Semaphore::new(0);
static STACKS: [Stack; 2] = [const { Stack::new() }; 2];

fn pin(level: u32) {
    // The emulator calls the pin RESET_CORE.
    println!("@ qtest set_irq_in /machine/unattached/device[0] unnamed-gpio-in 0 {level}");
}

/// Asks for the pin until the `count`th machine check in all has come.
fn strike(count: u32) {
    pin(1);
    while COUNT.load(Ordering::Relaxed) < count {
        core::hint::spin_loop();
    }
    pin(0);
}

fn run(exceptions: &Exceptions, _time_base: u32) -> Result<(), Failure> {
    exceptions.set_isolated_handler(Exception::MachineCheck, on_machine_check)?;
    kernel::start(exceptions, 1, None)?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };

    strike(1);
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
    strike(2);
    if REPAIRED.count() == 0 && WAITED.load(Ordering::Relaxed) {
        DONE.post(&token().ready());
    } else {
        println!("the machine check did not wait");
    }
    loop {
        NEVER.wait(&mut token());
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
    BLOCK_REFUSED.store(matches!(block, Err(Refused::InInterrupt { nest: 1 })), Ordering::Relaxed);
    let Ok(cpu) = identify(Pvr(pvr())) else { return Handled::NotHandled };
    frame.syndrome = if SYNCHRONOUS.load(Ordering::Relaxed) { LOAD } else { 0 };
    let moved = resume_synchronously(&cpu, frame, at_standard_level);
    MOVE_REFUSED.store(matches!(moved, Err(MachineCheckRefused::Asynchronous { .. })), Ordering::Relaxed);
    COUNT.fetch_add(1, Ordering::Relaxed);
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
