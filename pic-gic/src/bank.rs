// SPDX-License-Identifier: MIT OR Apache-2.0
//! The per-interrupt registers, which distributor (v1 to v3) and redistributor share.
//!
//! A bank is a set of register arrays with one bit, two bits or one byte per interrupt, indexed
//! from 0. GICD of any version has the main bank (index = id); a GICv3 redistributor's SGI frame
//! has the same layout with indices 0–31 for SGIs and PPIs and 32–95 for extended PPIs; extended
//! SPIs have a bank with other offsets (IHI 0069, 12.8 and 12.10).

use crate::access::Registers;
use crate::{Error, Group, IntId, Trigger};

/// Byte offsets of the register arrays.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) group: usize,
    pub(crate) set_enable: usize,
    pub(crate) clear_enable: usize,
    pub(crate) set_pending: usize,
    pub(crate) clear_pending: usize,
    pub(crate) set_active: usize,
    pub(crate) clear_active: usize,
    pub(crate) priority: usize,
    pub(crate) config: usize,
    pub(crate) group_modifier: usize,
}

/// GICD_xR0 onwards, and the SGI frame of a redistributor.
pub(crate) const MAIN: Layout = Layout {
    group: 0x080,
    set_enable: 0x100,
    clear_enable: 0x180,
    set_pending: 0x200,
    clear_pending: 0x280,
    set_active: 0x300,
    clear_active: 0x380,
    priority: 0x400,
    config: 0xc00,
    group_modifier: 0xd00,
};

/// GICD_xR0E onwards: extended SPIs.
pub(crate) const EXTENDED: Layout = Layout {
    group: 0x1000,
    set_enable: 0x1200,
    clear_enable: 0x1400,
    set_pending: 0x1600,
    clear_pending: 0x1800,
    set_active: 0x1a00,
    clear_active: 0x1c00,
    priority: 0x2000,
    config: 0x3000,
    group_modifier: 0x3400,
};

/// One bank at `base` within a register block.
pub(crate) struct Bank<'a, R> {
    pub(crate) regs: &'a R,
    pub(crate) base: usize,
    pub(crate) layout: &'static Layout,
}

/// The interrupt `index` of a bank.
pub(crate) struct Slot<'a, R> {
    pub(crate) bank: Bank<'a, R>,
    pub(crate) index: usize,
    pub(crate) id: IntId,
}

impl<R: Registers> Bank<'_, R> {
    pub(crate) fn word(&self, array: usize, word: usize) -> usize {
        self.base + array + 4 * word
    }
}

impl<R: Registers> Slot<'_, R> {
    fn bit(&self, array: usize) -> (usize, u32) {
        (self.bank.word(array, self.index / 32), 1 << (self.index % 32))
    }

    fn is_set(&self, array: usize) -> bool {
        let (offset, bit) = self.bit(array);
        self.bank.regs.read(offset) & bit != 0
    }

    /// For write-1 arrays: the other interrupts of the word are not touched.
    fn strike(&self, array: usize) {
        let (offset, bit) = self.bit(array);
        self.bank.regs.write(offset, bit);
    }

    fn set_bit(&self, array: usize, on: bool) {
        let (offset, bit) = self.bit(array);
        let old = self.bank.regs.read(offset);
        self.bank.regs.write(offset, if on { old | bit } else { old & !bit });
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.is_set(self.bank.layout.set_enable)
    }

    /// Enables; an id that the hardware does not have is noticed by reading back.
    pub(crate) fn enable(&self) -> Result<(), Error> {
        self.strike(self.bank.layout.set_enable);
        if self.is_enabled() { Ok(()) } else { Err(Error::NotImplemented { id: self.id.number() }) }
    }

    pub(crate) fn disable(&self) {
        self.strike(self.bank.layout.clear_enable);
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.is_set(self.bank.layout.set_pending)
    }

    pub(crate) fn set_pending(&self) {
        self.strike(self.bank.layout.set_pending);
    }

    pub(crate) fn clear_pending(&self) {
        self.strike(self.bank.layout.clear_pending);
    }

    pub(crate) fn is_active(&self) -> bool {
        self.is_set(self.bank.layout.set_active)
    }

    pub(crate) fn set_active(&self) {
        self.strike(self.bank.layout.set_active);
    }

    pub(crate) fn clear_active(&self) {
        self.strike(self.bank.layout.clear_active);
    }

    /// The priority byte as it stands.
    pub(crate) fn priority(&self) -> u8 {
        let word = self.bank.regs.read(self.bank.word(self.bank.layout.priority, self.index / 4));
        (word >> (8 * (self.index % 4))) as u8
    }

    /// Sets the priority by a **byte** store: a word store would set three neighbours too.
    pub(crate) fn set_priority(&self, priority: u8, bits: u8) -> Result<(), Error> {
        check_priority(priority, bits)?;
        self.bank.regs.write8(self.bank.base + self.bank.layout.priority + self.index, priority);
        if self.priority() == priority { Ok(()) } else { Err(Error::Fixed { id: self.id }) }
    }

    pub(crate) fn trigger(&self) -> Trigger {
        let word = self.bank.regs.read(self.bank.word(self.bank.layout.config, self.index / 16));
        if word >> (2 * (self.index % 16) + 1) & 1 != 0 { Trigger::Edge } else { Trigger::Level }
    }

    /// Sets the trigger. The result is unpredictable while the interrupt is enabled (IHI 0048B,
    /// 4.3.13), so it is disabled for the moment of the change.
    /// `settle` waits until the disabling has taken effect; if it does not, nothing is changed.
    pub(crate) fn set_trigger(
        &self,
        trigger: Trigger,
        settle: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.trigger() == trigger {
            return Ok(());
        }
        let enabled = self.is_enabled();
        let settled = if enabled {
            self.disable();
            settle()
        } else {
            Ok(())
        };
        if settled.is_ok() {
            let offset = self.bank.word(self.bank.layout.config, self.index / 16);
            let bit = 1 << (2 * (self.index % 16) + 1);
            let old = self.bank.regs.read(offset);
            self.bank.regs.write(offset, if trigger == Trigger::Edge { old | bit } else { old & !bit });
        }
        if enabled {
            self.enable()?;
        }
        settled?;
        if self.trigger() == trigger { Ok(()) } else { Err(Error::Fixed { id: self.id }) }
    }

    pub(crate) fn group(&self) -> Group {
        if self.is_set(self.bank.layout.group) { Group::One } else { Group::Zero }
    }

    /// The modifier of the group (GICv3 in the Secure state).
    pub(crate) fn modifier(&self) -> bool {
        self.is_set(self.bank.layout.group_modifier)
    }

    /// Sets the group bit (and for GICv3 in the Secure state the modifier); read back, because
    /// it is fixed where the caller may not decide it.
    pub(crate) fn set_group_bits(&self, group: bool, modifier: Option<bool>) -> Result<(), Error> {
        self.set_bit(self.bank.layout.group, group);
        if let Some(modifier) = modifier {
            self.set_bit(self.bank.layout.group_modifier, modifier);
        }
        if self.is_set(self.bank.layout.group) == group { Ok(()) } else { Err(Error::Fixed { id: self.id }) }
    }
}

/// Refuses a priority whose lower, unimplemented bits are set: it would silently be another.
pub(crate) fn check_priority(priority: u8, bits: u8) -> Result<(), Error> {
    if priority & !priority_mask(bits) == 0 { Ok(()) } else { Err(Error::PriorityTooFine { priority, bits }) }
}

/// The implemented bits of a priority byte.
pub(crate) const fn priority_mask(bits: u8) -> u8 {
    (0xff00u16 >> bits) as u8
}

/// Number of implemented priority bits, found by writing ones to a priority byte and reading back. The old priority is put
/// back. Tried on the SGIs of the executing core, which are always there; those that another security state keeps read as
/// zero.
pub(crate) fn find_priority_bits<R: Registers>(regs: &R, base: usize) -> u8 {
    let bits_of = |index| {
        let slot = Slot { bank: Bank { regs, base, layout: &MAIN }, index, id: IntId::from_hardware(index as u32) };
        let old = slot.priority();
        regs.write8(base + MAIN.priority + index, 0xff);
        let bits = slot.priority().leading_ones() as u8;
        regs.write8(base + MAIN.priority + index, old);
        bits
    };
    (0..16).map(bits_of).find(|&bits| bits != 0).unwrap_or(0)
}

/// The numbers of the set bits.
pub(crate) fn set_bits(word: u32) -> impl Iterator<Item = u32> {
    (0..32).filter(move |n| word >> n & 1 != 0)
}

/// The edge-triggered interrupts of word `word` of a one-bit array. Only their pending bits are a state of their own: those
/// of level lines show the input, and what is written back would stay when the device is quiet by then.
pub(crate) fn edges<R: Registers>(regs: &R, base: usize, layout: &Layout, word: usize) -> u32 {
    let config = |half| regs.read(base + layout.config + 4 * (2 * word + half));
    (0..32).fold(0, |edges, n| edges | (config(n / 16) >> (2 * (n % 16) + 1) & 1) << n)
}
