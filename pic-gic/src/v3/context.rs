// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saving and restoring over power-down, into memory of the caller.

use super::registers::gicd;
use super::{CpuInterface, Distributor, GicV3, Redistributor, Security, SystemRegisters};
use crate::access::Registers;
use crate::bank::{EXTENDED, Layout, MAIN, edges};
use crate::v2::EndMode;
use crate::{Error, barrier};

/// Arrays in the order of restoring, with words per 32 interrupts: enables last, so that a
/// restored line is right when it starts.
fn arrays(layout: &Layout) -> [(usize, usize); 7] {
    [
        (layout.group, 1),
        (layout.group_modifier, 1),
        (layout.config, 2),
        (layout.priority, 8),
        (layout.set_active, 1),
        (layout.set_pending, 1),
        (layout.set_enable, 1),
    ]
}

/// A register of a saved state.
struct Saved {
    offset: usize,
    /// For pending bits: the layout and the word, by which the lines' triggers are found.
    pending_of: Option<(&'static Layout, usize)>,
}

impl Saved {
    fn restore<R: Registers>(&self, regs: &R, base: usize, word: u32) {
        let mask = self.pending_of.map_or(u32::MAX, |(layout, n)| edges(regs, base, layout, n));
        regs.write(base + self.offset, word & mask);
    }
}

/// The registers of these blocks of 32 lines, in the order of restoring.
fn line_registers(layout: &'static Layout, blocks: core::ops::Range<usize>) -> impl Iterator<Item = Saved> {
    arrays(layout).into_iter().flat_map(move |(array, per_block)| {
        (blocks.start * per_block..blocks.end * per_block).map(move |word| Saved {
            offset: array + 4 * word,
            pending_of: (array == layout.set_pending).then_some((layout, word)),
        })
    })
}

/// Words of a saved CPU interface: mask, two binary points, control, two group enables.
const INTERFACE: usize = 6;
/// Words per 32 interrupts, without routes.
const PER_BLOCK: usize = 15;
/// Words of routes per 32 SPIs.
const ROUTES: usize = 64;

impl<R: Registers> Distributor<R> {
    /// Words that [`Distributor::save`] needs.
    pub fn context_words(&self) -> usize {
        let blocks = usize::from(self.lines()).div_ceil(32) - 1 + usize::from(self.extended_lines()) / 32;
        1 + blocks * (PER_BLOCK + ROUTES)
    }

    /// Registers in the order of the saved state, after the control register.
    fn registers(&self) -> impl Iterator<Item = Saved> {
        let main = 1..usize::from(self.lines()).div_ceil(32);
        let extended = 0..usize::from(self.extended_lines()) / 32;
        [(&MAIN, gicd::IROUTER, main), (&EXTENDED, gicd::IROUTER_E, extended)].into_iter().flat_map(
            |(layout, routes, blocks)| {
                let routes = (blocks.start * ROUTES..blocks.end * ROUTES).map(move |word| routes + 4 * word);
                routes.map(|offset| Saved { offset, pending_of: None }).chain(line_registers(layout, blocks))
            },
        )
    }

    /// Stores the state of all SPIs and the control register.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn save(&self, words: &mut [u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        words[0] = self.regs.read(gicd::CTLR) & !gicd::RWP;
        for (word, register) in words[1..].iter_mut().zip(self.registers()) {
            *word = self.regs.read(register.offset);
        }
        Ok(())
    }

    /// Brings back what [`Distributor::save`] stored, into a distributor in any state. Level lines are pending if their
    /// input says so now, not because it did then.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`], and the errors of [`Distributor::init`].
    pub fn restore(&self, words: &[u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        // Everything off and clear, affinity routing on; the route given here is overwritten.
        self.init(super::Affinity::new(0))?;
        self.set_forwarding(false)?;
        for (word, register) in words[1..].iter().zip(self.registers()) {
            register.restore(&self.regs, 0, *word);
        }
        self.regs.write(gicd::CTLR, words[0]);
        self.wait_for_write()
    }
}

impl<R: Registers> Redistributor<'_, R> {
    /// Words that [`Redistributor::save`] needs: at most 45.
    pub fn context_words(&self) -> usize {
        self.words() * PER_BLOCK
    }

    fn registers(&self) -> impl Iterator<Item = Saved> {
        line_registers(&MAIN, 0..self.words())
    }

    /// Stores the state of this core's private interrupts.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn save(&self, words: &mut [u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        for (word, register) in words.iter_mut().zip(self.registers()) {
            let (offset, regs) = self.word(register.offset, 0);
            *word = regs.read(offset);
        }
        Ok(())
    }

    /// Brings back what [`Redistributor::save`] stored; the redistributor is awake. Level PPIs are pending if their input
    /// says so now.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`]; [`Error::Timeout`] if disabling does not take effect.
    pub fn restore(&self, words: &[u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        for word in 0..self.words() {
            let (offset, regs) = self.word(MAIN.clear_enable, word);
            regs.write(offset, u32::MAX);
        }
        self.wait_for_write()?;
        self.clear();
        for (word, register) in words.iter().zip(self.registers()) {
            let (base, regs) = self.word(0, 0);
            register.restore(regs, base, *word);
        }
        Ok(())
    }
}

impl<S: SystemRegisters, M: EndMode> CpuInterface<S, M> {
    /// The interface registers that power-down loses. `groups`: whether group 0 registers are ours.
    fn save(&self, groups: bool) -> [u32; INTERFACE] {
        let sys = &self.sys;
        // Where group 0 is not ours, its registers trap or read as zero.
        let (point0, enable0) = if groups { (sys.bpr0(), sys.igrpen0()) } else { (0, 0) };
        [sys.pmr(), point0, sys.bpr1(), sys.ctlr(), enable0, sys.igrpen1()]
    }

    /// Brings back what [`CpuInterface::save`] stored; the group enables last.
    fn restore(&self, words: &[u32; INTERFACE], groups: bool) {
        let [mask, point0, point1, control, enable0, enable1] = *words;
        self.sys.set_ctlr(control);
        if groups {
            self.sys.set_bpr0(point0);
        }
        self.sys.set_bpr1(point1);
        self.sys.set_pmr(mask);
        if groups {
            self.sys.set_igrpen0(enable0);
        }
        self.sys.set_igrpen1(enable1);
        barrier::context();
    }
}

impl<R: Registers, S: SystemRegisters, M: EndMode, const REGIONS: usize> GicV3<R, S, M, REGIONS> {
    /// Words that [`GicV3::save_cpu`] needs on the executing core: at most 51.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchCore`] if the executing core has no redistributor here.
    pub fn cpu_context_words(&self) -> Result<usize, Error> {
        Ok(INTERFACE + self.my_redistributor()?.context_words())
    }

    /// Stores the executing core's CPU interface and private interrupts, before
    /// [`quiet_cpu`](hal_exc_api::pic::CpuInterface::quiet_cpu), [`Redistributor::sleep`] and power-down. Nothing may be
    /// in service.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`], [`Error::NoSuchCore`].
    pub fn save_cpu(&self, words: &mut [u32]) -> Result<(), Error> {
        let redistributor = self.my_redistributor()?;
        let have = words.len();
        let (interface, private) =
            words.split_first_chunk_mut().ok_or(Error::BufferTooSmall { need: self.cpu_context_words()?, have })?;
        *interface = self.interface().save(self.has_group0());
        redistributor.save(private)
    }

    /// Brings back what [`GicV3::save_cpu`] stored, on the same core after its power-up: system
    /// registers on, redistributor powered and awake, interface adopted, then the saved state.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`], [`Error::NoSuchCore`], and those of [`CpuInterface::init`].
    pub fn restore_cpu(&self, words: &[u32]) -> Result<(), Error> {
        self.interface().enable_system_registers()?;
        let redistributor = self.my_redistributor()?;
        let have = words.len();
        let (interface, private) =
            words.split_first_chunk().ok_or(Error::BufferTooSmall { need: self.cpu_context_words()?, have })?;
        redistributor.power_on()?;
        redistributor.wake()?;
        self.interface().adopt(self.distributor(), &redistributor)?;
        redistributor.restore(private)?;
        self.interface().restore(interface, self.has_group0());
        Ok(())
    }

    fn has_group0(&self) -> bool {
        self.distributor().security() != Security::NonSecure
    }
}

fn check(need: usize, have: usize) -> Result<(), Error> {
    if have >= need { Ok(()) } else { Err(Error::BufferTooSmall { need, have }) }
}
