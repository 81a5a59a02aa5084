// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's interrupt sources for the demonstration, hung on the interrupt manager. The controller has one output, to
//! the external input: nothing here is critical.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface};
use ppc_support::Failure;
use ppc_support::demo::{Machine, Source};
use ppc_support::mmio::Mmio;
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;

use crate::pic::{TIMER_LINE, UART_LINE};
use crate::{Board, Pic, timer, uart};

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, SingleCpu, 12, 1> = SingleCpu, named Irqs;
}

static UART: IrqEntry = IrqEntry::new("UART", on_uart, &UARTS);
static TIMER: IrqEntry = IrqEntry::new("timer", on_timer, &TIMERS);

static UARTS: AtomicU32 = AtomicU32::new(0);
static TIMERS: AtomicU32 = AtomicU32::new(0);

/// The devices, for their handlers.
static DEVICES: Shared<Devices> = Shared::new();

#[derive(Clone, Copy)]
struct Devices {
    uart: Mmio,
    timer: Mmio,
}

/// Clocks of the bus until the timer expires.
const SHORT: u32 = 1000;

const SOURCES: &[Source] = &[
    Source { name: "UART", count: &UARTS, cause: || cause(|devices| uart::ask(devices.uart)) },
    Source { name: "timer", count: &TIMERS, cause: || cause(|devices| timer::start(devices.timer, SHORT)) },
];

impl Board {
    /// Starts the controller and hangs the sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let pic = self.start_pic();
        pic.init_cpu(CpuId::BOOT)?;
        DEVICES.put(Devices { uart: self.uart, timer: self.timer });
        IRQS.init(pic)?;
        for (line, entry) in [(UART_LINE, &UART), (TIMER_LINE, &TIMER)] {
            IRQS.install(line, entry)?;
            IRQS.enable(line)?;
        }
        Ok(Machine {
            name: self.name,
            controller: "XPS INTC",
            time_base: self.time_base,
            external: on_external,
            sources: SOURCES,
            critical: None,
        })
    }
}

/// The handler may come at once, and needs the devices: they are not held meanwhile.
fn cause(ask: fn(Devices)) -> Result<(), Failure> {
    ask(DEVICES.with(|devices| *devices).ok_or(Failure::new("the devices are in use"))?);
    Ok(())
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

fn on_uart(count: &'static AtomicU32, _: Delivery) -> Handled {
    served(count, DEVICES.with(|devices| uart::quiet(devices.uart)))
}

fn on_timer(count: &'static AtomicU32, _: Delivery) -> Handled {
    served(count, DEVICES.with(|devices| timer::stop(devices.timer)))
}

/// Counts an interrupt of the device that asked.
fn served(count: &AtomicU32, asked: Option<bool>) -> Handled {
    if asked != Some(true) {
        return Handled::NotHandled;
    }
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}
