// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller in KeyLargo: an OpenPIC with little-endian registers.

use pic_openpic::{Config, LittleEndian, Mmio, Model, OpenPic, StartError};

use crate::Board;

/// The driver of the board's controller.
pub type Pic = OpenPic<Mmio<LittleEndian>>;

impl Board {
    /// Takes the controller into service, with every line masked.
    ///
    /// # Errors
    /// [`StartError`], with what the controller answered.
    pub fn start_pic(&self) -> Result<Pic, StartError> {
        // SAFETY: it is part of KeyLargo, which `take` has mapped, and the board exists once.
        let registers = unsafe { Mmio::new(self.pic as *mut u32, LittleEndian)? };
        OpenPic::start(registers, &Config::new(Model::KEYLARGO))
    }
}
