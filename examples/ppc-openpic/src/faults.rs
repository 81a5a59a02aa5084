// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong is counted and reported: an interrupt that is gone when it is acknowledged, a line that nobody is
//! responsible for, a storm of it, which is masked.

use core::sync::atomic::{AtomicPtr, Ordering};
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{self, Delivery, IrqEntry};
use hal_exc_api::pic::{CpuId, IpiTarget};
use ppc_support::{Failure, ensure, println};

use crate::log::Event::{Masked, NoHandler, NotResponsible, Spurious};
use crate::{IRQS, Irqs, LOG, Setup, ipi, send, settle, take_over, wait_for};

static QUIET: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
static INNOCENT: IrqEntry = IrqEntry::new("innocent", |_: &'static (), _: Delivery| Handled::NotHandled, &());

/// Quiets the device before the controller is asked.
extern "C" fn quiet_first(_: &mut InterruptFrame) -> Handled {
    // SAFETY: `run` stored a `fn()` before it set this handler.
    let quiet = unsafe { core::mem::transmute::<*mut (), fn()>(QUIET.load(Ordering::Relaxed)) };
    quiet();
    IRQS.dispatch()
}

/// The body.
///
/// # Errors
/// Another report or count, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    let device = setup.machine.device;
    QUIET.store(device.quiet as *mut (), Ordering::Relaxed);
    IRQS.install(device.line, &INNOCENT)?;
    setup.exceptions.set_interrupt_handler(Exception::ExternalInput, quiet_first)?;
    (device.ask)();
    wait_for("the interrupt", || !LOG.is_empty())?;
    settle();
    LOG.expect("a level line that is quiet when it is acknowledged", &[Spurious])?;
    let spurious = IRQS.cpu_statistics(CpuId::BOOT)?.spurious;
    ensure!(spurious == 1, "{spurious} spurious interrupts counted");
    setup.exceptions.set_interrupt_handler(Exception::ExternalInput, irq::exception_handler::<Irqs, 512, 2>()?)?;

    let line = ipi(0)?;
    IRQS.enable(line)?;
    send(0, IpiTarget::Myself)?;
    settle();
    LOG.expect("a line without an entry", &[NoHandler])?;

    IRQS.set_storm_limit(5);
    (device.ask)();
    wait_for("the storm's end", || LOG.len() >= 6)?;
    settle();
    let n = NotResponsible;
    LOG.expect("a device that nobody quiets", &[n, n, n, n, n, Masked])?;
    ensure!(!IRQS.is_enabled(device.line)?, "the line is still enabled");
    let line = IRQS.line_statistics(device.line)?;
    println!("taken {}, unhandled {}, storms {}", line.taken, line.unhandled, line.storms);
    ensure!((line.taken, line.unhandled, line.storms) == (5, 5, 1), "other counts than 5, 5 and 1");
    IRQS.enable(device.line)?;
    wait_for("the second storm's end", || LOG.len() >= 6)?;
    settle();
    LOG.expect("enabled again, it still asks", &[n, n, n, n, n, Masked])?;
    (device.quiet)();
    Ok(())
}
