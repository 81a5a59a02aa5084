// SPDX-License-Identifier: MIT OR Apache-2.0
//! UART 0 of the MPIC boards as a device with a level line: its transmit buffer is empty, so it asks as soon as that is
//! enabled and until it is disabled.

use core::sync::atomic::{AtomicUsize, Ordering};

use hal_exc_api::pic::Line;
use ppc_exceptions::spin::Instruction;
use ppc_support::mmio::Mmio;

use crate::Device;

/// Interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;

static BASE: AtomicUsize = AtomicUsize::new(0);

/// The UART at `registers`, which is on `line`.
pub fn device(registers: Mmio, line: Line) -> Device {
    BASE.store(registers.base(), Ordering::Relaxed);
    Device { line, ask: || set(IER_EMPTY), quiet: || set(0) }
}

/// The store that has it ask.
pub(crate) fn store() -> Instruction {
    Instruction::StoreByte((BASE.load(Ordering::Relaxed) + IER) as u32, IER_EMPTY)
}

fn set(enable: u8) {
    // SAFETY: `device` stored the address of the mapped UART before it gave these functions out.
    unsafe { Mmio::new(BASE.load(Ordering::Relaxed)) }.write8(IER, enable);
}
