// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ending: the board has no power switch for software, so it asks for a reset.

use core::hint;
use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_support::mmio::Mmio;

use crate::Soc;

/// Reset control register of the global utilities (MPC8544E Reference Manual, chapter 19), hard reset request.
const RSTCR: usize = 0xB0;
const HRESET: u32 = 1 << 1;

/// Effective address of the global utilities, 0 before the board is taken.
static GUTS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn arm(soc: &Soc) {
    GUTS.store(soc.guts.base(), Ordering::Relaxed);
}

/// Resets the machine, which ends an emulator started with `-no-reboot`; before the board is taken it only stops.
pub fn power_off() -> ! {
    let guts = GUTS.load(Ordering::Relaxed);
    if guts != 0 {
        // SAFETY: `arm` stored the mapped address of the device.
        unsafe { Mmio::new(guts) }.write32(RSTCR, HRESET);
    }
    loop {
        hint::spin_loop();
    }
}
