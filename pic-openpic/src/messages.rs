// SPDX-License-Identifier: MIT OR Apache-2.0
//! Message registers (Freescale): one CPU writes a word, the CPU that the register's line goes to is
//! interrupted and reads it.

use hal_exc_api::pic::{Capability, Line, PicError};

use crate::bus::{Bus, complete};
use crate::handshake::Handshake;
use crate::model::MESSAGE_SOURCES;
use crate::pic::OpenPic;
use crate::registers::{message, message_enable, message_status};

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    /// How many message registers there are.
    pub const fn message_count(&self) -> u8 {
        if self.shape.model.freescale { MESSAGE_SOURCES.1 as u8 } else { 0 }
    }

    /// The line that message register `number` raises.
    pub fn message_line(&self, number: u8) -> Result<Line, PicError> {
        let count = u16::from(self.message_count());
        let line = Line::new(MESSAGE_SOURCES.0 + u16::from(number));
        if u16::from(number) < count {
            Ok(line)
        } else if count == 0 {
            Err(PicError::Unsupported { capability: Capability::InterProcessor, line: None })
        } else {
            Err(PicError::NoSuchLine { line, count: self.shape.lines() })
        }
    }

    /// Lets message register `number` raise its line, or not. Serialised by the caller.
    pub fn enable_message(&self, number: u8, enable: bool) -> Result<(), PicError> {
        self.message_line(number)?;
        let (register, bit) = (message_enable(number), 1 << (number % 4));
        let old = self.bus.read(register);
        self.bus.write(register, if enable { old | bit } else { old & !bit });
        Ok(())
    }

    /// Sends `word` through message register `number`. What was stored before is visible to the receiver. A
    /// word that was not yet received is overwritten.
    pub fn send_message(&self, number: u8, word: u32) -> Result<(), PicError> {
        self.message_line(number)?;
        complete();
        self.bus.write(message(number), word);
        Ok(())
    }

    /// Receives the word of message register `number`, which ends its interrupt; `None` if there is none.
    pub fn receive_message(&self, number: u8) -> Result<Option<u32>, PicError> {
        self.message_line(number)?;
        let bit = 1 << (number % 4);
        if self.bus.read(message_status(number)) & bit == 0 {
            return Ok(None);
        }
        Ok(Some(self.bus.read(message(number))))
    }
}
