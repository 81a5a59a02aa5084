// SPDX-License-Identifier: MIT OR Apache-2.0
//! The XPS timer of the design, counting down once (LogiCORE IP XPS Timer/Counter, DS573).

use ppc_support::mmio::Mmio;

/// Control and status of timer 0.
const TCSR: usize = 0x0;
/// Load register of timer 0.
const TLR: usize = 0x4;

/// TCSR\[UDT\]: counts down.
const DOWN: u32 = 1 << 1;
/// TCSR\[LOAD\]: the counter is held at the load register.
const LOAD: u32 = 1 << 5;
/// TCSR\[ENIT\]: interrupts.
const INTERRUPT: u32 = 1 << 6;
/// TCSR\[ENT\]: runs.
const RUN: u32 = 1 << 7;
/// TCSR\[TINT\]: it has expired; write 1 to clear.
const EXPIRED: u32 = 1 << 8;

/// Lets the timer expire once, after `count` clocks of the bus.
pub(crate) fn start(timer: Mmio, count: u32) {
    timer.write32(TLR, count);
    timer.write32(TCSR, LOAD | EXPIRED);
    timer.write32(TCSR, DOWN | INTERRUPT | RUN);
}

/// Stops it and takes its interrupt back; whether it had expired.
pub(crate) fn stop(timer: Mmio) -> bool {
    let expired = timer.read32(TCSR) & EXPIRED != 0;
    timer.write32(TCSR, EXPIRED);
    expired
}
