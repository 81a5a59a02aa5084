// SPDX-License-Identifier: MIT OR Apache-2.0
//! Redistributors: finding a core's own by its affinity, wake and sleep, SGIs and PPIs, LPIs.

use super::registers::gicr;
use super::{Affinity, Distributor};
use crate::access::Registers;
use crate::bank::{Bank, MAIN, Slot, find_priority_bits, set_bits};
use crate::version::PIDR2_V3;
use crate::{Class, Error, Group, IntId, Trigger, wait};

/// Redistributor frames of one region, in the order of memory.
///
/// The distance between frames is found from each one: two 64 KiB frames per core, four where
/// GICR_TYPER.VLPIS says so — whatever architecture revision the frame states.
#[derive(Debug)]
pub struct Frames<'a, R> {
    regs: &'a R,
    size: usize,
    next: Option<usize>,
}

impl<'a, R: Registers> Frames<'a, R> {
    /// The frames in the region of `size` bytes that `regs` starts.
    pub fn new(regs: &'a R, size: usize) -> Self {
        Self { regs, size, next: Some(0) }
    }
}

impl<'a, R: Registers> Iterator for Frames<'a, R> {
    type Item = Result<Redistributor<'a, R>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let base = self.next?;
        if base + gicr::STRIDE > self.size {
            self.next = None;
            return None;
        }
        let found = Redistributor::probe(self.regs, base);
        self.next = found.as_ref().ok().and_then(|frame| {
            let stride = if frame.typer & gicr::TYPER_VLPIS != 0 { 2 * gicr::STRIDE } else { gicr::STRIDE };
            (frame.typer & gicr::TYPER_LAST == 0).then_some(base + stride)
        });
        Some(found)
    }
}

/// State of the LPIs of one core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LpiState {
    /// There are none.
    None,
    /// There are, and they are off: nothing in memory is used.
    Off,
    /// They are on, and the hardware reads and writes these tables in memory; where they cannot
    /// be turned off, the memory stays theirs until reset and is part of any hand-over.
    On {
        /// GICR_PROPBASER.
        configuration: u64,
        /// GICR_PENDBASER.
        pending: u64,
    },
}

/// The id of the first LPI; the configuration table begins with its byte.
const FIRST_LPI: u64 = 8192;

impl LpiState {
    /// The memory that the hardware uses, as address and bytes: the configuration table, which all cores may share, and
    /// this core's pending table; `None` unless LPIs are on. For a hand-over, or to reserve what an older image left.
    /// The lengths are those of `IDbits` in GICR_PROPBASER (IHI 0069, GICR_PROPBASER and GICR_PENDBASER).
    #[must_use]
    pub const fn tables(self) -> Option<[(u64, u64); 2]> {
        let Self::On { configuration, pending } = self else { return None };
        let ids = 2u64 << (configuration & 0x1F);
        // Address bits 51:12, and 51:16 of a table that is aligned to 64 KiB.
        let configuration = configuration & 0x000F_FFFF_FFFF_F000;
        Some([(configuration, ids.saturating_sub(FIRST_LPI)), (pending & 0x000F_FFFF_FFFF_0000, ids / 8)])
    }
}

/// One core's redistributor: its SGIs, PPIs and extended PPIs.
#[derive(Debug)]
pub struct Redistributor<'a, R> {
    regs: &'a R,
    base: usize,
    typer: u64,
}

impl<'a, R: Registers> Redistributor<'a, R> {
    /// The redistributor whose first frame is `base` bytes into the region.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`] if the frame does not identify itself as one of GICv3 or v4.
    pub fn probe(regs: &'a R, base: usize) -> Result<Self, Error> {
        let id = regs.read(base + PIDR2_V3);
        if id == u32::MAX || !matches!(id >> 4 & 0xf, 3 | 4) {
            return Err(Error::Absent { what: "GIC redistributor", value: id });
        }
        Ok(Self { regs, base, typer: regs.read64(base + gicr::TYPER) })
    }

    /// Byte offset of the first frame in its region.
    pub fn offset(&self) -> usize {
        self.base
    }

    /// The core that it belongs to.
    pub fn affinity(&self) -> Affinity {
        Affinity::new((self.typer >> 32) as u32)
    }

    /// Number of private ids that are not SGIs: 16 PPIs and 0, 32 or 64 extended ones.
    pub fn ppis(&self) -> u8 {
        match self.typer >> 27 & 0x1f {
            1 => 48,
            2 => 80,
            _ => 16,
        }
    }

    /// Powers a GIC-600 or GIC-700 redistributor on, in bounded steps; nothing to do on others.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] naming the step.
    pub fn power_on(&self) -> Result<(), Error> {
        self.set_power(0)
    }

    /// Powers it off; after [`Redistributor::sleep`].
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] naming the step.
    pub fn power_off(&self) -> Result<(), Error> {
        self.set_power(gicr::POWER_DOWN)
    }

    fn set_power(&self, down: u32) -> Result<(), Error> {
        // GICR_IIDR: implementer ARM, product GIC-600 (2) or GIC-700 (4).
        let iidr = self.regs.read(self.base + gicr::IIDR);
        if iidr & 0xfff != 0x43b || !matches!(iidr >> 24, 2 | 4) {
            return Ok(());
        }
        let pwrr = || self.regs.read(self.base + gicr::PWRR);
        wait::until("GIC redistributor (power group in transit)", || {
            let power = pwrr();
            (power & gicr::GROUP_POWER_DOWN != 0) == (power & gicr::GROUP_POWER_OFF != 0)
        })?;
        self.regs.write(self.base + gicr::PWRR, down);
        wait::until("GIC redistributor (power)", || pwrr() & gicr::POWER_DOWN == down)
    }

    /// Tells the redistributor that its core is awake and waits until it forwards interrupts.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if it never wakes.
    pub fn wake(&self) -> Result<(), Error> {
        let waker = self.regs.read(self.base + gicr::WAKER);
        self.regs.write(self.base + gicr::WAKER, waker & !gicr::PROCESSOR_SLEEP);
        wait::until("GIC redistributor (wake)", || self.regs.read(self.base + gicr::WAKER) & gicr::CHILDREN_ASLEEP == 0)
    }

    /// Tells the redistributor that its core goes to sleep and waits until nothing is forwarded.
    /// The core's interrupt groups are to be disabled before.
    ///
    /// # Errors
    ///
    /// * [`Error::Unsupported`] where the register is not ours (Non-secure state).
    /// * [`Error::Timeout`] if it does not quiesce.
    pub fn sleep(&self) -> Result<(), Error> {
        let waker = self.regs.read(self.base + gicr::WAKER);
        self.regs.write(self.base + gicr::WAKER, waker | gicr::PROCESSOR_SLEEP);
        if self.regs.read(self.base + gicr::WAKER) & gicr::PROCESSOR_SLEEP == 0 {
            return Err(Error::Unsupported { what: "GIC redistributor sleep" });
        }
        wait::until("GIC redistributor (sleep)", || {
            self.regs.read(self.base + gicr::WAKER) & gicr::CHILDREN_ASLEEP != 0
        })
    }

    /// Waits until the last disable has taken effect.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`].
    pub fn wait_for_write(&self) -> Result<(), Error> {
        wait::until("GIC redistributor (register write pending)", || {
            self.regs.read(self.base + gicr::CTLR) & gicr::RWP == 0
        })
    }

    /// Number of implemented priority bits of this core's private interrupts; to be asked of a redistributor that has
    /// power.
    pub fn priority_bits(&self) -> u8 {
        find_priority_bits(self.regs, self.sgi_base())
    }

    fn sgi_base(&self) -> usize {
        self.base + gicr::SGI_FRAME
    }

    pub(super) fn word(&self, array: usize, word: usize) -> (usize, &'a R) {
        (self.sgi_base() + array + 4 * word, self.regs)
    }

    /// Words of 32 private ids: 1 to 3.
    pub(super) fn words(&self) -> usize {
        (16 + usize::from(self.ppis())).div_ceil(32)
    }

    /// Brings the core's private interrupts into a known state: disabled, not pending, not
    /// active, of the middle priority, in group 1; SGIs with a bit in `fiq_sgis` in group 0. The trigger of PPIs stays as
    /// it is.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the disabling does not take effect.
    pub fn init<D: Registers>(&self, distributor: &Distributor<D>, fiq_sgis: u16) -> Result<(), Error> {
        let write = |array, word, value| self.regs.write(self.sgi_base() + array + 4 * word, value);
        for word in 0..self.words() {
            write(MAIN.clear_enable, word, u32::MAX);
        }
        // The group of an interrupt that is not yet disabled must not change.
        self.wait_for_write()?;
        for word in 0..self.words() {
            write(MAIN.clear_pending, word, u32::MAX);
            write(MAIN.clear_active, word, u32::MAX);
            let ordinary = if word == 0 { !u32::from(fiq_sgis) } else { u32::MAX };
            if let Some((group, modifier)) = distributor.group_bits(Group::One) {
                write(MAIN.group, word, if group { ordinary } else { 0 });
                if modifier.is_some() {
                    write(MAIN.group_modifier, word, ordinary);
                }
            }
        }
        for word in 0..8 * self.words() {
            write(MAIN.priority, word, 0x8080_8080);
        }
        Ok(())
    }

    /// Forgets what is pending and active among the private interrupts, without changing how
    /// they are set up: for a core that takes over or leaves.
    pub fn clear(&self) {
        for word in 0..self.words() {
            self.regs.write(self.sgi_base() + MAIN.clear_pending + 4 * word, u32::MAX);
            self.regs.write(self.sgi_base() + MAIN.clear_active + 4 * word, u32::MAX);
        }
    }

    fn slot(&self, id: IntId) -> Result<Slot<'a, R>, Error> {
        let n = id.number() as usize;
        let index = match id.class() {
            Class::Sgi | Class::Ppi => n,
            Class::ExtendedPpi if n - 1056 + 16 < self.ppis().into() => n - 1056 + 32,
            Class::ExtendedPpi => return Err(Error::NotImplemented { id: n as u32 }),
            _ => return Err(Error::WrongClass { id }),
        };
        let bank = Bank { regs: self.regs, base: self.sgi_base(), layout: &MAIN };
        Ok(Slot { bank, index, id })
    }

    /// The core's active interrupts.
    pub(super) fn active(&self) -> impl Iterator<Item = IntId> {
        (0..self.words()).flat_map(|word| {
            let first = if word == 0 { 0 } else { 1056 + 32 * (word as u32 - 1) };
            let (offset, regs) = self.word(MAIN.set_active, word);
            set_bits(regs.read(offset)).filter_map(move |n| IntId::new(first + n).ok())
        })
    }

    pub(super) fn group<D: Registers>(&self, distributor: &Distributor<D>, id: IntId) -> Result<Group, Error> {
        distributor.group_of(&self.slot(id)?)
    }

    /// Lets the interrupt be delivered. [`Error::NotImplemented`] if it does not stay enabled.
    pub fn enable(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.enable()
    }

    /// Keeps the interrupt from being delivered, with effect on return.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the redistributor does not finish the write.
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

    /// Makes the interrupt pending on this core.
    pub fn set_pending(&self, id: IntId) -> Result<(), Error> {
        self.slot(id)?.set_pending();
        Ok(())
    }

    /// Forgets a pending interrupt; for SGIs of every source (GICv3 records none).
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

    /// Ends the active state from outside.
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

    /// Sets the trigger; an enabled interrupt is disabled meanwhile. [`Error::Fixed`] if the hardware keeps another (SGIs
    /// always), [`Error::Timeout`] if the disabling does not take effect.
    pub fn set_trigger(&self, id: IntId, trigger: Trigger) -> Result<(), Error> {
        self.slot(id)?.set_trigger(trigger, || self.wait_for_write())
    }

    /// Sets the group. [`Error::Unsupported`] in the Non-secure view of `distributor`.
    pub fn set_group<D: Registers>(&self, distributor: &Distributor<D>, id: IntId, group: Group) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let (bit, modifier) = distributor.group_bits(group).ok_or(Error::Unsupported { what: "interrupt groups" })?;
        slot.set_group_bits(bit, modifier)
    }

    /// What the LPIs are doing.
    pub fn lpis(&self) -> LpiState {
        if self.typer & gicr::TYPER_PLPIS == 0 {
            LpiState::None
        } else if self.regs.read(self.base + gicr::CTLR) & gicr::ENABLE_LPIS == 0 {
            LpiState::Off
        } else {
            LpiState::On {
                configuration: self.regs.read64(self.base + gicr::PROPBASER),
                pending: self.regs.read64(self.base + gicr::PENDBASER),
            }
        }
    }

    /// Turns LPIs off, if the hardware allows it: many implementations do not, once they are on.
    /// The answer is the state afterwards; [`LpiState::On`] is what has to be handed over.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the write is not finished.
    pub fn disable_lpis(&self) -> Result<LpiState, Error> {
        if matches!(self.lpis(), LpiState::On { .. }) {
            let control = self.regs.read(self.base + gicr::CTLR);
            self.regs.write(self.base + gicr::CTLR, control & !gicr::ENABLE_LPIS);
            self.wait_for_write()?;
        }
        Ok(self.lpis())
    }
}
