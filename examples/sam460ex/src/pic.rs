// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of the first interrupt controller, a UIC: the boards bring its driver along. Three more hang on its lines 10, 11,
//! 16, 17, 30 and 31, and are not used.

use hal_exc_api::pic::Line;
use ppc_support::Failure;
use ppc_support::demo::Machine;
use ppc_support::uic4xx::{self, Wiring};

use crate::Board;

/// Lines that only software raises here: external, critical.
const SOFTWARE_LINE: Line = Line::new(20);
const CRITICAL_LINE: Line = Line::new(21);

impl Board {
    /// Starts the controller and hangs the demonstration's sources on it; after the install of the exceptions.
    ///
    /// # Errors
    /// A [`Failure`] with the words of whoever refused.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let wiring = Wiring { software: SOFTWARE_LINE, critical: CRITICAL_LINE, uart: None };
        // SAFETY: the 460EX has it there, and the board exists once.
        unsafe { uic4xx::machine(self.name, self.time_base, wiring) }
    }
}
