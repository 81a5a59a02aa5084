// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller, an MPIC, as the shared interrupt programs see it.

use ppc_openpic::{Machine, sources, uart};
use ppc_support::{Failure, demo};

use crate::Board;
use crate::soc::UART_LINE;

/// Input clock of the controller's timers in hertz, as QEMU has it.
const TIMER_HZ: u32 = 25_000_000;

impl Board {
    /// What the interrupt programs need to know.
    #[must_use]
    pub fn openpic(&self) -> Machine {
        Machine::mpic(self.soc.pic, TIMER_HZ, uart::device(self.soc.uart, UART_LINE))
    }

    /// Starts the controller and hangs the demonstration's sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<demo::Machine, Failure> {
        sources::demo(self.name, self.time_base, &self.openpic())
    }
}
