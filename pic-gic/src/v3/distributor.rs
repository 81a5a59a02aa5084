// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distributor of GICv3: SPIs, extended SPIs, their routes.

use super::Affinity;
use super::registers::gicd;
use crate::access::Registers;
use crate::bank::{Bank, EXTENDED, Layout, MAIN, Slot, set_bits};
use crate::version::{Version, detect};
use crate::{Class, Error, Group, IntId, Trigger, wait};

/// What the driver's view of the security states is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Security {
    /// One security state only (GICD_CTLR.DS = 1): both groups are ours.
    Single,
    /// Two states, and this software is Secure: group 0 and Secure group 1 are ours.
    Secure,
    /// Two states, and this software is Non-secure: Non-secure group 1 is ours, no group 0.
    NonSecure,
}

/// Where an SPI goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Route {
    /// To this core.
    Core(Affinity),
    /// To any one core that is able to take it.
    Any,
}

/// The distributor. Needs a register block of 64 KiB.
///
/// Only SPIs and extended SPIs are its business; SGIs and PPIs belong to each core's
/// [`Redistributor`](super::Redistributor). Methods that change a register shared by several
/// interrupts (group, trigger) must be serialised by the caller.
#[derive(Debug)]
pub struct Distributor<R> {
    pub(super) regs: R,
    lines: u16,
    extended: u16,
    typer: u32,
    security: Security,
}

impl<R: Registers> Distributor<R> {
    /// Looks at the hardware. To be called while no other core uses the distributor.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if nothing answers, [`Error::WrongVersion`] for a GICv1 or v2.
    pub fn probe(regs: R) -> Result<Self, Error> {
        let version = detect(&regs)?;
        if version != Version::V3 {
            return Err(Error::WrongVersion { what: "GIC distributor", version: version as u8 + 1 });
        }
        let typer = regs.read(gicd::TYPER);
        if typer == u32::MAX {
            return Err(Error::Absent { what: "GIC distributor type register", value: typer });
        }
        let lines = (32 * ((typer & 0x1f) as u16 + 1)).min(1020);
        let extended = if typer & gicd::ESPI != 0 { 32 * ((typer >> 27) as u16 + 1) } else { 0 };
        let security = if regs.read(gicd::CTLR) & gicd::DS != 0 {
            Security::Single
        } else if group_bits_stay(&regs) {
            Security::Secure
        } else {
            Security::NonSecure
        };
        Ok(Self { regs, lines, extended, typer, security })
    }

    /// Brings the distributor into a known state: affinity routing on, every SPI and extended SPI
    /// disabled, not pending, not active, level, of the middle priority, in group 1, routed to
    /// `core`. Forwarding is on afterwards. One core calls it, once.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the distributor does not finish a write,
    /// [`Error::Unsupported`] if affinity routing does not come on.
    pub fn init(&self, core: Affinity) -> Result<(), Error> {
        self.set_forwarding(false)?;
        let are = match self.security {
            Security::Secure => gicd::ARE | gicd::ARE_NON_SECURE,
            Security::Single | Security::NonSecure => gicd::ARE,
        };
        let control = self.regs.read(gicd::CTLR) & !gicd::RWP;
        self.regs.write(gicd::CTLR, control | are);
        self.wait_for_write()?;
        if self.regs.read(gicd::CTLR) & gicd::ARE == 0 {
            return Err(Error::Unsupported { what: "GIC affinity routing" });
        }
        let banks = [
            (&MAIN, gicd::IROUTER, 32..usize::from(self.lines)),
            (&EXTENDED, gicd::IROUTER_E, 0..usize::from(self.extended)),
        ];
        for (layout, _, indices) in banks.clone() {
            for word in words(&indices) {
                self.regs.write(layout.clear_enable + 4 * word, u32::MAX);
            }
        }
        // Trigger and group of a line that is not yet disabled must not change.
        self.wait_for_write()?;
        for (layout, routes, indices) in banks {
            self.init_lines(layout, routes, indices, core);
        }
        self.set_forwarding(true)
    }

    /// Gives lines that are disabled their first state.
    fn init_lines(&self, layout: &Layout, routes: usize, indices: core::ops::Range<usize>, core: Affinity) {
        for word in words(&indices) {
            for array in [layout.clear_pending, layout.clear_active] {
                self.regs.write(array + 4 * word, u32::MAX);
            }
            if let Some((group, modifier)) = self.group_bits(Group::One) {
                self.regs.write(layout.group + 4 * word, if group { u32::MAX } else { 0 });
                if let Some(modifier) = modifier {
                    self.regs.write(layout.group_modifier + 4 * word, if modifier { u32::MAX } else { 0 });
                }
            }
        }
        for word in indices.start / 16..indices.end.div_ceil(16) {
            self.regs.write(layout.config + 4 * word, 0);
        }
        for word in indices.start / 4..indices.end.div_ceil(4) {
            self.regs.write(layout.priority + 4 * word, 0x8080_8080);
        }
        for index in indices {
            self.regs.write64(routes + 8 * index, core.mpidr());
        }
    }

    /// Group bit and modifier bit of a group of ours; `None` where groups cannot be chosen.
    pub(super) fn group_bits(&self, group: Group) -> Option<(bool, Option<bool>)> {
        match (self.security, group) {
            (Security::Single, group) => Some((group == Group::One, None)),
            (Security::Secure, group) => Some((false, Some(group == Group::One))),
            (Security::NonSecure, _) => None,
        }
    }

    /// The group of an interrupt of ours; [`Error::Unsupported`] for one of another security state.
    pub(super) fn group_of<T: Registers>(&self, slot: &Slot<'_, T>) -> Result<Group, Error> {
        match self.security {
            Security::Single => Ok(slot.group()),
            Security::NonSecure => Ok(Group::One),
            Security::Secure if slot.group() == Group::One => {
                Err(Error::Unsupported { what: "an interrupt of the Non-secure state" })
            }
            Security::Secure => Ok(if slot.modifier() { Group::One } else { Group::Zero }),
        }
    }

    pub(super) fn group(&self, id: IntId) -> Result<Group, Error> {
        self.group_of(&self.slot(id)?)
    }

    /// The active SPIs and extended SPIs.
    pub(super) fn active(&self) -> impl Iterator<Item = IntId> {
        let main = (1..usize::from(self.lines).div_ceil(32)).map(|word| (&MAIN, word, 32 * word));
        let extended = (0..usize::from(self.extended) / 32).map(|word| (&EXTENDED, word, 4096 + 32 * word));
        main.chain(extended).flat_map(|(layout, word, first)| {
            set_bits(self.regs.read(layout.set_active + 4 * word))
                .filter_map(move |n| IntId::new(first as u32 + n).ok())
        })
    }

    /// Lets interrupts of our groups through, or none of them.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the distributor does not finish the write.
    pub fn set_forwarding(&self, on: bool) -> Result<(), Error> {
        let ours = match self.security {
            Security::Single => gicd::ENABLE_GROUP0 | gicd::ENABLE_GROUP1,
            Security::Secure => gicd::ENABLE_GROUP0 | gicd::ENABLE_GROUP1_SECURE,
            Security::NonSecure => gicd::ENABLE_GROUP1,
        };
        let old = self.regs.read(gicd::CTLR) & !gicd::RWP;
        self.regs.write(gicd::CTLR, if on { old | ours } else { old & !ours });
        self.wait_for_write()
    }

    /// Waits until the last write of a control or disable register has taken effect.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`].
    pub fn wait_for_write(&self) -> Result<(), Error> {
        wait::until("GIC distributor (register write pending)", || self.regs.read(gicd::CTLR) & gicd::RWP == 0)
    }

    /// The view of the security states.
    pub fn security(&self) -> Security {
        self.security
    }

    /// Number of ids below 1020, SGIs and PPIs included.
    pub fn lines(&self) -> u16 {
        self.lines
    }

    /// Number of extended SPIs, from id 4096.
    pub fn extended_lines(&self) -> u16 {
        self.extended
    }

    /// Whether LPIs exist.
    pub fn has_lpis(&self) -> bool {
        self.typer & gicd::LPIS != 0
    }

    /// Whether an SGI can reach cores with Aff0 above 15.
    pub fn has_range_selector(&self) -> bool {
        self.typer & gicd::RSS != 0
    }

    fn slot(&self, id: IntId) -> Result<Slot<'_, R>, Error> {
        let n = id.number();
        let (layout, index) = match id.class() {
            Class::Spi if n < self.lines.into() => (&MAIN, n),
            Class::ExtendedSpi if n < 4096 + u32::from(self.extended) => (&EXTENDED, n - 4096),
            Class::Spi | Class::ExtendedSpi => return Err(Error::NotImplemented { id: n }),
            _ => return Err(Error::WrongClass { id }),
        };
        let bank = Bank { regs: &self.regs, base: 0, layout };
        Ok(Slot { bank, index: index as usize, id })
    }

    /// Lets the interrupt be delivered. [`Error::NotImplemented`] if it does not stay enabled.
    pub fn enable(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.enable()
    }

    /// Keeps the interrupt from being delivered, with effect on return.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the distributor does not finish the write.
    pub fn disable(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.disable();
        self.wait_for_write()
    }

    /// Whether the interrupt may be delivered.
    pub fn is_enabled(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_enabled())
    }

    /// Whether the interrupt is pending.
    pub fn is_pending(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_pending())
    }

    /// Makes the interrupt pending.
    pub fn set_pending(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.set_pending();
        Ok(())
    }

    /// Forgets a pending interrupt.
    pub fn clear_pending(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.clear_pending();
        Ok(())
    }

    /// Whether the interrupt is active.
    pub fn is_active(&self, id: IntId) -> Result<bool, Error> {
        Ok(self.slot(id)?.is_active())
    }

    /// Makes the interrupt active: it is not delivered until it is deactivated.
    pub fn set_active(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.set_active();
        Ok(())
    }

    /// Ends the active state from outside; for taking over from another owner.
    pub fn clear_active(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.clear_active();
        Ok(())
    }

    /// Priority in the GIC's form: 0 is the most urgent.
    pub fn priority(&self, id: IntId) -> Result<u8, Error> {
        Ok(self.slot(id)?.priority())
    }

    /// Sets the priority, by a byte store; `bits` are implemented ([`Error::PriorityTooFine`]).
    pub fn set_priority(&self, id: IntId, priority: u8, bits: u8) -> Result<(), Error> {
        self.slot(id)?.set_priority(priority, bits)
    }

    /// When the input counts as asserted.
    pub fn trigger(&self, id: IntId) -> Result<Trigger, Error> {
        Ok(self.slot(id)?.trigger())
    }

    /// Sets the trigger; an enabled line is disabled meanwhile. [`Error::Fixed`] if the hardware keeps another,
    /// [`Error::Timeout`] if the disabling does not take effect.
    pub fn set_trigger(&self, id: IntId, trigger: Trigger) -> Result<(), Error> {
        self.slot(id)?.set_trigger(trigger, || self.wait_for_write())
    }

    /// Sets the group. [`Error::Unsupported`] in the Non-secure view.
    pub fn set_group(&self, id: IntId, group: Group) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let (bit, modifier) = self.group_bits(group).ok_or(Error::Unsupported { what: "interrupt groups" })?;
        slot.set_group_bits(bit, modifier)
    }

    fn route_register(&self, id: IntId) -> Result<usize, Error> {
        self.slot(id)?;
        Ok(match id.class() {
            Class::ExtendedSpi => gicd::IROUTER_E + 8 * (id.number() as usize - 4096),
            _ => gicd::IROUTER + 8 * id.number() as usize,
        })
    }

    /// Where the interrupt goes.
    pub fn route(&self, id: IntId) -> Result<Route, Error> {
        let value = self.regs.read64(self.route_register(id)?);
        Ok(if value & gicd::ANY != 0 { Route::Any } else { Route::Core(Affinity::from_mpidr(value)) })
    }

    /// Routes the interrupt.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for [`Route::Any`] where that does not exist, [`Error::Fixed`] if
    /// the route does not stay.
    pub fn set_route(&self, id: IntId, route: Route) -> Result<(), Error> {
        let register = self.route_register(id)?;
        let value = match route {
            Route::Core(affinity) => affinity.mpidr(),
            Route::Any if self.typer & gicd::NO_1N != 0 => {
                return Err(Error::Unsupported { what: "routing to any core" });
            }
            Route::Any => gicd::ANY,
        };
        self.regs.write64(register, value);
        if self.route(id)? == route { Ok(()) } else { Err(Error::Fixed { id }) }
    }
}

/// Words of 32 lines that hold these.
fn words(indices: &core::ops::Range<usize>) -> core::ops::Range<usize> {
    indices.start / 32..indices.end.div_ceil(32)
}

/// Whether group bits can be changed from here: tried on the first SPI. From the Non-secure
/// state they read as zero and ignore writes.
fn group_bits_stay<R: Registers>(regs: &R) -> bool {
    let old = regs.read(MAIN.group + 4);
    regs.write(MAIN.group + 4, old ^ 1);
    let changed = regs.read(MAIN.group + 4) != old;
    regs.write(MAIN.group + 4, old);
    changed
}
