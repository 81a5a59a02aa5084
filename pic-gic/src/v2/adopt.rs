// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaving a CPU interface of GICv1 and GICv2, and taking one over: what is in service is ended.

use super::registers::gicc;
use super::{CpuInterface, Distributor, EndMode};
use crate::access::Registers;
use crate::bank::MAIN;
use crate::version::Version;
use crate::{Class, Error, IntId, barrier};

/// Running priority when nothing is in service.
const IDLE: u8 = 0xff;

impl<R: Registers, M: EndMode> CpuInterface<R, M> {
    /// Stops this core's interface: nothing is forwarded, nothing is active.
    ///
    /// For a core that leaves (stop, power-down). SPIs that the core had in service are ended, as
    /// [`adopt`](CpuInterface::adopt) does: who still asserts one raises it again, here or on another core.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the running priority does not fall.
    pub fn quiesce<D: Registers>(&self, distributor: &Distributor<D>) -> Result<(), Error> {
        self.adopt(distributor)?;
        let kept = self.regs.read(gicc::CTLR) & gicc::BYPASS;
        self.regs.write(gicc::CTLR, kept);
        barrier::complete();
        Ok(())
    }

    /// Takes over an interface in any state that another image left: what this core has in service is ended,
    /// pending SGIs and PPIs are forgotten, the priority mask holds everything back (0). The
    /// enables in GICC_CTLR keep their value.
    ///
    /// * In service is what the running priority says, the most urgent first: the active interrupt of that priority which
    ///   is this core's own or goes to this core. What is not active, or goes to other cores alone, is not ended.
    /// * An SPI that goes to several cores and is in service on another one at the same priority cannot be told from this
    ///   core's: one of those that go to this core alone is taken first.
    /// * An SPI whose priority was dropped ([`Split`](super::Split)) and which is not yet deactivated stays active: its token ends it, on
    ///   any core.
    /// * On GICv1 pending SGIs cannot be cleared; they stay pending and are delivered if their id is enabled.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the running priority does not fall.
    pub fn adopt<D: Registers>(&self, distributor: &Distributor<D>) -> Result<(), Error> {
        self.regs.write(gicc::PMR, 0);
        barrier::complete();
        // Before the record is emptied: it alone says which active SPIs are this core's.
        self.end_shared(distributor);
        if self.version == Version::V2 {
            // Private ones need no more: no source of an SGI has to be guessed.
            for word in 0..4 {
                self.regs.write(gicc::APR + 4 * word, 0);
                self.regs.write(gicc::NSAPR + 4 * word, 0);
            }
        }
        // GICv1 has no such registers: ending is the only way there.
        self.end_active(distributor);
        distributor.clear_private_active();
        distributor.regs.write(MAIN.clear_pending, 0xffff_0000);
        distributor.drain_all_sgis();
        barrier::complete();
        if self.running_priority() == IDLE { Ok(()) } else { Err(Error::Timeout { what: "GIC running priority" }) }
    }

    /// Ends this core's active interrupts if SPIs may be among them.
    pub(super) fn end_shared<D: Registers>(&self, distributor: &Distributor<D>) {
        if self.running_priority() != IDLE
            && distributor.active().any(|id| !id.is_private() && claim(distributor, id).is_some())
        {
            self.end_active(distributor);
        }
    }

    /// Ends this core's active interrupts, the most urgent first: the only order that is
    /// predictable. At most one per id and source.
    fn end_active<D: Registers>(&self, distributor: &Distributor<D>) {
        if self.running_priority() == IDLE {
            return;
        }
        if distributor.has_groups() {
            // Or an interrupt of group 1 could not be ended through the one register.
            self.regs.write(gicc::CTLR, self.regs.read(gicc::CTLR) | gicc::ACK_CTL);
        }
        for _ in 0..usize::from(distributor.lines()) + 7 * 16 {
            let running = self.running_priority();
            if running == IDLE || !self.end_running(distributor, running) {
                return;
            }
        }
    }

    /// Ends the active interrupt that gives the running priority; whether the priority fell. Candidates are tried one after
    /// the other: private ones, SPIs that go to this core alone, SPIs that go to others too.
    fn end_running<D: Registers>(&self, distributor: &Distributor<D>, running: u8) -> bool {
        let group_mask = self.group_mask(distributor);
        // Of the interface as it was left, whatever mode it will be in.
        let split = self.version == Version::V2 && self.regs.read(gicc::CTLR) & gicc::EOI_MODE != 0;
        (0..3).any(|pass| {
            distributor.active().any(|id| {
                let same = distributor.priority(id).is_ok_and(|priority| (priority ^ running) & group_mask == 0);
                if !same || claim(distributor, id) != Some(pass) {
                    return false;
                }
                // An SGI's source is not recorded with its active state: each is tried, and the
                // priority drop tells which one it was.
                let sources = if id.class() == Class::Sgi { distributor.cpus() } else { 1 };
                (0..u32::from(sources)).any(|source| {
                    self.regs.write(gicc::EOIR, source << 10 | id.number());
                    if split {
                        self.regs.write(gicc::DIR, source << 10 | id.number());
                    }
                    self.running_priority() != running
                })
            })
        })
    }

    /// The bits of a priority that count for preemption, and that the running priority shows: of the coarser binary point,
    /// if the groups have one each.
    fn group_mask<D: Registers>(&self, distributor: &Distributor<D>) -> u8 {
        let mut point = self.binary_point();
        if distributor.has_groups() && self.regs.read(gicc::CTLR) & gicc::CBPR == 0 {
            // Its values are one higher for the same split (4.4.8).
            point = point.max((self.regs.read(gicc::ABPR) as u8 & 7).saturating_sub(1));
        }
        (0x1fe_u32 << point) as u8
    }
}

/// In which pass an active interrupt is taken for the executing core's: private ones first, then SPIs that go to this core
/// alone, then SPIs that go to others too. `None` for what goes to others.
fn claim<D: Registers>(distributor: &Distributor<D>, id: IntId) -> Option<u8> {
    if id.is_private() {
        return Some(0);
    }
    // Where a core cannot tell which interface is its own, every SPI may be its.
    let me = distributor.this_interface().map_or(0xff, |n| 1 << n);
    match distributor.targets(id) {
        Ok(targets) if targets == me => Some(1),
        Ok(targets) if targets & me != 0 => Some(2),
        _ => None,
    }
}
