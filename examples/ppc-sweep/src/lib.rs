// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest of the race sweeps and of the instruction counts, the same on every PowerPC board.
//!
//! It installs exceptions, gives every vector a handler and stands still at [`sweep_here`]. Everything else is done
//! from outside through the emulator's debug socket: registers are set, an exception of the *lower* class is delivered as the
//! hardware would do it, the *upper* one at a chosen instruction boundary, and registers and the event log are read.
//!
//! Handlers tell lower from upper by the order in which the host announced them ([`SWEEP_LOWER`]) and write what happens
//! into [`SWEEP_LOG`]:
//!
//! | code | meaning |
//! |---|---|
//! | 1 | the lower handler begins |
//! | 2 | the lower handler ends |
//! | 3 | the upper handler |
//! | 4 | another thread runs |
//!
//! The other thread destroys everything that a thread can destroy: it runs on a stack of its own, and writes the
//! save/restore pair and the fault registers as if it had taken exceptions itself.
#![no_std]
#![cfg(target_arch = "powerpc")]

mod thread;

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::fatal::Fatal;
use hal_exc_api::flavor::Class;
use hal_exc_api::frame::{Frame, InterruptFrame, IsolatedFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::vectors::VectorEntry;
use ppc_support::{Failure, println};

/// Events, in order; the host clears it before each run.
#[unsafe(no_mangle)]
static SWEEP_LOG: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];

/// Vector word of the lower exception, set by the host; 0 once its handler has run.
#[unsafe(no_mangle)]
static SWEEP_LOWER: AtomicU32 = AtomicU32::new(0);

/// Whether the lower handler asks for a dispatch, and whether it opens interrupts meanwhile; set by the host.
#[unsafe(no_mangle)]
static SWEEP_REQUEST: AtomicU32 = AtomicU32::new(0);
#[unsafe(no_mangle)]
static SWEEP_OPEN: AtomicU32 = AtomicU32::new(0);

/// Fault address and syndrome that a synchronous lower handler found in its frame.
#[unsafe(no_mangle)]
static SWEEP_FAULT: AtomicU32 = AtomicU32::new(0);
#[unsafe(no_mangle)]
static SWEEP_SYNDROME: AtomicU32 = AtomicU32::new(0);

/// MSR\[EE\].
const MSR_EE: u32 = 0x8000;

/// How many events have happened. An event happens when it is counted, whenever it is written.
#[unsafe(no_mangle)]
static SWEEP_COUNT: AtomicU32 = AtomicU32::new(0);

fn log(code: u32) {
    let place = SWEEP_COUNT.fetch_add(1, Ordering::Relaxed);
    if let Some(entry) = SWEEP_LOG.get(place as usize) {
        entry.store(code, Ordering::Relaxed);
    }
}

/// Opens EE for a moment, as a handler does that lets other interrupts in.
fn open_for_a_moment() {
    // SAFETY: handlers for everything are in place, and nesting is what is to be shown.
    unsafe {
        asm!(
            "mfmsr {old}",
            "ori {on}, {old}, {ee}",
            "mtmsr {on}",   // from here standard interrupts nest
            "nop",
            "nop",
            "mtmsr {old}",  // and from here not
            old = out(reg) _,
            on = out(reg) _,
            ee = const MSR_EE,
            options(nostack, preserves_flags),
        );
    }
}

fn lower() {
    SWEEP_LOWER.store(0, Ordering::Relaxed);
    log(1);
    if SWEEP_OPEN.load(Ordering::Relaxed) != 0 {
        open_for_a_moment();
    }
    if SWEEP_REQUEST.load(Ordering::Relaxed) != 0 {
        request_dispatch();
    }
    log(2);
}

fn request_dispatch() {
    // SAFETY: exceptions are installed, handlers stay on their CPU; called by handlers of interrupts and of synchronous
    // exceptions.
    unsafe { PerCpu::current().request_dispatch() };
}

/// Handler of all interrupts, standard and critical.
#[unsafe(no_mangle)]
extern "C" fn sweep_interrupt(frame: &mut InterruptFrame) -> Handled {
    if frame.vector.raw() == SWEEP_LOWER.load(Ordering::Relaxed) {
        lower();
    } else {
        log(3);
        request_dispatch();
    }
    Handled::Handled
}

/// Handler of all synchronous exceptions.
#[unsafe(no_mangle)]
extern "C" fn sweep_synchronous(frame: &mut Frame) -> Handled {
    SWEEP_FAULT.store(frame.fault_address, Ordering::Relaxed);
    SWEEP_SYNDROME.store(frame.syndrome, Ordering::Relaxed);
    lower();
    Handled::Handled
}

/// Handler of machine check, system reset and debug.
#[unsafe(no_mangle)]
extern "C" fn sweep_isolated(frame: &mut IsolatedFrame) -> Handled {
    if frame.vector.raw() == SWEEP_LOWER.load(Ordering::Relaxed) {
        lower();
    } else {
        log(3);
    }
    Handled::Handled
}

fn attach(exceptions: &Exceptions, entry: &VectorEntry) -> Result<(), Failure> {
    let exception = entry.exception;
    match (entry.class(), entry.asynchronous) {
        (Class::Standard, false) => drop(exceptions.set_handler(exception, sweep_synchronous)?),
        (Class::Standard | Class::Critical, _) => drop(exceptions.set_interrupt_handler(exception, sweep_interrupt)?),
        _ => drop(exceptions.set_isolated_handler(exception, sweep_isolated)?),
    }
    Ok(())
}

/// Attaches the handlers and stands at [`sweep_here`] if a host stopped it at [`sweep_ready`] and sends it there;
/// otherwise says so and returns.
///
/// # Errors
/// A vector whose handler cannot be set.
pub fn sweep(exceptions: &Exceptions) -> Result<(), Failure> {
    for entry in exceptions.table().entries() {
        attach(exceptions, entry)?;
    }
    println!("@ vectors base={:#010x}", exceptions.vector_base());
    thread::prepare(exceptions)?;
    sweep_ready(sweep_here as *const () as usize as u32);
    println!("{} vectors have handlers; the sweep needs its host", exceptions.table().entries().len());
    Ok(())
}

/// The whole program of a board: its crate, the family that serves it, where its vectors go.
#[macro_export]
macro_rules! sweep_program {
    ($board:ident, $family:expr, $vectors:expr) => {
        ppc_support::board_program!(
            $board,
            $family,
            $vectors,
            |exceptions, _| $crate::sweep(exceptions),
            report = $crate::sweep_fatal
        );
    };
}

/// Prints the report, with which the program ends; the host has a breakpoint here.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn sweep_fatal(fatal: &Fatal<'_>) {
    println!("{fatal}result: fail: fatal exception");
}

/// Where the host stops the guest.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn sweep_ready(here: u32) {
    // SAFETY: nothing is done; this keeps the function and what its argument names from being removed.
    unsafe { asm!("nop", in("r3") here, options(nostack, preserves_flags)) };
}

core::arch::global_asm!(
    // The interrupted program: it does nothing, so what its registers hold is what exceptions made of them.
    ".pushsection .text.sweep_here, \"ax\", @progbits",
    ".globl sweep_here",
    ".type sweep_here, @function",
    "sweep_here:",
    "nop",
    "nop",
    "b sweep_here",
    ".size sweep_here, . - sweep_here",
    ".popsection",
);

unsafe extern "C" {
    /// The interrupted program.
    pub fn sweep_here() -> !;
}
