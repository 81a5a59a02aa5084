// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration's interrupt sources on the boards with an MPIC, hung on a manager for one CPU whose handlers are not
//! preempted: UART, inter-processor, timer, and a shared message at the critical input.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, InterProcessor, IpiTarget, LineMask, Output, Timers};
use ppc_support::demo::{self, Source};
use ppc_support::platform::SingleCpu;
use ppc_support::shared::Shared;
use ppc_support::{Failure, ensure};

use crate::{Machine, Pic};

irq_manager! {
    /// The controller's lines.
    pub(crate) static IRQS: IrqManager<Pic, SingleCpu, 268, 1> = SingleCpu, named Irqs;
}

static UART: IrqEntry = IrqEntry::new("UART", on_uart, &UARTS);
static IPI: IrqEntry = IrqEntry::new("inter-processor", on_count, &IPIS);
static TIMER: IrqEntry = IrqEntry::new("timer", on_timer, &TIMERS);

static UARTS: AtomicU32 = AtomicU32::new(0);
static IPIS: AtomicU32 = AtomicU32::new(0);
static TIMERS: AtomicU32 = AtomicU32::new(0);
static CRITICALS: AtomicU32 = AtomicU32::new(0);

/// Controller and device, for causes and handlers.
static MACHINE: Shared<Machine> = Shared::new();

/// A timer period of 4 ms. The timer goes on until its handler stops it, which a slow host may do too late for one more.
const TIMER_TICKS: u32 = 100_000;

/// What [`start`] hangs on the manager, in this order: UART, inter-processor, timer.
pub(crate) const SOURCES: &[Source; 3] = &[
    Source {
        name: "UART",
        count: &UARTS,
        cause: || {
            (machine()?.device.ask)();
            Ok(())
        },
    },
    Source {
        name: "inter-processor",
        count: &IPIS,
        cause: || Ok(IRQS.configure(|pic| Ok(pic.send(CpuId::BOOT, 0, IpiTarget::Myself)?))?),
    },
    Source { name: "timer", count: &TIMERS, cause: || Ok(IRQS.configure(|pic| Ok(pic.start_timer(0, TIMER_TICKS)?))?) },
];

const MESSAGE: Source = Source {
    name: "message, critical",
    count: &CRITICALS,
    cause: || {
        machine()?.send_message();
        Ok(())
    },
};

/// A copy: the handler may come at once and needs it too.
fn machine() -> Result<Machine, Failure> {
    MACHINE.with(|machine| *machine).ok_or(Failure::new("the machine is in use"))
}

/// Starts the controller and hangs [`SOURCES`] on the manager.
///
/// # Errors
/// A [`Failure`] with the words of whoever refused.
pub(crate) fn start(machine: &Machine) -> Result<(), Failure> {
    let pic = machine.start()?;
    pic.init_cpu(CpuId::BOOT)?;
    let (ipi, timer) = (pic.ipi_line(0)?, pic.timer_line(0)?);
    ensure!(MACHINE.put(*machine), "the machine is in use");
    IRQS.init(pic)?;
    for (line, entry) in [(machine.device.line, &UART), (ipi, &IPI), (timer, &TIMER)] {
        IRQS.install(line, entry)?;
        IRQS.enable(line)?;
    }
    Ok(())
}

/// Starts the controller and hangs the demonstration's sources on it; after the install of the exceptions. `name` and
/// `time_base` (in hertz) are the board's. For boards with an MPIC.
///
/// # Errors
/// A [`Failure`] with the words of whoever refused.
pub fn demo(name: &'static str, time_base: u32, machine: &Machine) -> Result<demo::Machine, Failure> {
    start(machine)?;
    let pic = IRQS.controller()?;
    let message = machine.shared_messages(pic)?.upstream();
    IRQS.configure(|pic| Ok(pic.set_output(message, Output::Critical)?))?;
    pic.enable(message)?;
    Ok(demo::Machine {
        name,
        controller: "MPIC",
        time_base,
        external: on_external,
        sources: SOURCES,
        critical: Some((on_critical, MESSAGE)),
    })
}

pub(crate) extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    CRITICALS.fetch_add(1, Ordering::Relaxed);
    let Ok(machine) = machine() else { return Handled::NotHandled };
    machine.take_messages();
    Handled::Handled
}

pub(crate) fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The transmit buffer stays empty: no more until somebody asks again.
fn on_uart(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    let Ok(machine) = machine() else { return Handled::NotHandled };
    (machine.device.quiet)();
    on_count(count, delivery)
}

/// One period is enough.
fn on_timer(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    match IRQS.configure(|pic| Ok(pic.stop_timer(0)?)) {
        Ok(()) => on_count(count, delivery),
        Err(_) => Handled::NotHandled,
    }
}
