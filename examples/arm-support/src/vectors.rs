// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handlers behind the vectors: IRQ and FIQ are set at run time, faults print and end.

use crate::{cpu, println};
use core::sync::atomic::{AtomicUsize, Ordering};

static IRQ: AtomicUsize = AtomicUsize::new(0);
static FIQ: AtomicUsize = AtomicUsize::new(0);
static FAULT: AtomicUsize = AtomicUsize::new(0);

/// What a fault handler is told.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// AArch32: 0 undefined, 1 SVC, 2 prefetch abort, 3 data abort; AArch64: the vector's number.
    pub kind: usize,
    /// Address of the instruction.
    pub pc: usize,
    /// CPSR or SPSR as it was.
    pub status: usize,
}

/// Sets what every core calls on IRQ; interrupts are masked as the exception left them.
pub fn set_irq_handler(handler: fn()) {
    IRQ.store(handler as usize, Ordering::Release);
}

/// Sets what every core calls on FIQ.
pub fn set_fiq_handler(handler: fn()) {
    FIQ.store(handler as usize, Ordering::Release);
}

/// Sets what every core calls on a fault; it cannot return.
pub fn set_fault_handler(handler: fn(&Fault) -> !) {
    FAULT.store(handler as usize, Ordering::Release);
}

fn call(slot: &AtomicUsize, name: &str) {
    let handler = slot.load(Ordering::Acquire);
    if handler == 0 {
        println!("# unexpected {name} on cpu {}", cpu::index());
        crate::finish(Err("interrupt without a handler"));
    }
    // SAFETY: only the setters above write the word, and they store a `fn()`.
    let handler: fn() = unsafe { core::mem::transmute(handler) };
    handler();
}

/// Called by the IRQ stub.
pub(crate) extern "C" fn irq_entry() {
    call(&IRQ, "IRQ");
}

/// Called by the FIQ stub.
pub(crate) extern "C" fn fiq_entry() {
    call(&FIQ, "FIQ");
}

/// Jumped to by the fault stubs.
pub(crate) extern "C" fn fault_entry(kind: usize, pc: usize, status: usize) -> ! {
    let fault = Fault { kind, pc, status };
    let handler = FAULT.load(Ordering::Acquire);
    if handler != 0 {
        // SAFETY: only `set_fault_handler` writes the word, and it stores a `fn(&Fault) -> !`.
        let handler: fn(&Fault) -> ! = unsafe { core::mem::transmute(handler) };
        handler(&fault);
    }
    println!(
        "# fault {kind} on cpu {} at {pc:#x}, status {status:#x}, syndrome {:#x}, address {:#x}",
        cpu::index(),
        cpu::fault_syndrome(),
        cpu::fault_address(),
    );
    crate::finish(Err("fault"))
}
