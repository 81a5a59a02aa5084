// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every synchronous exception of a core that translates by software-managed TLBs (405, 440, e500), with a pattern in all
//! registers: the frame must show it, the handler mends what is wrong (skips, emulates, maps the page, lets it be
//! written), the program goes on and finds its registers as they were.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::{Cpu, Features};
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use ppc_support::trial::{CTR, Expected, LR, Last, Registers};
use ppc_support::{Failure, ensure, println, trial};

use crate::paging::Paging;

static LAST: Last = Last::new();

/// Syndrome bits (ESR) of illegal and privileged instructions, traps, stores and SPE instructions.
const ILLEGAL: u32 = 0x0800_0000;
const PRIVILEGED: u32 = 0x0400_0000;
const TRAP: u32 = 0x0200_0000;
const STORE: u32 = 0x0080_0000;
const SPE: u32 = 0x0000_0080;

/// MSR\[PR\]: problem state.
const MSR_PR: u32 = 0x4000;

/// A page that nobody maps before the handler does, and the memory behind it.
const PAGE: u32 = 0xA000_0000;
static BEHIND: Aligned = Aligned([const { AtomicU32::new(0x600D_DA7A) }; 1024]);
#[repr(align(4096))]
struct Aligned([AtomicU32; 1024]);

/// An address that stays unmapped.
const NOWHERE: u32 = 0xB000_0000;

/// `evxor r6, r5, r4` or `fmr f0, f0`, and `blr`. Data, so that the image has no such instruction in its code.
static SPE_CODE: [u32; 2] = [0x10C5_2216, 0x4E80_0020];
static FP_CODE: [u32; 2] = [0xFC00_0090, 0x4E80_0020];

trial!(illegal, [], ".long 0");
trial!(trap, [], "trap");
trial!(system_call, [], "sc");
trial!(misaligned, [], "lwarx %r6, 0, %r4");
trial!(load, [], "lwz %r6, 0(%r4)");
trial!(store, [], "stw %r5, 0(%r4)");
trial!(call, [], "mtctr %r4", "bctrl");
trial!(
    privileged,
    ["mfmsr %r6", "ori %r6, %r6, 0x4000", "mtmsr %r6", "isync"], // to problem state
    "mfmsr %r6"
);

type Trial = unsafe extern "C" fn(&mut Registers, u32, u32);

/// The body. The core translates by `P`; nothing is mapped at 0xA000_0000 and 0xB000_0000.
///
/// # Errors
/// A frame or a register that is not as expected, or what was refused.
pub fn run<P: Paging>(exceptions: &Exceptions) -> Result<(), Failure> {
    exceptions.set_handler(Exception::Program, on_program)?;
    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    exceptions.set_handler(Exception::Alignment, on_alignment)?;
    exceptions.set_handler(Exception::DataTlbMiss, on_data_miss::<P>)?;
    exceptions.set_handler(Exception::DataStorage, on_data_storage::<P>)?;
    exceptions.set_handler(Exception::InstructionTlbMiss, on_lost)?;
    exceptions.set_handler(Exception::InstructionStorage, on_lost)?;

    one("illegal instruction: skipped", illegal, [1, 2], |r, e| Expected {
        syndrome: ILLEGAL,
        ..at(Exception::Program, r, e)
    })?;
    one("trap: skipped", trap, [3, 4], |r, e| Expected { syndrome: TRAP, ..at(Exception::Program, r, e) })?;
    one("privileged instruction: emulated", privileged, [5, 6], |r, e| Expected {
        syndrome: PRIVILEGED,
        msr: r.msr | MSR_PR,
        changed: Some((6, EMULATED_MSR)),
        ..at(Exception::Program, r, e)
    })?;
    one("system call: answered in r3", system_call, [7, 8], |r, e| Expected {
        pc: r.next,
        changed: Some((3, ANSWER)),
        ..at(Exception::SystemCall, r, e)
    })?;
    let word = &raw const BEHIND.0[1] as u32;
    one("alignment: emulated", misaligned, [word + 1, 9], |r, e| Expected {
        fault_address: Some(e[0]),
        changed: Some((6, 0x0DDA_7A60)),
        ..at(Exception::Alignment, r, e)
    })?;
    one("data TLB miss, load: page mapped", load, [PAGE + 8, 10], |r, e| Expected {
        fault_address: Some(e[0]),
        syndrome_lacks: STORE,
        changed: Some((6, 0x600D_DA7A)),
        ..at(Exception::DataTlbMiss, r, e)
    })?;
    one("data storage, store: page made writable", store, [PAGE + 12, 0xC0FF_EE00], |r, e| Expected {
        fault_address: Some(e[0]),
        syndrome: STORE,
        ..at(Exception::DataStorage, r, e)
    })?;
    let stored = BEHIND.0[3].load(Ordering::Relaxed);
    ensure!(stored == 0xC0FF_EE00, "the store that was tried again left {stored:08x}");
    one("data TLB miss, store: skipped", store, [NOWHERE, 11], |r, e| Expected {
        fault_address: Some(e[0]),
        syndrome: STORE,
        ..at(Exception::DataTlbMiss, r, e)
    })?;
    one("instruction TLB miss: back to the caller", call, [NOWHERE + 4, 12], |r, e| Expected {
        ..called(Exception::InstructionTlbMiss, r, e)
    })?;
    one("instruction storage: back to the caller", call, [PAGE + 16, 13], |r, e| Expected {
        ..called(Exception::InstructionStorage, r, e)
    })?;
    unavailable(exceptions.cpu(), exceptions)
}

/// The unit that this CPU has and the image keeps off, if it is sure to have one.
fn unavailable(cpu: &Cpu, exceptions: &Exceptions) -> Result<(), Failure> {
    let has = |unit| cpu.features().contains(unit) && !cpu.features().contains(Features::FPU_OPTIONAL);
    let (exception, code, syndrome) = match () {
        () if has(Features::SPE) => (Exception::SpeUnavailable, &SPE_CODE, SPE),
        () if has(Features::FPU) => (Exception::FpUnavailable, &FP_CODE, 0),
        () => return Ok(()),
    };
    exceptions.set_handler(exception, on_unavailable)?;
    let code = &raw const *code as u32;
    let label = if syndrome == SPE { "SPE unavailable: skipped" } else { "floating-point unavailable: skipped" };
    one(label, call, [code, 14], |r, e| Expected { syndrome, ..called(exception, r, e) })
}

/// Runs a trial and checks it.
fn one(
    label: &str,
    trial: Trial,
    arguments: [u32; 2],
    expected: impl FnOnce(&Registers, [u32; 2]) -> Expected,
) -> Result<(), Failure> {
    let mut after = Registers::default();
    // SAFETY: the handlers below take every exception that the trials raise, and change what is expected only.
    unsafe { trial(&mut after, arguments[0], arguments[1]) };
    expected(&after, arguments).check(LAST.take(), &after)?;
    println!("{label}");
    Ok(())
}

fn at(exception: Exception, registers: &Registers, arguments: [u32; 2]) -> Expected {
    Expected::at_instruction(exception, registers, arguments)
}

/// The exception is raised by what `call` calls, in r4.
fn called(exception: Exception, registers: &Registers, arguments: [u32; 2]) -> Expected {
    let expected = at(exception, registers, arguments);
    Expected { pc: arguments[0], ctr_lr: [arguments[0], registers.next], ..expected }
}

/// What the emulated `mfmsr` reads, and what the system call answers.
const EMULATED_MSR: u32 = 0x0000_DEAD;
const ANSWER: u32 = CTR ^ LR;

extern "C" fn on_program(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    if frame.syndrome & PRIVILEGED != 0 {
        // `mfmsr r6` in problem state: do it for the program, and let it be privileged from now on.
        if frame.msr & MSR_PR == 0 {
            return Handled::NotHandled;
        }
        frame.gpr[6] = EMULATED_MSR;
        frame.msr &= !MSR_PR;
    }
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    frame.gpr[3] = frame.ctr ^ frame.lr;
    Handled::Handled
}

extern "C" fn on_alignment(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    // SAFETY: the trial passes an address inside BEHIND.
    let bytes = unsafe { (frame.fault_address as *const [u8; 4]).read() };
    frame.gpr[6] = u32::from_be_bytes(bytes);
    frame.skip_instruction();
    Handled::Handled
}

/// A page that may be read.
extern "C" fn on_data_miss<P: Paging>(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    map::<P>(frame, false)
}

/// The page may be written too.
extern "C" fn on_data_storage<P: Paging>(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    map::<P>(frame, true)
}

/// Maps the page, so that the access is tried again; gives any other access up.
fn map<P: Paging>(frame: &mut Frame, writable: bool) -> Handled {
    if frame.fault_address & !0xFFF != PAGE {
        frame.skip_instruction();
        return Handled::Handled;
    }
    // SAFETY: the board chose `P` for its core; a second view of memory whose words are atomic.
    if unsafe { P::map(PAGE, &raw const BEHIND as u32, writable) } { Handled::Handled } else { Handled::NotHandled }
}

extern "C" fn on_lost(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    frame.pc = frame.lr;
    Handled::Handled
}

extern "C" fn on_unavailable(frame: &mut Frame) -> Handled {
    LAST.record(frame);
    frame.skip_instruction();
    Handled::Handled
}
