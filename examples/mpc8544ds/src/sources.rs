// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's interrupt sources for the demonstration, hung on the interrupt manager.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, InterProcessor, IpiTarget, LineMask, Output, Timers};
use pic_openpic::registers;
use ppc_support::Failure;
use ppc_support::demo::{Machine, Source};
use ppc_support::mmio::Mmio;
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;

use crate::{Board, Pic, UART_LINE};

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, SingleCpu, 268, 1> = SingleCpu, named Irqs;
}

static UART: IrqEntry = IrqEntry::new("UART", on_uart, &UARTS);
static IPI: IrqEntry = IrqEntry::new("inter-processor", on_count, &IPIS);
static TIMER: IrqEntry = IrqEntry::new("timer", on_timer, &TIMERS);

static UARTS: AtomicU32 = AtomicU32::new(0);
static IPIS: AtomicU32 = AtomicU32::new(0);
static TIMERS: AtomicU32 = AtomicU32::new(0);
static CRITICALS: AtomicU32 = AtomicU32::new(0);

/// UART and controller, for handlers.
static DEVICES: Shared<(Mmio, Mmio)> = Shared::new();

/// The UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;
/// Line of the first shared message register.
const MESSAGES: u16 = 224;

const SOURCES: &[Source] = &[
    Source { name: "UART", count: &UARTS, cause: || device(|uart, _| uart.write8(IER, IER_EMPTY)) },
    Source {
        name: "inter-processor",
        count: &IPIS,
        cause: || Ok(IRQS.configure(|pic| Ok(pic.send(CpuId::BOOT, 0, IpiTarget::Myself)?))?),
    },
    Source { name: "timer", count: &TIMERS, cause: || Ok(IRQS.configure(|pic| Ok(pic.start_timer(0, 100_000)?))?) },
];

const MESSAGE: Source = Source {
    name: "message, critical",
    count: &CRITICALS,
    cause: || device(|_, pic| pic.write32(registers::MSIIR.offset(), 0)),
};

impl Board {
    /// Starts the controller and hangs the sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let pic = self.start_pic()?;
        pic.init_cpu(CpuId::BOOT)?;
        let (ipi, timer, messages) = (pic.ipi_line(0)?, pic.timer_line(0)?, pic.source_line(MESSAGES)?);
        pic.set_output(messages, Output::Critical)?;
        pic.enable(messages)?;
        // SAFETY: the mapped controller; handlers use a register that the driver leaves alone.
        DEVICES.put((self.soc.uart, unsafe { Mmio::new(self.soc.pic) }));
        IRQS.init(pic)?;
        for (line, entry) in [(UART_LINE, &UART), (ipi, &IPI), (timer, &TIMER)] {
            IRQS.install(line, entry)?;
            IRQS.enable(line)?;
        }
        Ok(Machine {
            name: self.name,
            controller: "MPIC",
            time_base: self.time_base,
            external: on_external,
            sources: SOURCES,
            critical: Some((on_critical, MESSAGE)),
        })
    }
}

fn device(work: fn(&Mmio, &Mmio)) -> Result<(), Failure> {
    let devices = DEVICES.with(|devices| *devices).ok_or(Failure::new("the devices are in use"))?;
    work(&devices.0, &devices.1);
    Ok(())
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    CRITICALS.fetch_add(1, Ordering::Relaxed);
    // Reading the shared register takes the request back.
    match DEVICES.with(|(_, pic)| pic.read32(registers::shared_msi(0).offset())) {
        Some(_) => Handled::Handled,
        None => Handled::NotHandled,
    }
}

fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The transmit buffer stays empty: no more until somebody asks again.
fn on_uart(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    DEVICES.with(|(uart, _)| uart.write8(IER, 0));
    on_count(count, delivery)
}

/// One period is enough.
fn on_timer(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    match IRQS.configure(|pic| Ok(pic.stop_timer(0)?)) {
        Ok(()) => on_count(count, delivery),
        Err(_) => Handled::NotHandled,
    }
}
