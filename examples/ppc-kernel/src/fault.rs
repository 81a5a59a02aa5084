// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults of interrupt handling, each of which must end in a report that names it.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::{Handled, InterruptHandler};
use hal_exc_api::insn::li;
use hal_exc_api::install::Exceptions;
use hal_exc_api::sched::Nested;
use hal_exc_api::vectors::VectorTable;
use ppc_support::{Failure, console, println};

use crate::kernel;
use crate::sources::{Sources, connect, start_tick};

const HZ: u32 = 200;
/// What counts as a storm here.
const STORM: u32 = 20_000;

/// The report itself traps.
static TRAP_IN_REPORT: AtomicBool = AtomicBool::new(false);
static TRAP_AT: AtomicU32 = AtomicU32::new(0);
/// How deep the nested handler got.
static DEPTH: AtomicU32 = AtomicU32::new(0);

/// Makes an image that installs exceptions on a board and runs a fault of this module. The report is the expected end; the
/// text that it leaves is compared with the expected one. Parameters as for [`kernel_program!`](crate::kernel_program).
#[macro_export]
macro_rules! fault_program {
    ($board:ident, $family:expr, $vectors:expr, |$armed:ident| $arm:expr, $run:expr) => {
        $crate::kernel_program!($board, $family, $vectors, |$armed| $arm, $run, report = $crate::fault::report);
    };
}

/// The report: what can change from run to run is a note.
pub fn report(fatal: &Fatal<'_>) {
    if fatal.nested {
        println!("CPU {}: a fatal exception inside a fatal report", fatal.index);
        let there = fatal.frame.pc() == TRAP_AT.load(Ordering::Relaxed);
        println!("at the instruction that trapped: {}", if there { "yes" } else { "no" });
    } else {
        println!("CPU {}: fatal: {}", fatal.index, fatal.cause);
    }
    let word = fatal.frame.vector();
    let how = if word.is_asynchronous() { "asynchronous" } else { "synchronous" };
    match word.exception() {
        Ok(exception) => println!("exception: {exception}, {how}"),
        Err(unknown) => println!("exception: {unknown}"),
    }
    console::notes(format_args!("{fatal}"));
    if TRAP_IN_REPORT.load(Ordering::Relaxed) && !fatal.nested {
        let here: u32;
        // SAFETY: takes the address of the trap behind it; nobody handles a trap.
        unsafe {
            asm!(
                "bcl 20, 31, 2f",
                "2: mflr {here}",
                "addi {here}, {here}, 3f - 2b",
                "stw {here}, 0({at})",
                "3: trap",
                here = out(reg_nonzero) here,
                at = in(reg_nonzero) TRAP_AT.as_ptr(),
                out("lr") _,
            );
        }
        println!("came back from a trap at {here:08x}");
    }
    println!("result: pass");
}

fn begin<B: Sources>(exceptions: &Exceptions, time_base: u32, handler: InterruptHandler) -> Result<(), Failure> {
    connect::<B>(exceptions, handler, handler)?;
    // SAFETY: called once, interrupts are masked.
    unsafe { start_tick(exceptions, time_base, HZ)? };
    kernel::start(exceptions, 1, None)?;
    // SAFETY: all handlers are in place.
    unsafe { exceptions.enable() };
    Ok(())
}

/// Waits for the report, for a while.
fn wait_for_report(ticks: u64) -> Result<(), Failure> {
    let until = kernel::ticks() + ticks;
    while kernel::ticks() < until {
        core::hint::spin_loop();
    }
    Err(Failure::new("there was no report"))
}

/// A handler that never ends its interrupt.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn stuck<B: Sources>(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    extern "C" fn handler<B: Sources>(_: &mut InterruptFrame) -> Handled {
        B::end_external();
        // SAFETY: exceptions are installed.
        let _open = unsafe { Nested::open() };
        loop {
            core::hint::spin_loop();
        }
    }
    begin::<B>(exceptions, time_base, handler::<B>)?;
    B::raise_external();
    wait_for_report(500)
}

/// A device that nobody quiets.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn storm<B: Sources>(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    extern "C" fn handler<B: Sources>(frame: &mut InterruptFrame) -> Handled {
        B::leave_external();
        frame.watch_storm(STORM);
        Handled::Handled
    }
    begin::<B>(exceptions, time_base, handler::<B>)?;
    B::raise_external();
    wait_for_report(500)
}

/// Interrupts that nest without end.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn nested_overflow<B: Sources>(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    extern "C" fn handler<B: Sources>(_: &mut InterruptFrame) -> Handled {
        B::end_external();
        // The test must not end by itself: 8 KiB hold less than 100 levels.
        if DEPTH.fetch_add(1, Ordering::Relaxed) < 200 {
            B::raise_external();
            // SAFETY: exceptions are installed.
            drop(unsafe { Nested::open() });
        }
        Handled::Handled
    }
    begin::<B>(exceptions, time_base, handler::<B>)?;
    B::raise_external();
    wait_for_report(500)
}

/// One handler that goes too deep.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn deep_overflow<B: Sources>(exceptions: &Exceptions, time_base: u32) -> Result<(), Failure> {
    /// Uses about 300 bytes per level.
    #[inline(never)]
    fn dig(levels: u32) -> u32 {
        let words = core::hint::black_box([levels; 64]);
        if levels == 0 { words[0] } else { dig(levels - 1) + core::hint::black_box(words)[1] }
    }
    extern "C" fn handler<B: Sources>(frame: &mut InterruptFrame) -> Handled {
        B::end_external();
        // 8 KiB and a bit, into the critical stack below.
        core::hint::black_box(dig(15));
        frame.may_ready().request_dispatch();
        Handled::Handled
    }
    begin::<B>(exceptions, time_base, handler::<B>)?;
    B::raise_external();
    wait_for_report(500)
}

/// An exception inside the fatal report.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn in_report(_: &Exceptions, _: u32) -> Result<(), Failure> {
    TRAP_IN_REPORT.store(true, Ordering::Relaxed);
    // SAFETY: nobody handles a trap: the report is the point.
    unsafe { asm!("trap") };
    Err(Failure::new("there was no report"))
}

/// A prologue that loads the number of no exception, as a damaged one would.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn vector_number(exceptions: &Exceptions, _: u32) -> Result<(), Failure> {
    const NOBODYS: u8 = 60;
    let good = VectorWord::new(Exception::Program, false).immediate();
    let bad = VectorWord::SYNCHRONOUS_BASE + 4 * i16::from(NOBODYS);
    let row = exceptions.table().find(Exception::Program).ok_or_else(|| Failure::new("no program exception"))?;
    let slot = exceptions.vector_base() + VectorTable::offset_of(row);
    for address in (slot..slot + row.prologue_len()).step_by(4) {
        let word = address as usize as *mut u32;
        // SAFETY: the slot is memory of this image, or of the vector area that the board gave to the install; the
        // word is made visible to instruction fetch.
        unsafe {
            if word.read_volatile() == li(3, good) {
                word.write_volatile(li(3, bad));
                asm!("dcbst 0, {0}", "sync", "icbi 0, {0}", "sync", "isync", in(reg) word);
            }
        }
    }
    // SAFETY: the damaged prologue is the point.
    unsafe { asm!("trap") };
    Err(Failure::new("there was no report"))
}

/// A system call while MSR\[RI\] says that the state cannot be resumed.
///
/// # Errors
/// [`Failure`] when there is no report.
pub fn unrecoverable(_: &Exceptions, _: u32) -> Result<(), Failure> {
    // SAFETY: the report is the point.
    unsafe {
        asm!(
            "mfmsr {t}",
            "rlwinm {t}, {t}, 0, 31, 29", // RI off
            "mtmsr {t}",
            "isync",
            "sc",
            t = out(reg) _,
        );
    }
    Err(Failure::new("there was no report"))
}
