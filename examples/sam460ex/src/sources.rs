// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's interrupt sources for the demonstration, hung on the interrupt manager: the lines of the first
//! controller, raised by software.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, Line, LineMask, LinePending, Output};
use ppc_support::Failure;
use ppc_support::demo::{Machine, Source};
use ppc_support::platform::SingleCpu;

use crate::{Board, Pic};

irq_manager! {
    /// The controller's lines.
    pub static IRQS: IrqManager<Pic, SingleCpu, 32, 1> = SingleCpu, named Irqs;
}

static SOFTWARE: IrqEntry = IrqEntry::new("software", on_count, &SOFTWARES);

static SOFTWARES: AtomicU32 = AtomicU32::new(0);
static CRITICALS: AtomicU32 = AtomicU32::new(0);

/// Lines that only software raises here: external, critical.
const SOFTWARE_LINE: Line = Line::new(20);
const CRITICAL_LINE: Line = Line::new(21);

const SOURCES: &[Source] = &[Source { name: "software", count: &SOFTWARES, cause: || Ok(IRQS.raise(SOFTWARE_LINE)?) }];

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
        IRQS.init(pic)?;
        IRQS.install(SOFTWARE_LINE, &SOFTWARE)?;
        IRQS.enable(SOFTWARE_LINE)?;
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
