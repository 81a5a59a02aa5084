// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller, an XPS INTC: the board brings its driver along.

use hal_exc_api::pic::Line;
use ppc_support::intc::{Design, Intc};
use ppc_support::mmio::Mmio;

use crate::Board;

/// Line of the timer at the interrupt controller; level, high.
pub const TIMER_LINE: Line = Line::new(3);
/// Line of the UART at the interrupt controller; level, high.
pub const UART_LINE: Line = Line::new(9);

/// The reference design: 12 lines, all of them levels.
const DESIGN: Design = Design { lines: 12, edges: 0 };

/// The driver of the board's controller.
pub type Pic = Intc<Mmio>;

impl Board {
    /// Takes the controller into service, with every line masked.
    #[must_use]
    pub fn start_pic(&self) -> Pic {
        Intc::start(self.pic, DESIGN)
    }
}
