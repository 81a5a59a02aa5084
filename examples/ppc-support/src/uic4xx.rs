// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first UIC of a 4xx chip, and the demonstration's sources on it, hung on the interrupt manager.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::irq_manager;
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, Line, LineMask, LinePending, Output};

use crate::demo::{Machine, Source};
use crate::mmio::Mmio;
use crate::platform::SingleCpu;
use crate::shared::Shared;
use crate::uic::{Bank, Register, Uic};
use crate::{Failure, dcr};

/// First DCR of the first UIC of every 4xx chip (PPC405GP and 440EP User's Manuals, chapter on interrupts).
pub const DCR: u32 = 0xC0;

/// Its registers. An instruction holds a DCR's number, so each bank is a type.
#[derive(Clone, Copy, Debug)]
pub struct FirstBank(());

impl FirstBank {
    /// The registers.
    ///
    /// # Safety
    /// * The chip has a UIC with its registers from [`DCR`] on, and nobody else uses it.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

impl Bank for FirstBank {
    fn read(&self, register: Register) -> u32 {
        // SAFETY: `new` promises the registers; reading them changes nothing.
        unsafe {
            match register {
                Register::Status => dcr::read::<{ DCR }>(),
                Register::StatusSet => dcr::read::<{ DCR + 1 }>(),
                Register::Enable => dcr::read::<{ DCR + 2 }>(),
                Register::Critical => dcr::read::<{ DCR + 3 }>(),
                Register::Polarity => dcr::read::<{ DCR + 4 }>(),
                Register::Trigger => dcr::read::<{ DCR + 5 }>(),
                Register::Masked => dcr::read::<{ DCR + 6 }>(),
            }
        }
    }

    fn write(&self, register: Register, value: u32) {
        // SAFETY: `new` promises the registers and that they are ours.
        unsafe {
            match register {
                Register::Status => dcr::write::<{ DCR }>(value),
                Register::StatusSet => dcr::write::<{ DCR + 1 }>(value),
                Register::Enable => dcr::write::<{ DCR + 2 }>(value),
                Register::Critical => dcr::write::<{ DCR + 3 }>(value),
                Register::Polarity => dcr::write::<{ DCR + 4 }>(value),
                Register::Trigger => dcr::write::<{ DCR + 5 }>(value),
                // Read only.
                Register::Masked => {}
            }
        }
    }
}

irq_manager! {
    /// The controller's lines.
    static IRQS: IrqManager<Uic<FirstBank>, SingleCpu, 32, 1> = SingleCpu, named Irqs;
}

static UART: IrqEntry = IrqEntry::new("UART", on_uart, &UARTS);
static SOFTWARE: IrqEntry = IrqEntry::new("software", on_count, &SOFTWARES);

static UARTS: AtomicU32 = AtomicU32::new(0);
static SOFTWARES: AtomicU32 = AtomicU32::new(0);
static CRITICALS: AtomicU32 = AtomicU32::new(0);

/// What the demonstration uses of the controller's lines.
#[derive(Clone, Copy, Debug)]
pub struct Wiring {
    /// A line that only software raises.
    pub software: Line,
    /// Another one, for the critical input.
    pub critical: Line,
    /// A 16550 with registers one byte apart, and its line; level, high.
    pub uart: Option<(Mmio, Line)>,
}

/// The wiring, for causes and handlers.
static WIRING: Shared<Wiring> = Shared::new();

/// The UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;

/// The UART's comes first, for boards without it.
const SOURCES: &[Source] = &[
    Source {
        name: "UART",
        count: &UARTS,
        cause: || {
            let (uart, _) = wiring()?.uart.ok_or(Failure::new("there is no UART"))?;
            uart.write8(IER, IER_EMPTY);
            Ok(())
        },
    },
    Source { name: "software", count: &SOFTWARES, cause: || Ok(IRQS.raise(wiring()?.software)?) },
];

const CRITICAL: Source =
    Source { name: "software, critical", count: &CRITICALS, cause: || Ok(IRQS.raise(wiring()?.critical)?) };

/// A copy: the handler may come at once and needs the wiring too.
fn wiring() -> Result<Wiring, Failure> {
    WIRING.with(|wiring| *wiring).ok_or(Failure::new("the wiring is in use"))
}

/// Starts the controller and hangs the sources on it; after the install of the exceptions. `name` and `time_base` (in
/// hertz) are the board's.
///
/// # Errors
/// A [`Failure`] with the words of whoever refused.
///
/// # Safety
/// * The chip has a UIC with its registers from [`DCR`] on, and nobody else uses it.
pub unsafe fn machine(name: &'static str, time_base: u32, wiring: Wiring) -> Result<Machine, Failure> {
    // SAFETY: the caller's promise.
    let pic = Uic::start(unsafe { FirstBank::new() });
    pic.init_cpu(CpuId::BOOT)?;
    pic.set_output(wiring.critical, Output::Critical)?;
    pic.enable(wiring.critical)?;
    WIRING.put(wiring);
    IRQS.init(pic)?;
    let uart = wiring.uart.map(|(_, line)| (line, &UART));
    for (line, entry) in uart.into_iter().chain([(wiring.software, &SOFTWARE)]) {
        IRQS.install(line, entry)?;
        IRQS.enable(line)?;
    }
    Ok(Machine {
        name,
        controller: "UIC",
        time_base,
        external: on_external,
        sources: if uart.is_some() { SOURCES } else { &SOURCES[1..] },
        critical: Some((on_critical, CRITICAL)),
    })
}

extern "C" fn on_external(_: &mut InterruptFrame) -> Handled {
    IRQS.dispatch()
}

/// Which line it is, and the end of its request, are for software to find out.
extern "C" fn on_critical(_: &mut InterruptFrame) -> Handled {
    let (Ok(pic), Ok(wiring)) = (IRQS.controller(), wiring()) else { return Handled::NotHandled };
    if pic.critical_pending() != Some(wiring.critical) || pic.clear(wiring.critical).is_err() {
        return Handled::NotHandled;
    }
    CRITICALS.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

fn on_count(count: &'static AtomicU32, _: Delivery) -> Handled {
    count.fetch_add(1, Ordering::Relaxed);
    Handled::Handled
}

/// The transmit buffer stays empty: no more until somebody asks again.
fn on_uart(count: &'static AtomicU32, delivery: Delivery) -> Handled {
    if let Ok(Wiring { uart: Some((uart, _)), .. }) = wiring() {
        uart.write8(IER, 0);
    }
    on_count(count, delivery)
}
