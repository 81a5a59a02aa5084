// SPDX-License-Identifier: MIT OR Apache-2.0
//! External proxy: the controller acknowledges when it delivers, the vector is in EPR.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{self, Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, InterProcessor, IpiTarget, Priority};
use pic_openpic::{ByteOrder, ExternalProxy, Mmio, OpenPic, ProxyRegister};
use ppc_support::{Failure, ensure, println};

use crate::log::Event::{In, Out};
use crate::{Cpus, LOG, Setup, settle};

/// EPR, SPR 702.
#[derive(Clone, Copy, Debug)]
pub struct Epr;

impl ProxyRegister for Epr {
    fn read(&self) -> u32 {
        let vector: u32;
        // SAFETY: programs with an external proxy run on cores that have the register.
        unsafe { asm!("mfspr {}, 702", out(reg) vector, options(nomem, nostack, preserves_flags)) };
        vector
    }
}

irq_manager! {
    /// The controller's lines, by proxy.
    static PROXIED: IrqManager<OpenPic<Mmio<ByteOrder>, ExternalProxy<Epr>>, Cpus, 512, 1> = Cpus, named Proxied;
}

static NUMBERS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(1)];
static LOW: IrqEntry = IrqEntry::new("low", on_ipi, &NUMBERS[0]);
static HIGH: IrqEntry = IrqEntry::new("high", on_ipi, &NUMBERS[1]);

fn send(number: u8) -> Result<(), Failure> {
    Ok(PROXIED.controller()?.send(CpuId::BOOT, number, IpiTarget::Myself)?)
}

/// The less urgent one raises the other.
fn on_ipi(number: &'static AtomicU32, _: Delivery) -> Handled {
    let number = number.load(Ordering::Relaxed) as u8;
    LOG.push(In(number));
    if number == 0 && send(1).is_err() {
        return Handled::NotHandled;
    }
    settle();
    LOG.push(Out(number));
    Handled::Handled
}

/// The body.
///
/// # Errors
/// Another order, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    let machine = setup.machine;
    PROXIED.init(OpenPic::start_with(machine.bus()?, &machine.config(), ExternalProxy(Epr))?)?;
    PROXIED.configure(|pic| Ok(pic.init_cpu(CpuId::BOOT)?))?;
    setup.exceptions.set_interrupt_handler(Exception::ExternalInput, irq::exception_handler::<Proxied, 512, 1>()?)?;
    for (number, entry, priority) in [(0, &LOW, 4), (1, &HIGH, 8)] {
        let line = PROXIED.controller()?.ipi_line(number)?;
        PROXIED.set_priority(line, Priority::new(priority))?;
        PROXIED.install(line, entry)?;
    }
    // SAFETY: the external input has its handler.
    unsafe { setup.exceptions.enable() };
    send(1)?;
    settle();
    LOG.expect("by proxy", &[In(1), Out(1)])?;
    send(0)?;
    settle();
    LOG.expect("nested, by proxy", &[In(0), In(1), Out(1), Out(0)])?;
    let cpu = PROXIED.cpu_statistics(CpuId::BOOT)?;
    ensure!((cpu.spurious, cpu.unknown) == (0, 0), "{cpu:?}");
    println!("no vector but the right ones");
    Ok(())
}
