// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of the interrupt controller, a UIC: the boards bring its driver along.

use hal_exc_api::pic::Line;
use ppc_support::Failure;
use ppc_support::demo::Machine;
use ppc_support::uic4xx::{self, Wiring};

use crate::Board;

/// Line of UART 0; level, high.
const UART_LINE: Line = Line::new(0);
/// Lines that only software raises here: external, critical.
const SOFTWARE_LINE: Line = Line::new(30);
const CRITICAL_LINE: Line = Line::new(31);

impl Board {
    /// Starts the controller and hangs the demonstration's sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let wiring = Wiring { software: SOFTWARE_LINE, critical: CRITICAL_LINE, uart: Some((self.uart, UART_LINE)) };
        // SAFETY: the 440EP has it there, and the board exists once.
        unsafe { uic4xx::machine(self.name, self.time_base, wiring) }
    }
}
