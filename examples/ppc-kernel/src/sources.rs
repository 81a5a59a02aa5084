// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the programs need of a board: interrupts that they can raise themselves, and the tick.

use core::cell::UnsafeCell;

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::{Handled, InterruptHandler};
use hal_exc_api::install::{Exceptions, HandlerError};
use hal_exc_api::percpu::PerCpu;
use hal_exc_api::tick::hardware::CpuTick;
use hal_exc_api::tick::{Period, Tick, TickError};

use crate::kernel::{self, CPUS};

/// Interrupts of a board that software can raise.
pub trait Sources: 'static {
    /// Whether the board has a critical interrupt that can be raised.
    const CRITICAL: bool;

    /// Makes the external interrupt pending on this CPU.
    fn raise_external();

    /// Called by the handler of the external interrupt: takes the interrupt back and ends it at the controller. Returns
    /// whether it was the one that `raise_external` makes.
    fn end_external() -> bool;

    /// Ends the external interrupt at the controller and leaves the source as it is: it interrupts again.
    fn leave_external();

    /// Makes the critical interrupt pending on this CPU, with the critical enable on, as hardware leaves it in
    /// threads and standard handlers. (QEMU clears it at every entry, and a 405 of QEMU at every return too.)
    fn raise_critical();

    /// Called by the handler of the critical interrupt: takes it back.
    fn end_critical();
}

/// Sets the handlers of both interrupts.
pub(crate) fn connect<B: Sources>(
    exceptions: &Exceptions,
    external: InterruptHandler,
    critical: InterruptHandler,
) -> Result<(), HandlerError> {
    exceptions.set_interrupt_handler(Exception::ExternalInput, external)?;
    if B::CRITICAL {
        exceptions.set_interrupt_handler(Exception::CriticalInput, critical)?;
    }
    Ok(())
}

/// MSR\[CE\] of Book E and 405.
const CE: u32 = 0x0002_0000;

/// Sets MSR\[CE\].
pub(crate) fn enable_critical() {
    // SAFETY: the handlers of critical interrupts are in place when a program raises one.
    unsafe {
        core::arch::asm!(
            "mfmsr {t}",
            "oris {t}, {t}, {ce}", // CE is in the upper half
            "mtmsr {t}",
            t = out(reg) _,
            ce = const CE >> 16,
            options(nostack, preserves_flags),
        );
    }
}

/// So many ticks in a row inside another handler mean that it does not end.
const STUCK_TICKS: u32 = 50;

struct TickCell(UnsafeCell<Option<CpuTick>>);

// SAFETY: each is written before its CPU enables interrupts; afterwards only the tick's handler on that CPU uses it, and
// that does not nest with itself.
unsafe impl Sync for TickCell {}

static TICKS: [TickCell; CPUS] = [const { TickCell(UnsafeCell::new(None)) }; CPUS];

/// Starts the kernel's tick on this CPU, `hz` times a second; that of the boot CPU counts time. Delivered once interrupts are enabled.
///
/// # Errors
/// [`TickError`]; a missing vector counts as no time base.
///
/// # Safety
/// * Called once per CPU, with interrupts masked; nobody else uses the decrementer.
pub unsafe fn start_tick(exceptions: &Exceptions, time_base: u32, hz: u32) -> Result<(), TickError> {
    let cpu = exceptions.cpu();
    let period = Period::of_rate(time_base, hz)?;
    if exceptions.set_interrupt_handler(Exception::Decrementer, on_tick).is_err() {
        return Err(TickError::NoTimeBase(cpu.pvr()));
    }
    // SAFETY: the caller's promise; the handler is in place.
    let tick = unsafe { CpuTick::start(cpu, period)? };
    // SAFETY: interrupts are masked.
    unsafe { *TICKS[exceptions.per_cpu().index() as usize].0.get() = Some(tick) };
    Ok(())
}

/// The tick's handler: time, time slices, and the check of the interrupt stack.
pub(crate) extern "C" fn on_tick(frame: &mut InterruptFrame) -> Handled {
    frame.check_stack();
    frame.watch_progress(STUCK_TICKS);
    // SAFETY: a handler stays on its CPU.
    let cpu = unsafe { PerCpu::current() }.index() as usize;
    // SAFETY: see `TickCell`.
    let Some(tick) = (unsafe { &mut *TICKS[cpu].0.get() }) else { return Handled::NotHandled };
    kernel::on_tick(tick.on_interrupt(), &frame.may_ready());
    Handled::Handled
}
