// SPDX-License-Identifier: MIT OR Apache-2.0
//! Software-generated interrupts: sending, and draining what is still pending.

use super::Distributor;
use super::registers::gicd;
use crate::access::Registers;
use crate::bank::MAIN;
use crate::version::Version;
use crate::{Class, Error, IntId, barrier};
use core::sync::atomic::Ordering;

/// To which cores a software-generated interrupt goes: exactly these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SgiTarget {
    /// Every core but the sender.
    Others,
    /// The sender.
    Myself,
    /// The CPU interfaces with these bits; the sender may be among them.
    List(u8),
}

impl<R: Registers> Distributor<R> {
    /// Sends a software-generated interrupt. What was stored before is visible to the receiver.
    ///
    /// # Errors
    ///
    /// [`Error::WrongClass`] for other ids, [`Error::BadTargets`] for a list with interfaces that
    /// are not implemented. An empty list sends nothing.
    pub fn send(&self, id: IntId, target: SgiTarget) -> Result<(), Error> {
        if id.class() != Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        let target = match target {
            // The list 0xFF would include the sender: "others" is a filter of its own.
            SgiTarget::Others => 1 << 24,
            SgiTarget::Myself => 2 << 24,
            SgiTarget::List(0) => return Ok(()),
            SgiTarget::List(list) => {
                if u16::from(list) >> self.cpus() != 0 {
                    return Err(Error::BadTargets { targets: list.into() });
                }
                u32::from(list) << 16
            }
        };
        // NSATT: from the Secure state the SGI reaches a core only if this says its group there.
        let group1 = self.group1_sgis.load(Ordering::Relaxed) >> id.number() & 1;
        barrier::complete();
        self.regs.write(gicd::SGIR, target | group1 << 15 | id.number());
        Ok(())
    }

    /// Forgets the executing core's pending SGI `id` from the CPU interfaces with these bits;
    /// returns the bits that had been pending.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1, where a pending SGI can only be acknowledged.
    pub fn drain_sgi(&self, id: IntId, sources: u8) -> Result<u8, Error> {
        if id.class() != Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        if self.version() == Version::V1 {
            return Err(Error::Unsupported { what: "clearing of pending SGIs" });
        }
        let n = id.number() as usize;
        let pending = (self.regs.read(gicd::CPENDSGIR + (n & !3)) >> (8 * (n % 4))) as u8;
        self.regs.write8(gicd::CPENDSGIR + n, sources);
        Ok(pending & sources)
    }

    /// Makes SGI `id` pending on the executing core as if `sources` had sent it.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1.
    pub fn set_sgi_pending(&self, id: IntId, sources: u8) -> Result<(), Error> {
        if id.class() != Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        if self.version() == Version::V1 {
            return Err(Error::Unsupported { what: "setting of pending SGIs" });
        }
        self.regs.write8(gicd::SPENDSGIR + id.number() as usize, sources);
        Ok(())
    }

    /// Forgets every pending SGI of the executing core where the hardware allows (GICv2).
    pub(super) fn drain_all_sgis(&self) {
        if self.version() == Version::V2 {
            for word in 0..4 {
                self.regs.write(gicd::CPENDSGIR + 4 * word, u32::MAX);
            }
        }
    }

    /// SGIs pending on the executing core, one bit each.
    pub fn pending_sgis(&self) -> u16 {
        self.regs.read(MAIN.set_pending) as u16
    }
}
