// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller, and the addresses at which interrupts are made by a store.

use pic_openpic::{BigEndian, ByteOrder, Config, Mmio, Model, OpenPic, StartError, registers};

use ppc_openpic::{Machine, uart};

use crate::{Board, UART_LINE};

/// The driver of the board's controller.
pub type Pic = OpenPic<Mmio<BigEndian>>;

/// Input clock of the controller's timers, as QEMU has it.
const TIMER_HZ: u32 = 25_000_000;

impl Board {
    /// Takes the controller into service, with every line masked.
    ///
    /// # Errors
    /// [`StartError`], with what the controller answered.
    pub fn start_pic(&self) -> Result<Pic, StartError> {
        // SAFETY: the device tree says that it is there, the window is mapped for good, and the board exists once.
        let registers = unsafe { Mmio::new(self.soc.pic as *mut u32, BigEndian)? };
        OpenPic::start(registers, &Config { timer_hz: Some(TIMER_HZ), ..Config::new(Model::FREESCALE) })
    }

    /// What the interrupt programs need to know.
    #[must_use]
    pub fn openpic(&self) -> Machine {
        Machine {
            registers: self.soc.pic,
            order: ByteOrder::Big,
            model: Model::FREESCALE,
            timer_hz: Some(TIMER_HZ),
            device: uart::device(self.soc.uart, UART_LINE),
        }
    }

    /// Address of the register that raises message-signalled interrupts.
    #[must_use]
    pub fn msi_address(&self) -> usize {
        self.soc.pic + registers::MSIIR.offset()
    }
}
