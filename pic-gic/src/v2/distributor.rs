// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distributor of GICv1 and GICv2.

use super::registers::gicd;
use crate::access::Registers;
use crate::bank::{Bank, MAIN, Slot, find_priority_bits, set_bits};
use crate::traits::set_bit;
use crate::version::{Version, detect};
use crate::{Class, Error, Group, IntId, Trigger};
use core::sync::atomic::{AtomicU32, Ordering};

/// The distributor: lines, their targets, SGIs. Needs a register block of 4 KiB.
///
/// Methods take `&self`; those that change a register shared by several interrupts (group,
/// trigger) are read-modify-write and must be serialised by the caller. SGIs and PPIs are banked:
/// for them every method acts on the **executing** core.
#[derive(Debug)]
pub struct Distributor<R> {
    pub(super) regs: R,
    version: Version,
    lines: u16,
    cpus: u8,
    security: bool,
    groups: bool,
    priority_bits: u8,
    /// SGIs in group 1, by bit: a Secure sender must say which group it means (SGIR.NSATT).
    pub(super) group1_sgis: AtomicU32,
}

impl<R: Registers> Distributor<R> {
    /// Looks at the hardware: version, lines, CPU interfaces, groups, priority bits.
    ///
    /// Changes nothing that stays. To be called while no other core uses the distributor.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if nothing answers, [`Error::WrongVersion`] for a GICv3.
    pub fn probe(regs: R) -> Result<Self, Error> {
        let version = detect(&regs)?;
        if version > Version::V2 {
            return Err(Error::WrongVersion { what: "GIC distributor", version: 3 });
        }
        let typer = regs.read(gicd::TYPER);
        if typer == u32::MAX {
            return Err(Error::Absent { what: "GIC distributor type register", value: typer });
        }
        // 32 to 1020: the last block of 32 holds the special numbers.
        let lines = (32 * ((typer & 0x1f) as u16 + 1)).min(1020);
        let groups = group_bits_stay(&regs);
        let priority_bits = find_priority_bits(&regs, 0);
        Ok(Self {
            version,
            lines,
            cpus: (typer >> 5 & 7) as u8 + 1,
            security: typer & gicd::SECURITY != 0,
            groups,
            priority_bits,
            group1_sgis: AtomicU32::new(0),
            regs,
        })
    }

    /// Brings the distributor into a known state: every SPI disabled, not pending, not active,
    /// level, of the middle priority, for CPU interface 0; in group 1 where groups exist.
    /// Forwarding is on afterwards. One core calls it, once, before the others' interfaces.
    ///
    /// GICv1 ends an active SPI only through the interface that took it: one that another core has in service keeps
    /// its priority and targets, by which that core's [`CpuInterface::init`](super::CpuInterface::init) finds and ends it.
    ///
    /// Only the registers of implemented lines are written.
    pub fn init(&self) {
        self.regs.write(gicd::CTLR, 0);
        for word in 1..self.words() {
            self.regs.write(MAIN.clear_enable + 4 * word, u32::MAX);
            self.regs.write(MAIN.clear_pending + 4 * word, u32::MAX);
            if self.version == Version::V2 {
                self.regs.write(MAIN.clear_active + 4 * word, u32::MAX);
            }
            if self.groups {
                self.regs.write(MAIN.group + 4 * word, u32::MAX);
            }
        }
        for word in 2..self.words() * 2 {
            self.regs.write(MAIN.config + 4 * word, 0);
        }
        for word in 8..usize::from(self.lines).div_ceil(4) {
            let active = self.regs.read(MAIN.set_active + 4 * (word / 8)) >> (4 * (word % 8)) & 0xf;
            for byte in (0..4).filter(|byte| active != 0 && active >> byte & 1 == 0) {
                self.init_route(4 * word + byte, |array, value| self.regs.write8(array, value));
            }
            if active == 0 {
                self.init_route(4 * word, |array, value| self.regs.write(array, u32::from(value) * 0x0101_0101));
            }
        }
        if self.groups {
            self.group1_sgis.store(0xffff, Ordering::Relaxed);
        }
        self.set_forwarding(true);
    }

    /// The middle priority and CPU interface 0 for the lines from `index` on, by `write`.
    fn init_route(&self, index: usize, write: impl Fn(usize, u8)) {
        write(MAIN.priority + index, 0x80);
        if self.cpus > 1 {
            write(gicd::ITARGETSR + index, 1);
        }
    }

    /// Brings the executing core's SGIs and PPIs into the state that [`Distributor::init`] gives
    /// the SPIs, but for the trigger of PPIs, which the core's maker has fixed or firmware chosen: it stays as it is.
    /// SGIs, which cannot be disabled everywhere, are enabled by whoever uses them.
    pub fn init_private(&self) {
        self.regs.write(MAIN.clear_enable, u32::MAX);
        self.regs.write(MAIN.clear_pending, 0xffff_0000);
        self.clear_private_active();
        self.drain_all_sgis();
        if self.groups {
            // SGIs that are armed as FIQ stay in group 0 on every core.
            self.regs.write(MAIN.group, 0xffff_0000 | self.group1_sgis.load(Ordering::Relaxed));
        }
        for word in 0..8 {
            self.regs.write(MAIN.priority + 4 * word, 0x8080_8080);
        }
    }

    /// Ends the active state of the executing core's private interrupts, where registers can (GICv2).
    pub(super) fn clear_private_active(&self) {
        if self.version == Version::V2 {
            self.regs.write(MAIN.clear_active, u32::MAX);
        }
    }

    /// The active interrupts, banked ones of the executing core first.
    pub(super) fn active(&self) -> impl Iterator<Item = IntId> {
        (0..self.words()).flat_map(|word| {
            let bits = set_bits(self.regs.read(MAIN.set_active + 4 * word));
            bits.filter_map(move |n| IntId::new(32 * word as u32 + n).ok())
        })
    }

    /// Lets interrupts through to the CPU interfaces, or none at all.
    pub fn set_forwarding(&self, on: bool) {
        let groups = if self.groups { gicd::ENABLE_GROUP0 | gicd::ENABLE_GROUP1 } else { gicd::ENABLE_GROUP0 };
        self.regs.write(gicd::CTLR, if on { groups } else { 0 });
    }

    /// Architecture version: v1 or v2.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Number of ids, SGIs and PPIs included: 32 to 1020.
    pub fn lines(&self) -> u16 {
        self.lines
    }

    /// Number of CPU interfaces: 1 to 8.
    pub fn cpus(&self) -> u8 {
        self.cpus
    }

    /// Whether the security extensions are implemented.
    pub fn has_security(&self) -> bool {
        self.security
    }

    /// Whether this software may use groups 0 and 1: on GICv2 always, except from the Non-secure
    /// state; on GICv1 with the security extensions, from the Secure state.
    pub fn has_groups(&self) -> bool {
        self.groups
    }

    /// Number of implemented priority bits, counted from the top: 4 to 8.
    pub fn priority_bits(&self) -> u8 {
        self.priority_bits
    }

    fn words(&self) -> usize {
        usize::from(self.lines).div_ceil(32)
    }

    /// The registers of `id`, if it is implemented.
    pub(super) fn slot(&self, id: IntId) -> Result<Slot<'_, R>, Error> {
        if id.number() >= u32::from(self.lines) {
            return Err(Error::NotImplemented { id: id.number() });
        }
        let bank = Bank { regs: &self.regs, base: 0, layout: &MAIN };
        Ok(Slot { bank, index: id.number() as usize, id })
    }

    /// Lets the interrupt be delivered.
    ///
    /// # Errors
    ///
    /// [`Error::NotImplemented`] if the id is out of range, or does not stay enabled.
    pub fn enable(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.enable()
    }

    /// Keeps the interrupt from being delivered.
    pub fn disable(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.disable();
        Ok(())
    }

    /// Whether the interrupt may be delivered.
    pub fn is_enabled(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_enabled())
    }

    /// Whether the interrupt is pending.
    pub fn is_pending(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_pending())
    }

    /// Makes a PPI or SPI pending. [`Error::WrongClass`] for SGIs: send them.
    pub fn set_pending(&self, id: IntId) -> Result<(), Error> {
        let slot = self.slot(id)?;
        if id.class() == Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        slot.set_pending();
        Ok(())
    }

    /// Forgets a pending PPI or SPI. [`Error::WrongClass`] for SGIs: drain them.
    pub fn clear_pending(&self, id: IntId) -> Result<(), Error> {
        let slot = self.slot(id)?;
        if id.class() == Class::Sgi {
            return Err(Error::WrongClass { id });
        }
        slot.clear_pending();
        Ok(())
    }

    /// Whether the interrupt is active (acknowledged and not yet deactivated).
    pub fn is_active(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_active())
    }

    /// Makes the interrupt active: it is not delivered until it is deactivated.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1, where the active state can only be read.
    pub fn set_active(&self, id: IntId) -> Result<(), Error> {
        self.changeable_active(id)?.set_active();
        Ok(())
    }

    /// Ends the active state from outside; for taking over from another owner. The running
    /// priority of the core that had acknowledged it is not changed.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] on GICv1, where only the interface that took it ends it.
    pub fn clear_active(&self, id: IntId) -> Result<(), Error> {
        self.changeable_active(id)?.clear_active();
        Ok(())
    }

    fn changeable_active(&self, id: IntId) -> Result<Slot<'_, R>, Error> {
        let slot = self.slot(id)?;
        if self.version == Version::V1 {
            return Err(Error::Unsupported { what: "changing of the active state" });
        }
        Ok(slot)
    }

    /// Priority in the GIC's form: 0 is the most urgent.
    pub fn priority(&self, id: IntId) -> Result<u8, Error> {
        Ok(self.slot(id)?.priority())
    }

    /// Sets the priority, by a byte store.
    ///
    /// # Errors
    ///
    /// [`Error::PriorityTooFine`] if unimplemented bits are set: nothing is rounded.
    pub fn set_priority(&self, id: IntId, priority: u8) -> Result<(), Error> {
        self.slot(id)?.set_priority(priority, self.priority_bits)
    }

    /// When the input counts as asserted.
    pub fn trigger(&self, id: IntId) -> Result<Trigger, Error> {
        Ok(self.slot(id)?.trigger())
    }

    /// Sets the trigger. [`Error::Fixed`] if the hardware keeps another (SGIs, most PPIs).
    pub fn set_trigger(&self, id: IntId, trigger: Trigger) -> Result<(), Error> {
        // There is no write to wait for.
        self.slot(id)?.set_trigger(trigger, || Ok(()))
    }

    /// Group of the interrupt. Always 1 for software that cannot use groups.
    pub fn group(&self, id: IntId) -> Result<Group, Error> {
        let slot = self.slot(id)?;
        Ok(if self.groups { slot.group() } else { Group::One })
    }

    /// Sets the group; group 0 is signalled as FIQ on cores whose interface has it armed. An
    /// SGI's group must be the same on every core: set it before the cores' `init_private`.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where groups cannot be used.
    pub fn set_group(&self, id: IntId, group: Group) -> Result<(), Error> {
        let slot = self.slot(id)?;
        if !self.groups {
            return Err(Error::Unsupported { what: "interrupt groups" });
        }
        slot.set_group_bits(group == Group::One, None)?;
        if id.class() == Class::Sgi {
            set_bit(&self.group1_sgis, id.number(), group == Group::One);
        }
        Ok(())
    }

    /// CPU interfaces that an SPI may go to, one bit each. For SGIs and PPIs: the executing
    /// core's own bit, which is how a core learns its interface's number.
    pub fn targets(&self, id: IntId) -> Result<u8, Error> {
        self.slot(id)?;
        if self.cpus == 1 {
            // A uniprocessor implementation reads as zero (4.3.12).
            return Ok(1);
        }
        let word = self.regs.read(gicd::ITARGETSR + (id.number() as usize & !3));
        Ok((word >> (8 * (id.number() % 4))) as u8)
    }

    /// Sets the CPU interfaces that an SPI may go to; one of them takes each interrupt.
    ///
    /// # Errors
    ///
    /// * [`Error::WrongClass`] for SGIs and PPIs.
    /// * [`Error::BadTargets`] for none, or ones that are not implemented.
    pub fn set_targets(&self, id: IntId, targets: u8) -> Result<(), Error> {
        self.slot(id)?;
        if id.is_private() {
            return Err(Error::WrongClass { id });
        }
        let implemented = ((1u16 << self.cpus) - 1) as u8;
        if targets == 0 || targets & !implemented != 0 {
            return Err(Error::BadTargets { targets: targets.into() });
        }
        if self.cpus == 1 {
            return Ok(());
        }
        self.regs.write8(gicd::ITARGETSR + id.number() as usize, targets);
        if self.targets(id)? == targets { Ok(()) } else { Err(Error::Fixed { id }) }
    }

    /// Number of the executing core's CPU interface, 0 to 7.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchCore`] with the bits read if they are not exactly one.
    pub fn this_interface(&self) -> Result<u8, Error> {
        // Any banked id will do; some implementations leave single ones zero, so all are looked at.
        let bits = if self.cpus == 1 {
            1
        } else {
            let words = (0..8).fold(0, |bits, word| bits | self.regs.read(gicd::ITARGETSR + 4 * word));
            (words | words >> 8 | words >> 16 | words >> 24) as u8
        };
        if bits.count_ones() == 1 {
            Ok(bits.trailing_zeros() as u8)
        } else {
            Err(Error::NoSuchCore { core: bits.into() })
        }
    }
}

/// Whether group bits can be changed from here: tried on SGI 0 of the executing core, which is always there.
fn group_bits_stay<R: Registers>(regs: &R) -> bool {
    let old = regs.read(MAIN.group);
    regs.write(MAIN.group, old ^ 1);
    let changed = regs.read(MAIN.group) != old;
    regs.write(MAIN.group, old);
    changed
}
