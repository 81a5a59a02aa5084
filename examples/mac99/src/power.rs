// SPDX-License-Identifier: MIT OR Apache-2.0
//! Switching the machine off: a packet to CUDA, the microcontroller behind the VIA.

use core::hint;
use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_support::mmio::Mmio;

/// VIA registers, 0x200 apart: port B, its direction, auxiliary control, shift register.
const PORT_B: usize = 0x000;
const DIRECTION_B: usize = 0x400;
const SHIFT: usize = 0x1400;
const AUXILIARY: usize = 0x1600;

/// Port B: the transfer line and the byte-acknowledge line, both active low; both are outputs.
const LINES: u8 = 0x30;
const TIP_ACTIVE: u8 = 0x10;
const BOTH_ACTIVE: u8 = 0x00;

/// Shift out under the external clock.
const SHIFT_OUT: u8 = 0x10;

/// The packet: for CUDA itself, power down.
const CUDA_PACKET: u8 = 0x01;
const POWER_DOWN: u8 = 0x0A;

/// Address of the VIA, 0 before the board is taken.
static VIA: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn arm(via: Mmio) {
    VIA.store(via.base(), Ordering::Relaxed);
}

/// Switches the machine off; before the board is taken it only stops.
pub fn power_off() -> ! {
    let via = VIA.load(Ordering::Relaxed);
    if via != 0 {
        // SAFETY: `arm` stored the mapped address of the device.
        let via = unsafe { Mmio::new(via) };
        via.write8(DIRECTION_B, LINES);
        via.write8(AUXILIARY, SHIFT_OUT);
        via.write8(PORT_B, LINES); // idle
        via.write8(SHIFT, CUDA_PACKET);
        via.write8(PORT_B, TIP_ACTIVE); // begins the transfer and takes the first byte
        via.write8(SHIFT, POWER_DOWN);
        via.write8(PORT_B, BOTH_ACTIVE); // takes the second byte
        via.write8(PORT_B, LINES); // ends the transfer
    }
    loop {
        hint::spin_loop();
    }
}
