// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ending: the chip resets itself.

use ppc_support::dcr;

/// Resets the machine, which ends an emulator started with `-no-reboot`.
pub fn power_off() -> ! {
    // SAFETY: this board's CPU is a 440, and the program is over.
    unsafe { dcr::reset_440() }
}
