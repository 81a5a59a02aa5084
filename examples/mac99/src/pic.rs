// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller in KeyLargo: an OpenPIC with little-endian registers.

use pic_openpic::{ByteOrder, Config, LittleEndian, Mmio, Model, OpenPic, StartError};

use ppc_openpic::{Device, Machine};

use crate::console::Escc;
use crate::{Board, ESCC_LINE};

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

    /// What the interrupt programs need to know.
    #[must_use]
    pub fn openpic(&self) -> Machine {
        Machine {
            registers: self.pic,
            order: ByteOrder::Little,
            model: Model::KEYLARGO,
            timer_hz: None,
            device: Device {
                line: ESCC_LINE,
                // The transmit buffer interrupts when it has become empty, so something has to be sent.
                ask: || {
                    let escc = Escc::console();
                    escc.transmit_interrupt(true);
                    escc.send(b'\n');
                },
                quiet: || {
                    let escc = Escc::console();
                    escc.transmit_interrupt(false);
                    escc.reset_transmit_interrupt();
                },
            },
        }
    }
}
