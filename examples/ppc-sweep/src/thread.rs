// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other thread, and the switch to it and back.

use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::FaultRegisters;
use hal_exc_api::install::Exceptions;
use hal_exc_api::percpu::{PerCpu, offset};
use hal_exc_api::sched::{RegisterError, Scheduler};

use crate::log;

#[repr(C, align(16))]
struct Stack(UnsafeCell<[u8; 4096]>);

// SAFETY: only the other thread uses it.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; 4096]));

/// Stack pointers of the two threads while they do not run.
static INTERRUPTED: AtomicU32 = AtomicU32::new(0);
static OTHER: AtomicU32 = AtomicU32::new(0);

/// Which fault registers this CPU has.
static FAULT: AtomicU32 = AtomicU32::new(0);

/// Bytes that [`switch`] keeps on a stack: back chain, LR word, r14 to r31, LR, CR.
const KEPT: usize = 96;

pub(crate) fn prepare(exceptions: &Exceptions) -> Result<(), RegisterError> {
    FAULT.store(exceptions.cpu().core().fault as u32, Ordering::Relaxed);
    let top = STACK.0.get() as usize as u32 + 4096 - 16;
    let first = top - KEPT as u32;
    let words = first as *mut u32;
    // SAFETY: the stack is this thread's alone; `switch` will load LR from the word behind the 18 registers.
    unsafe { words.add(20).write(other as *const () as usize as u32) };
    OTHER.store(first, Ordering::Relaxed);
    exceptions.set_scheduler::<Turns>()?;
    Ok(())
}

/// The scheduler: when somebody asks, the other thread runs once and gives way again.
struct Turns;

// SAFETY: the request is taken back first; `switch` keeps what the C ABI keeps, on each thread's own stack; r2 and r13
// are left alone and nothing is unmasked. The other thread writes SRR0/1 on purpose, with everything masked and no
// synchronous exception possible: that is what is to be survived.
unsafe impl Scheduler for Turns {
    unsafe extern "C" fn dispatch(cpu: &'static PerCpu, _interrupted_msr: u32) {
        // SAFETY: this is the scheduler of this CPU.
        unsafe { cpu.clear_dispatch_request() };
        // SAFETY: `OTHER` holds what `prepare` or the last switch left.
        unsafe { switch(INTERRUPTED.as_ptr(), OTHER.as_ptr()) };
    }
}

/// Runs each time somebody switches to it.
extern "C" fn other() -> ! {
    loop {
        log(4);
        // SAFETY: the registers belong to whoever takes an exception; that this thread took some is what is simulated.
        unsafe {
            asm!("mtspr 26, {0}", "mtspr 27, {0}", in(reg) 0x0BAD_0BAC_u32, options(nostack, preserves_flags));
            // What a guarded wrapper keeps: this thread took a TLB miss too.
            asm!("stw {0}, {1}(13)", "stw {0}, {1}+4(13)", "stw {0}, {1}+8(13)", "stw {0}, {1}+12(13)",
                in(reg) 0x0BAD_0BAD_u32, const offset::FAULT_SAVE, options(nostack, preserves_flags));
            match FAULT.load(Ordering::Relaxed) {
                f if f == FaultRegisters::DarDsisr as u32 => {
                    asm!("mtspr 19, {0}", "mtspr 18, {0}", in(reg) 0x0BAD_DA40_u32, options(nostack, preserves_flags));
                }
                f if f == FaultRegisters::Dear405 as u32 => {
                    asm!("mtspr 981, {0}", "mtspr 980, {0}", in(reg) 0x0BAD_DA40_u32, options(nostack, preserves_flags));
                }
                _ => {
                    asm!("mtspr 61, {0}", "mtspr 62, {0}", in(reg) 0x0BAD_DA40_u32, options(nostack, preserves_flags));
                }
            }
            switch(OTHER.as_ptr(), INTERRUPTED.as_ptr());
        }
    }
}

/// Keeps the non-volatile registers on this stack, its pointer in `from`, and goes on where `to` left off.
#[unsafe(naked)]
unsafe extern "C" fn switch(from: *mut u32, to: *mut u32) {
    naked_asm!(
        "stwu 1, -{kept}(1)",
        "stmw 14, 8(1)",     // r14 to r31
        "mflr 0",
        "stw 0, 80(1)",
        "mfcr 0",
        "stw 0, 84(1)",
        "stw 1, 0(3)",       // from
        "lwz 1, 0(4)",       // to
        "lmw 14, 8(1)",
        "lwz 0, 84(1)",
        "mtcrf 255, 0",
        "lwz 0, 80(1)",
        "mtlr 0",
        "addi 1, 1, {kept}",
        "blr",
        kept = const KEPT,
    )
}
