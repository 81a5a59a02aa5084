// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupt translation services: found, stopped, or handed over as they are.
//!
//! Delivering messages through an ITS is not this crate's business; leaving one running that
//! writes into memory which is about to be given away is.

use super::registers::gits;
use crate::access::Registers;
use crate::version::PIDR2_V3;
use crate::{Error, wait};

/// One ITS. Needs its register block of 64 KiB.
#[derive(Debug)]
pub struct Its<R> {
    regs: R,
}

impl<R: Registers> Its<R> {
    /// Looks at the hardware.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if nothing there identifies itself as an ITS of GICv3 or v4.
    pub fn probe(regs: R) -> Result<Self, Error> {
        let id = regs.read(PIDR2_V3);
        if id == u32::MAX || !matches!(id >> 4 & 0xf, 3 | 4) {
            return Err(Error::Absent { what: "GIC ITS", value: id });
        }
        Ok(Self { regs })
    }

    /// Whether it translates.
    pub fn is_enabled(&self) -> bool {
        self.regs.read(gits::CTLR) & gits::ENABLED != 0
    }

    /// Stops translation and waits until the ITS uses its memory no more; then withdraws its
    /// command queue and tables, so that the memory is free.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if it does not become quiescent: its memory is in use then.
    pub fn disable(&self) -> Result<(), Error> {
        let control = self.regs.read(gits::CTLR);
        self.regs.write(gits::CTLR, control & !gits::ENABLED);
        wait::until("GIC ITS (quiescent)", || self.regs.read(gits::CTLR) & gits::QUIESCENT != 0)?;
        for register in core::iter::once(gits::CBASER).chain((0..8).map(|n| gits::BASER + 8 * n)) {
            let value = self.regs.read64(register);
            if value & gits::VALID != 0 {
                self.regs.write64(register, value & !gits::VALID);
            }
        }
        Ok(())
    }

    /// Whether all commands in the queue are done (GITS_CREADR has reached GITS_CWRITER).
    pub fn is_queue_empty(&self) -> bool {
        // Bits [19:5]; the others are state.
        let offset = |register| self.regs.read64(register) & 0xf_ffe0;
        offset(gits::CREADR) == offset(gits::CWRITER)
    }
}
