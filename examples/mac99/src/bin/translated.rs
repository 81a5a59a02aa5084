// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exceptions with translation on: block address translation maps everything one to one before the install, so handlers
//! run translated while entry and exit do not. Storage exceptions are taken and mended by a handler; the write-back check of the
//! install is seen to run, and seen to be left out.
//!
//! QEMU never refuses `dcbz`, so that memory without the write-back attribute is refused cannot be shown here.
#![no_std]
#![no_main]

use core::arch::asm;
use core::cell::UnsafeCell;

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{Layout, MIN_STACK, Range, StackSet};
use hal_exc_api::percpu::PerCpu;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();

/// Stacks of our own, to see what the install does to them; one set for each of the two installs.
#[repr(C, align(64))]
struct Stacks(UnsafeCell<[[u8; STACK]; 5]>);
const STACK: usize = 4096;
const _: () = assert!(STACK >= MIN_STACK as usize);

// SAFETY: the program looks at them before anything runs on them, on one CPU.
unsafe impl Sync for Stacks {}

static STACKS: [Stacks; 2] = [const { Stacks(UnsafeCell::new([[0xA5; STACK]; 5])) }; 2];
static BLOCKS: [PerCpu; 2] = [const { PerCpu::new() }; 2];

/// MSR\[IR\] and MSR\[DR\], translation; MSR\[RI\], recoverable.
const TRANSLATION: u32 = 0x0030;
const RECOVERABLE: u32 = 0x0002;

/// DSISR or SRR1: no translation found. DSISR: it was a store.
const NOT_FOUND: u32 = 0x4000_0000;
const STORE: u32 = 0x0200_0000;

/// Addresses that no block covers, until the handler lets the first lead to memory at 0.
const FIRST: u32 = 0x4000_0000;
const NOWHERE: u32 = 0x5000_0000;
/// Behind the vectors, in front of the image.
const PLACE: u32 = 0x8000;

trial!(load, [], "lwz %r6, 0(%r4)");
trial!(store, [], "stw %r5, 0(%r4)");
trial!(call, [], "mtctr %r4", "bctrl");
trial!(system_call, [], "sc");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, _cpu, setup) = mac99::Board::setup(boot)?;
    mac99::translate();
    ensure!(msr() & TRANSLATION == TRANSLATION, "translation is off");

    // The check zeroes a line of the interrupt stack, but not the guard at its bottom.
    let replaced = setup.memory(layout(0)).install()?;
    ensure!(zero_lines(0) == 1, "{} lines are zero, the write-back check did not run", zero_lines(0));
    ensure!(replaced.per_cpu().interrupt_stack_intact(), "the check destroyed the guard");
    println!("installed with translation on; the write-back check ran");
    let (_, setup) = again(boot)?;
    let exceptions = setup.memory(layout(1)).without_write_back_check().install()?;
    ensure!(zero_lines(1) == 0, "the write-back check was not left out");
    println!("installed again without the check");

    exceptions.set_handler(Exception::SystemCall, on_system_call)?;
    exceptions.set_handler(Exception::DataStorage, on_data_storage)?;
    exceptions.set_handler(Exception::InstructionStorage, on_lost)?;

    let mut after = Registers::default();
    // SAFETY: the handler answers in r3.
    unsafe { system_call(&mut after, 1, 2) };
    let expected = Expected::at_instruction(Exception::SystemCall, &after, [1, 2]);
    let handler_msr = after.gpr[3];
    Expected { pc: after.next, changed: Some((3, handler_msr)), ..expected }.check(LAST.take(), &after)?;
    ensure!(after.msr & TRANSLATION == TRANSLATION, "the program's MSR is {:08x}", after.msr);
    let on = TRANSLATION | RECOVERABLE;
    ensure!(handler_msr & on == on, "the handler's MSR is {handler_msr:08x}");
    println!("system call: the frame, the handler and the program are translated, the handler is recoverable");

    // SAFETY: memory behind the vectors, mapped one to one, used by nobody.
    unsafe { (PLACE as *mut u32).write_volatile(0x600D_DA7A) };
    // SAFETY: the handler makes the address lead there.
    unsafe { load(&mut after, FIRST + PLACE, 3) };
    let expected = Expected::at_instruction(Exception::DataStorage, &after, [FIRST + PLACE, 3]);
    Expected { syndrome: NOT_FOUND, fault_address: Some(FIRST + PLACE), changed: Some((6, 0x600D_DA7A)), ..expected }
        .check(LAST.take(), &after)?;
    println!("data storage, load: mapped by the handler, tried again");

    // SAFETY: the handler skips the store.
    unsafe { store(&mut after, NOWHERE, 4) };
    let expected = Expected::at_instruction(Exception::DataStorage, &after, [NOWHERE, 4]);
    Expected { syndrome: NOT_FOUND | STORE, fault_address: Some(NOWHERE), ..expected }.check(LAST.take(), &after)?;
    println!("data storage, store: skipped");

    // SAFETY: the handler goes back to the caller.
    unsafe { call(&mut after, NOWHERE, 5) };
    let expected = Expected::at_instruction(Exception::InstructionStorage, &after, [NOWHERE, 5]);
    let msr = after.msr | NOT_FOUND;
    Expected { pc: NOWHERE, ctr_lr: [NOWHERE, after.next], msr, ..expected }.check(LAST.take(), &after)?;
    println!("instruction storage: SRR1 says why, back to the caller");
    Ok(())
}

/// A second install on the same board.
fn again(boot: &'static BootInfo) -> Result<(hal_exc_api::cpu::Cpu, hal_exc_api::install::Setup), Failure> {
    use hal_exc_api::cpu::{Pvr, identify};
    use hal_exc_api::install::{Exceptions, VectorArea};
    let cpu = identify(Pvr(boot.pvr))?;
    // SAFETY: the vectors that the first install wrote are replaced by equal ones.
    let vectors = unsafe { VectorArea::new(0, 0x3000) };
    Ok((cpu, Exceptions::new(&cpu, &[&hal_exc_ppc_classic::FAMILY])?.vectors(vectors).fatal(fatal)))
}

fn fatal(fatal: &hal_exc_api::fatal::Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    mac99::power_off()
}

fn layout(n: usize) -> Layout {
    let start = STACKS[n].0.get() as u32;
    let stack = |i: u32| Range { start: start + i * STACK as u32, len: STACK as u32 };
    let stacks =
        StackSet { interrupt: stack(0), critical: stack(1), debug: stack(2), machine_check: stack(3), fatal: stack(4) };
    // SAFETY: the stacks are this install's alone, and 'static.
    unsafe { Layout::new(&BLOCKS[n], stacks) }
}

/// How many lines of an interrupt stack are zero.
fn zero_lines(n: usize) -> usize {
    // SAFETY: nothing runs on it: interrupts are masked.
    let stack = unsafe { (STACKS[n].0.get() as *const [u8; STACK]).read_volatile() };
    stack.chunks_exact(32).filter(|line| line.iter().all(|&byte| byte == 0)).count()
}

fn msr() -> u32 {
    let msr;
    // SAFETY: reads MSR.
    unsafe { asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    msr
}

/// Answers with the MSR of the handler.
extern "C" fn on_system_call(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.gpr[3] = msr();
    Handled::Handled
}

extern "C" fn on_data_storage(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    if frame.fault_address & 0xF000_0000 != FIRST {
        frame.skip_instruction();
        return Handled::Handled;
    }
    mac99::show_memory_at(FIRST);
    Handled::Handled
}

extern "C" fn on_lost(frame: &mut Frame) -> Handled {
    LAST.record(frame.as_full());
    frame.pc = frame.lr;
    frame.msr &= !NOT_FOUND;
    Handled::Handled
}
