// SPDX-License-Identifier: MIT OR Apache-2.0
//! Switching the machine off: a GPIO pin, as the device tree's `gpio-poweroff` says.

use core::hint;
use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_support::mmio::Mmio;

use crate::Soc;

/// Direction register (1 = output) and data register; pin 0 is the most significant bit.
const DIRECTION: usize = 0x0;
const DATA: usize = 0x8;
const PIN_0: u32 = 1 << 31;

/// Effective address of the GPIO controller, 0 before the board is taken.
static GPIO: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn arm(soc: &Soc) {
    GPIO.store(soc.gpio.base(), Ordering::Relaxed);
}

/// Switches the machine off; before the board is taken it only stops.
pub fn power_off() -> ! {
    let gpio = GPIO.load(Ordering::Relaxed);
    if gpio != 0 {
        // SAFETY: `arm` stored the mapped address of the device.
        let gpio = unsafe { Mmio::new(gpio) };
        gpio.write32(DIRECTION, PIN_0);
        gpio.write32(DATA, PIN_0);
    }
    // The machine goes on for a moment.
    loop {
        hint::spin_loop();
    }
}
