// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's interrupt sources for the demonstration, hung on the interrupt manager.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, Line, LineMask, LinePending, Output};
use ppc_support::Failure;
use ppc_support::demo::{Machine, Source};
use ppc_support::mmio::Mmio;
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;

use crate::{Board, Pic, UART_LINE};

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, SingleCpu, 32, 1> = SingleCpu, named Irqs;
}

static UART: IrqEntry = IrqEntry::new("UART", on_uart, &UARTS);
static SOFTWARE: IrqEntry = IrqEntry::new("software", on_count, &SOFTWARES);

static UARTS: AtomicU32 = AtomicU32::new(0);
static SOFTWARES: AtomicU32 = AtomicU32::new(0);
static CRITICALS: AtomicU32 = AtomicU32::new(0);

/// The UART, for its handler.
static DEVICE: Shared<Mmio> = Shared::new();

/// The UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;
/// Lines that only software raises here: external, critical.
const SOFTWARE_LINE: Line = Line::new(30);
const CRITICAL_LINE: Line = Line::new(31);

const SOURCES: &[Source] = &[
    Source {
        name: "UART",
        count: &UARTS,
        cause: || {
            let uart = DEVICE.with(|uart| *uart).ok_or(Failure::new("the UART is in use"))?;
            uart.write8(IER, IER_EMPTY);
            Ok(())
        },
    },
    Source { name: "software", count: &SOFTWARES, cause: || Ok(IRQS.raise(SOFTWARE_LINE)?) },
];

const CRITICAL: Source =
    Source { name: "software, critical", count: &CRITICALS, cause: || Ok(IRQS.raise(CRITICAL_LINE)?) };

impl Board {
    /// Starts the controller and hangs the sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let pic = self.start_pic();
        pic.init_cpu(CpuId::BOOT)?;
        pic.set_output(CRITICAL_LINE, Output::Critical)?;
        pic.enable(CRITICAL_LINE)?;
        DEVICE.put(self.uart);
        IRQS.init(pic)?;
        for (line, entry) in [(UART_LINE, &UART), (SOFTWARE_LINE, &SOFTWARE)] {
            IRQS.install(line, entry)?;
            IRQS.enable(line)?;
        }
        Ok(Machine {
            name: self.name,
            controller: "UIC",
            time_base: self.time_base,
            external: on_external,
            sources: SOURCES,
            critical: Some((on_critical, CRITICAL)),
        })
    }
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

/// Which line it is, and the end of its request, are for software to find out.
extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    let Ok(pic) = IRQS.controller() else { return Handled::NotHandled };
    match pic.critical_pending() {
        Some(CRITICAL_LINE) if pic.clear(CRITICAL_LINE).is_ok() => {
            CRITICALS.fetch_add(1, Ordering::Relaxed);
            Handled::Handled
        }
        _ => Handled::NotHandled,
    }
}

fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The transmit buffer stays empty: no more until somebody asks again.
fn on_uart(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    DEVICE.with(|uart| uart.write8(IER, 0));
    on_count(count, delivery)
}
