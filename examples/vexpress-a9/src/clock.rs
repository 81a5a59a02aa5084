// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clock and per-core timer of the Cortex-A9 MPCore (TRM DDI 0407, chapter 4).

use crate::PERIPHBASE;

const GLOBAL: usize = PERIPHBASE + 0x200;
const PRIVATE: usize = PERIPHBASE + 0x600;

/// PPI of the private timer.
pub const PPI: u32 = 29;

fn read(address: usize) -> u32 {
    // SAFETY: an aligned register of the identity-mapped private region.
    unsafe { (address as *const u32).read_volatile() }
}

fn write(address: usize, value: u32) {
    // SAFETY: an aligned register of the identity-mapped private region, of this core or, for
    // the global timer, written by core 0 alone.
    unsafe { (address as *mut u32).write_volatile(value) }
}

/// Starts the global timer, which all cores read. Core 0 calls it through [`crate::init`].
pub fn init() {
    write(GLOBAL + 8, 1);
}

/// Count of the global timer: high, low, high again, until both high words agree.
pub fn now() -> u64 {
    let mut high = read(GLOBAL + 4);
    loop {
        let low = read(GLOBAL);
        let again = read(GLOBAL + 4);
        if again == high {
            return u64::from(high) << 32 | u64::from(low);
        }
        high = again;
    }
}

/// Ticks per second: PERIPHCLK, 100 MHz on the emulator.
pub fn frequency() -> u32 {
    100_000_000
}

/// Starts this core's private timer: its PPI rises once after `ticks`.
pub fn start(ticks: u32) {
    write(PRIVATE + 8, 0);
    write(PRIVATE + 0xc, 1);
    write(PRIVATE, ticks);
    // IRQ enable, single shot, timer enable.
    write(PRIVATE + 8, 0b101);
}

/// Stops this core's private timer and clears its event.
pub fn stop() {
    write(PRIVATE + 8, 0);
    write(PRIVATE + 0xc, 1);
}
