// SPDX-License-Identifier: MIT OR Apache-2.0
//! Channel A of the ESCC (Zilog 85C30) as console.

use core::hint;
use core::sync::atomic::{AtomicUsize, Ordering};

use ppc_support::console;
use ppc_support::mmio::Mmio;

/// Channel A's control and data registers.
const CONTROL: usize = 0x20;
const DATA: usize = 0x30;

/// RR0: the transmit buffer is empty.
const TX_EMPTY: u8 = 1 << 2;
/// More polls than a character takes at the console's speed.
const PATIENCE: u32 = 1_000_000;

/// Registers 4, 3, 5, 11, 12, 13, 14: 16 clocks per bit, 1 stop bit, no parity; 8 bits receive, enabled;
/// 8 bits transmit, enabled; clocks from the rate generator; 3.6864 MHz / (2 * 16 * (1 + 2)) = 38400 baud;
/// rate generator on.
const SET_UP: [(u8, u8); 7] = [(4, 0x44), (3, 0xC1), (5, 0x68), (11, 0x50), (12, 1), (13, 0), (14, 1)];

/// The serial controller.
#[derive(Clone, Copy, Debug)]
pub struct Escc(Mmio);

impl Escc {
    /// The one of the console, after it was opened.
    pub(crate) fn console() -> Self {
        // SAFETY: `open` stored the address of the mapped device.
        Self(unsafe { Mmio::new(BASE.load(Ordering::Relaxed)) })
    }

    /// Lets channel A interrupt when its transmit buffer becomes empty, or stops that.
    pub fn transmit_interrupt(self, on: bool) {
        self.write(1, if on { 1 << 1 } else { 0 }); // WR1: transmit interrupt enable
        self.write(9, if on { 1 << 3 } else { 0 }); // WR9: master interrupt enable
    }

    /// Takes back the pending transmit interrupt: WR0, command 5.
    pub fn reset_transmit_interrupt(self) {
        self.0.write8(CONTROL, 5 << 3);
    }

    /// Address of channel A's data register: a byte stored there is sent, if the transmitter is ready.
    #[must_use]
    pub fn data_address(self) -> usize {
        self.0.base() + DATA
    }

    /// Sends one byte. A transmitter that never gets ready loses it: there is nobody to tell.
    pub fn send(self, byte: u8) {
        for _ in 0..PATIENCE {
            if self.0.read8(CONTROL) & TX_EMPTY != 0 {
                break;
            }
            hint::spin_loop();
        }
        self.0.write8(DATA, byte);
    }

    fn write(self, register: u8, value: u8) {
        self.0.write8(CONTROL, register);
        self.0.write8(CONTROL, value);
    }
}

/// Address of the ESCC, for the sink.
static BASE: AtomicUsize = AtomicUsize::new(0);

fn sink(bytes: &[u8]) {
    // SAFETY: `open` stored the address of the mapped device.
    let escc = Escc(unsafe { Mmio::new(BASE.load(Ordering::Relaxed)) });
    bytes.iter().for_each(|&byte| escc.send(byte));
}

pub(crate) fn open(registers: Mmio) -> Escc {
    let escc = Escc(registers);
    // A read puts the register pointer back to 0, whatever was written before.
    let _ = registers.read8(CONTROL);
    for (register, value) in SET_UP {
        escc.write(register, value);
    }
    BASE.store(registers.base(), Ordering::Relaxed);
    console::set(sink);
    escc
}
