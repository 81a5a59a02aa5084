// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupts of a GICv3 by their ids, wherever their registers are.

use super::{Distributor, GicV3, Redistributor, SystemRegisters};
use crate::access::Registers;
use crate::v2::EndMode;
use crate::{Error, IntId, Trigger};

/// The interrupts of a [`GicV3`] by their ids: what is private goes to the executing core's
/// redistributor, what is shared to the distributor.
#[derive(Debug)]
pub struct Lines<'a, R, S, M, const REGIONS: usize>(pub(super) &'a GicV3<R, S, M, REGIONS>);

impl<'a, R: Registers, S: SystemRegisters, M: EndMode, const REGIONS: usize> Lines<'a, R, S, M, REGIONS> {
    fn private_or_shared<T>(
        &self,
        id: IntId,
        private: impl FnOnce(Redistributor<'a, R>) -> Result<T, Error>,
        shared: impl FnOnce(&Distributor<R>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if id.is_private() { private(self.0.my_redistributor()?) } else { shared(self.0.distributor()) }
    }

    /// Lets the interrupt be delivered.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`] if it does not stay enabled.
    pub fn enable(&self, id: IntId) -> Result<(), Error> {
        self.private_or_shared(id, |r| r.enable(id), |d| d.enable(id))
    }

    /// Keeps the interrupt from being delivered, with effect on return.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the hardware does not finish the write.
    pub fn disable(&self, id: IntId) -> Result<(), Error> {
        self.private_or_shared(id, |r| r.disable(id), |d| d.disable(id))
    }

    /// Whether the interrupt may be delivered.
    pub fn is_enabled(&self, id: IntId) -> Result<bool, Error> {
        self.private_or_shared(id, |r| r.is_enabled(id), |d| d.is_enabled(id))
    }

    /// Whether the interrupt is pending.
    pub fn is_pending(&self, id: IntId) -> Result<bool, Error> {
        self.private_or_shared(id, |r| r.is_pending(id), |d| d.is_pending(id))
    }

    /// Makes the interrupt pending.
    pub fn set_pending(&self, id: IntId) -> Result<(), Error> {
        self.private_or_shared(id, |r| r.set_pending(id), |d| d.set_pending(id))
    }

    /// Forgets a pending interrupt.
    pub fn clear_pending(&self, id: IntId) -> Result<(), Error> {
        self.private_or_shared(id, |r| r.clear_pending(id), |d| d.clear_pending(id))
    }

    /// Whether the interrupt is active.
    pub fn is_active(&self, id: IntId) -> Result<bool, Error> {
        self.private_or_shared(id, |r| r.is_active(id), |d| d.is_active(id))
    }

    /// Priority in the GIC's form: 0 is the most urgent.
    pub fn priority(&self, id: IntId) -> Result<u8, Error> {
        self.private_or_shared(id, |r| r.priority(id), |d| d.priority(id))
    }

    /// Sets the priority. [`Error::PriorityTooFine`] if unimplemented bits are set.
    pub fn set_priority(&self, id: IntId, priority: u8) -> Result<(), Error> {
        let bits = self.0.priority_bits();
        self.private_or_shared(id, |r| r.set_priority(id, priority, bits), |d| d.set_priority(id, priority, bits))
    }

    /// When the input counts as asserted.
    pub fn trigger(&self, id: IntId) -> Result<Trigger, Error> {
        self.private_or_shared(id, |r| r.trigger(id), |d| d.trigger(id))
    }

    /// Sets the trigger. [`Error::Fixed`] if the hardware keeps another.
    pub fn set_trigger(&self, id: IntId, trigger: Trigger) -> Result<(), Error> {
        self.private_or_shared(id, |r| r.set_trigger(id, trigger), |d| d.set_trigger(id, trigger))
    }
}
