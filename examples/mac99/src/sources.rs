// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's interrupt sources for the demonstration, hung on the interrupt manager.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, InterProcessor, IpiTarget};
use ppc_support::Failure;
use ppc_support::demo::{Machine, Source};
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;

use crate::{Board, ESCC_LINE, Escc, Pic};

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, SingleCpu, 128, 1> = SingleCpu, named Irqs;
}

static ESCC: IrqEntry = IrqEntry::new("ESCC", on_escc, &ESCCS);
static IPI: IrqEntry = IrqEntry::new("inter-processor", on_count, &IPIS);

static ESCCS: AtomicU32 = AtomicU32::new(0);
static IPIS: AtomicU32 = AtomicU32::new(0);

/// The serial controller, for its handler.
static DEVICE: Shared<Escc> = Shared::new();

const SOURCES: &[Source] = &[
    Source { name: "ESCC", count: &ESCCS, cause: send },
    Source {
        name: "inter-processor",
        count: &IPIS,
        cause: || Ok(IRQS.configure(|pic| Ok(pic.send(CpuId::BOOT, 0, IpiTarget::Myself)?))?),
    },
];

impl Board {
    /// Starts the controller and hangs the sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let pic = self.start_pic()?;
        pic.init_cpu(CpuId::BOOT)?;
        let ipi = pic.ipi_line(0)?;
        DEVICE.put(self.escc);
        IRQS.init(pic)?;
        for (line, entry) in [(ESCC_LINE, &ESCC), (ipi, &IPI)] {
            IRQS.install(line, entry)?;
            IRQS.enable(line)?;
        }
        Ok(Machine {
            name: self.name,
            controller: "OpenPIC",
            time_base: self.time_base,
            external: on_external,
            sources: SOURCES,
            critical: None,
        })
    }
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

/// The transmit buffer interrupts when it has become empty, so something has to be sent.
fn send() -> Result<(), Failure> {
    let escc = DEVICE.with(|escc| *escc).ok_or(Failure::new("the ESCC is in use"))?;
    escc.transmit_interrupt(true);
    escc.send(b'.');
    Ok(())
}

fn on_escc(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    DEVICE.with(|escc| {
        escc.transmit_interrupt(false);
        escc.reset_transmit_interrupt();
    });
    on_count(count, delivery)
}

fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}
