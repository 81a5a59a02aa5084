// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line at the critical input: by the level register on the ppce500, by destination bits on the mpc8544ds. It has no
//! acknowledge and no end, so the critical handler names the line and the manager serves its entries.

use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqError, Platform};
use hal_exc_api::pic::{CpuId, CriticalRouting, IpiTarget, Line, Output, PicError};
use ppc_support::{Failure, ensure, println};

use crate::log::Event::{In, Out};
use crate::{Cpus, IRQS, LOG, Setup, ipi, send, settle, take_over};

/// MSR\[CE\], critical enable.
const MSR_CE: u32 = 0x0002_0000;

/// The device's line, its `ask` and `quiet`.
static LINE: AtomicU32 = AtomicU32::new(0);
static ASK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
static QUIET: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

static DEVICE: IrqEntry = IrqEntry::new("device", on_device, &());
static IPI: IrqEntry = IrqEntry::new("inter-processor", on_ipi, &());

fn call(function: &AtomicPtr<()>) {
    // SAFETY: `run` stored a `fn()` before any line was enabled.
    let function = unsafe { core::mem::transmute::<*mut (), fn()>(function.load(Ordering::Relaxed)) };
    function();
}

/// The critical input is no line of the controller's acknowledge.
extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    LOG.push(In(9));
    let handled = IRQS.dispatch_line(Line::new(LINE.load(Ordering::Relaxed) as u16));
    LOG.push(Out(9));
    handled
}

fn on_device(_: &'static (), _: Delivery) -> Handled {
    LOG.push(In(0));
    call(&QUIET);
    LOG.push(Out(0));
    Handled::Handled
}

/// Has the device ask with external interrupts masked.
fn on_ipi(_: &'static (), _: Delivery) -> Handled {
    LOG.push(In(1));
    let saved = Cpus.mask_local();
    // An external interrupt leaves critical ones enabled; QEMU 7.2 clears the enable.
    // SAFETY: the critical input has its handler; the return from the interrupt restores the MSR.
    unsafe {
        asm!("mfmsr {t}", "or {t}, {t}, {ce}", "mtmsr {t}", "isync",
            t = out(reg) _, ce = in(reg) MSR_CE, options(nostack, preserves_flags));
    }
    call(&ASK);
    settle();
    Cpus.restore_local(saved);
    LOG.push(Out(1));
    Handled::Handled
}

/// The body.
///
/// # Errors
/// Another order, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    let device = setup.machine.device;
    LINE.store(device.line.number().into(), Ordering::Relaxed);
    ASK.store(device.ask as *mut (), Ordering::Relaxed);
    QUIET.store(device.quiet as *mut (), Ordering::Relaxed);
    setup.exceptions.set_interrupt_handler(Exception::CriticalInput, on_critical)?;
    take_over(setup.exceptions, setup.machine)?;
    IRQS.install(device.line, &DEVICE)?;
    IRQS.install(ipi(0)?, &IPI)?;

    call(&ASK);
    settle();
    LOG.expect("normal", &[In(0), Out(0)])?;
    IRQS.configure(|pic| Ok(pic.set_output(device.line, Output::Critical)?))?;
    ensure!(IRQS.controller()?.output(device.line)? == Output::Critical, "the line is not routed");
    call(&ASK);
    settle();
    LOG.expect("critical", &[In(9), In(0), Out(0), Out(9)])?;
    send(0, IpiTarget::Myself)?;
    settle();
    LOG.expect("critical in an external handler", &[In(1), In(9), In(0), Out(0), Out(9), Out(1)])?;

    let refused = IRQS.disable(device.line);
    ensure!(
        matches!(refused, Err(IrqError::Controller(PicError::Unsupported { .. }))),
        "masking a critical line: {refused:?}"
    );
    println!("a critical line cannot be masked: refused");
    IRQS.configure(|pic| Ok(pic.set_output(device.line, Output::Normal)?))?;
    call(&ASK);
    settle();
    LOG.expect("normal again", &[In(0), Out(0)])?;
    let (line, cpu) = (IRQS.line_statistics(device.line)?, IRQS.cpu_statistics(CpuId::BOOT)?);
    ensure!((line.taken, cpu.spurious, cpu.unknown) == (4, 0, 0), "{line:?} {cpu:?}");
    println!("4 taken, none spurious");
    Ok(())
}
