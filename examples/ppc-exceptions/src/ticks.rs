// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tick: 2000 a second, counted against the time base, for 1000 interrupts.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::Exceptions;
use hal_exc_api::tick::hardware::{CpuTick, CpuTimeBase};
use hal_exc_api::tick::{Period, Tick, TimeBase};
use ppc_support::shared::Shared;
use ppc_support::{Failure, ensure, println};

static TICK: Shared<CpuTick> = Shared::new();
/// Interrupts so far.
static COUNT: AtomicU32 = AtomicU32::new(0);

const RATE: u32 = 2000;
const INTERRUPTS: u32 = 1000;
/// Seconds, for a loaded host.
const PATIENCE: u64 = 60;

/// The body. `hertz` is the frequency of the time base.
///
/// # Errors
/// Ticks were lost or did not come, or what was refused.
pub fn run(exceptions: &Exceptions, hertz: u32) -> Result<(), Failure> {
    let cpu = exceptions.cpu();
    exceptions.set_interrupt_handler(Exception::Decrementer, on_tick)?;
    let period = Period::of_rate(hertz, RATE)?;
    // SAFETY: this is the CPU's time base.
    let time_base = unsafe { CpuTimeBase::of(cpu)? };
    let start = time_base.now();
    // SAFETY: the handler is set, and the decrementer is nobody else's.
    TICK.put(unsafe { CpuTick::start(cpu, period)? });
    let started = time_base.now();
    // SAFETY: the decrementer is the only source that can be pending, and it has its handler.
    unsafe { exceptions.enable() };
    let patience = u64::from(hertz) * PATIENCE;
    while counted() < INTERRUPTS {
        ensure!(time_base.now() - start < patience, "{} interrupts in {PATIENCE} s", counted());
    }
    exceptions.disable();
    // The ticks that became due since the last interrupt count too. An emulator may stand still between any two
    // readings, hence the earliest and the latest time.
    let until = time_base.now();
    let (ticks, missed) = TICK
        .with(|tick| {
            tick.on_interrupt();
            tick.stop();
            (tick.ticks(), tick.missed())
        })
        .ok_or(Failure::new("the tick is gone"))?;
    let due = |elapsed: u64| elapsed / u64::from(period.counts());
    let (least, most) = (due(until - started), due(time_base.now() - start));
    println!("# {} interrupts, {ticks} ticks, {missed} of them without one, {least} to {most} due", counted());
    ensure!((least.saturating_sub(1)..=most + 1).contains(&ticks), "{ticks} ticks where {least} to {most} were due");
    println!("{INTERRUPTS} interrupts and more, no tick lost against the time base");
    Ok(())
}

fn counted() -> u32 {
    COUNT.load(Ordering::Relaxed)
}

extern "C" fn on_tick(_frame: &mut InterruptFrame) -> Handled {
    COUNT.fetch_add(1, Ordering::Relaxed);
    match TICK.with(Tick::on_interrupt) {
        Some(_) => Handled::Handled,
        None => Handled::NotHandled,
    }
}
