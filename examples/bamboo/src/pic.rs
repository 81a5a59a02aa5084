// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller, a UIC: the board brings its driver along.

use ppc_support::uic::Uic;
use ppc_support::uic_bank;

use crate::Board;

uic_bank! {
    /// The registers of the chip's only UIC.
    pub struct UicBank at 0xC0
}

/// The driver of the board's controller.
pub type Pic = Uic<UicBank>;

impl Board {
    /// Takes the controller into service, with every line masked.
    #[must_use]
    pub fn start_pic(&self) -> Pic {
        // SAFETY: the chip has it there, and the board exists once.
        Uic::start(unsafe { UicBank::new() })
    }
}
