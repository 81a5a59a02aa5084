// SPDX-License-Identifier: MIT OR Apache-2.0
//! An exception that its handler declines goes to the global handler; without one the CPU reports it and stops. The
//! report names the exception, the PC and every register, and the walk over the stack who called.

use core::arch::naked_asm;
use core::fmt::Write as _;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::backtrace::End;
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::{Fatal, FrameMut};
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use ppc_support::console::notes;
use ppc_support::stack::MainStack;
use ppc_support::trial::Registers;
use ppc_support::{Failure, ensure, println, trial};

static DECLINED: AtomicU32 = AtomicU32::new(0);
static GLOBAL: AtomicU32 = AtomicU32::new(0);

/// Address of the trap, learnt when the global handler took it.
static TRAP: AtomicU32 = AtomicU32::new(0);

trial!(trap, [], "trap");

/// Calls [`trap`], from an address that is known: the caller that a report has to name.
#[unsafe(naked)]
unsafe extern "C" fn caller(after: &mut Registers, r4: u32, r5: u32) {
    naked_asm!(
        "mflr %r0",
        "stwu %r1, -16(%r1)", // a frame of its own
        "stw %r0, 20(%r1)",   // LR goes into the frame of the caller
        "bl {trap}",
        "lwz %r0, 20(%r1)", // RETURN bytes from the start
        "mtlr %r0",
        "addi %r1, %r1, 16",
        "blr",
        trap = sym trap,
    )
}

/// Four instructions.
const RETURN: u32 = 16;

/// The body; [`print`] goes on where it ends.
///
/// # Errors
/// A handler was not called as it should be, or what was refused.
pub fn run(exceptions: &Exceptions) -> Result<(), Failure> {
    let mut after = Registers::default();

    // No handler, but a global one.
    exceptions.set_global_handler(Some(on_any));
    // SAFETY: the global handler skips the trap.
    unsafe { trap(&mut after, 1, 2) };
    ensure!(count(&GLOBAL) == 1, "the global handler was called {} times", count(&GLOBAL));
    println!("no handler: the global handler took it");

    // A handler that declines.
    exceptions.set_handler(Exception::Program, declines)?;
    // SAFETY: as above.
    unsafe { trap(&mut after, 1, 2) };
    ensure!((count(&DECLINED), count(&GLOBAL)) == (1, 2), "declined {}, global {}", count(&DECLINED), count(&GLOBAL));
    println!("handler declined: the global handler took it");

    // Neither.
    TRAP.store(after.instruction, Ordering::Relaxed);
    exceptions.clear_handler(Exception::Program)?;
    exceptions.set_global_handler(None);
    println!("nobody: the report follows");
    // SAFETY: this is the end of the program; `print` has the last word.
    unsafe { caller(&mut after, 0x1111_1111, 0x2222_2222) };
    Err(Failure::new("the trap was ignored"))
}

fn count(counter: &AtomicU32) -> u32 {
    counter.load(Ordering::Relaxed)
}

extern "C" fn declines(_frame: &mut Frame) -> Handled {
    DECLINED.fetch_add(1, Ordering::Relaxed);
    Handled::NotHandled
}

fn on_any(frame: FrameMut<'_>) -> Handled {
    GLOBAL.fetch_add(1, Ordering::Relaxed);
    match frame {
        FrameMut::Synchronous(frame) => {
            frame.skip_instruction();
            Handled::Handled
        }
        _ => Handled::NotHandled,
    }
}

/// Prints the report and the result. The lines with the PC, r1 and r13 change whenever the image does: they are checked here, and
/// printed as notes.
pub fn print(fatal: &Fatal<'_>) {
    let mut text = heapless::String::<2048>::new();
    let complete = write!(text, "{fatal}").is_ok();
    let pc = TRAP.load(Ordering::Relaxed);
    let mut expected = heapless::String::<32>::new();
    let expected_fits = write!(expected, "PC  {pc:08x}").is_ok();
    let mut pc_named = false;
    for line in text.lines() {
        pc_named |= line == expected.as_str();
        let changes = ["PC ", "r0 ", "r12 "].iter().any(|start| line.starts_with(start));
        println!("{}{line}", if changes { "# " } else { "" });
    }
    let stack = MainStack::new();
    let mut walk = stack.callers(&fatal.frame);
    notes(walk);
    let first = walk.next().map(|step| step.return_address);
    walk.by_ref().for_each(drop);
    if !complete || !expected_fits || !pc_named {
        println!("result: fail: the report lacks the PC {pc:08x}");
    } else if first != Some(caller as *const () as u32 + RETURN) || walk.end() != Some(End::Outermost) {
        println!("result: fail: called from {first:08x?}, and the walk ended with {:?}", walk.end());
    } else {
        println!("called from where it was, up to the outermost frame");
        println!("result: pass");
    }
}
