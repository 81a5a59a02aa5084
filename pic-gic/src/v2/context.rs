// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saving and restoring over power-down, into memory of the caller.

use super::registers::{gicc, gicd};
use super::{CpuInterface, Distributor, EndMode, GicV2};
use crate::Error;
use crate::access::Registers;
use crate::bank::{MAIN, edges};
use crate::version::Version;

/// Words of a saved private part: enable, group, config, 8 priorities, pending, active; control,
/// mask, binary point; 4 of pending SGIs by source.
const PRIVATE_WORDS: usize = 20;

impl<R: Registers> Distributor<R> {
    /// Words that [`Distributor::save`] needs.
    pub fn context_words(&self) -> usize {
        let words = usize::from(self.lines()).div_ceil(32) - 1;
        // Enable, pending, active, group; config 2; priorities 8, targets 8; control.
        1 + words * (4 + 2 + 8 + 8)
    }

    fn arrays(&self) -> impl Iterator<Item = (usize, usize)> {
        // Configuration before enables, so that a restored line is right when it starts.
        [
            (MAIN.group, 1),
            (MAIN.config, 2),
            (MAIN.priority, 8),
            (gicd::ITARGETSR, 8),
            (MAIN.set_active, 1),
            (MAIN.set_pending, 1),
            (MAIN.set_enable, 1),
        ]
        .into_iter()
    }

    /// Stores the state of all SPIs and the control register.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn save(&self, words: &mut [u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        let mut to = words.iter_mut();
        let mut put = |value| {
            if let Some(word) = to.next() {
                *word = value;
            }
        };
        put(self.regs.read(gicd::CTLR));
        let blocks = usize::from(self.lines()).div_ceil(32);
        for (array, per_block) in self.arrays() {
            for word in per_block..blocks * per_block {
                put(self.regs.read(array + 4 * word));
            }
        }
        Ok(())
    }

    /// Brings back what [`Distributor::save`] stored, into a distributor in any state. Level lines are pending if their
    /// input says so now, not because it did then.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn restore(&self, words: &[u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        let mut from = words.iter().copied();
        let control = from.next().unwrap_or(0);
        self.regs.write(gicd::CTLR, 0);
        let blocks = usize::from(self.lines()).div_ceil(32);
        for block in 1..blocks {
            self.regs.write(MAIN.clear_enable + 4 * block, u32::MAX);
            self.regs.write(MAIN.clear_pending + 4 * block, u32::MAX);
            if self.version() == Version::V2 {
                self.regs.write(MAIN.clear_active + 4 * block, u32::MAX);
            }
        }
        for (array, per_block) in self.arrays() {
            for word in per_block..blocks * per_block {
                let mut value = from.next().unwrap_or(0);
                if array == MAIN.set_pending {
                    value &= edges(&self.regs, 0, &MAIN, word);
                }
                if array != MAIN.set_active || self.version() == Version::V2 {
                    self.regs.write(array + 4 * word, value);
                }
            }
        }
        self.regs.write(gicd::CTLR, control);
        Ok(())
    }
}

impl<R: Registers, M: EndMode> CpuInterface<R, M> {
    /// Words that [`CpuInterface::save`] needs.
    pub const CONTEXT_WORDS: usize = PRIVATE_WORDS;

    /// Stores this core's private lines and interface registers. Nothing may be in service.
    pub fn save<D: Registers>(&self, distributor: &Distributor<D>) -> [u32; PRIVATE_WORDS] {
        let mut words = [0; PRIVATE_WORDS];
        let d = &distributor.regs;
        words[0] = d.read(MAIN.set_enable);
        words[1] = d.read(MAIN.group);
        words[2] = d.read(MAIN.config + 4);
        for (n, word) in words[3..11].iter_mut().enumerate() {
            *word = d.read(MAIN.priority + 4 * n);
        }
        words[11] = d.read(MAIN.set_pending);
        words[12] = d.read(MAIN.set_active);
        words[13] = self.regs.read(gicc::CTLR);
        words[14] = self.regs.read(gicc::PMR);
        words[15] = self.regs.read(gicc::BPR);
        if distributor.version() == Version::V2 {
            for (n, word) in words[16..].iter_mut().enumerate() {
                *word = d.read(gicd::SPENDSGIR + 4 * n);
            }
        }
        words
    }

    /// Brings back what [`CpuInterface::save`] stored, on the same core. Level PPIs are pending if their input says so now.
    /// GICv1 cannot make SGIs pending again: what it lost is lost.
    ///
    /// # Errors
    ///
    /// As [`CpuInterface::adopt`], which it begins with.
    pub fn restore<D: Registers>(
        &self,
        distributor: &Distributor<D>,
        words: &[u32; PRIVATE_WORDS],
    ) -> Result<(), Error> {
        self.adopt(distributor)?;
        let d = &distributor.regs;
        d.write(MAIN.clear_enable, u32::MAX);
        if distributor.has_groups() {
            d.write(MAIN.group, words[1]);
        }
        d.write(MAIN.config + 4, words[2]);
        for (n, word) in words[3..11].iter().enumerate() {
            d.write(MAIN.priority + 4 * n, *word);
        }
        // SGIs cannot be made pending through this register; PPIs can.
        d.write(MAIN.set_pending, words[11] & 0xffff_0000 & edges(d, 0, &MAIN, 0));
        if distributor.version() == Version::V2 {
            d.write(MAIN.set_active, words[12]);
            // Only those that were pending: an emulator takes a zero for an SGI that nobody sent.
            let sources = words[16..].iter().flat_map(|word| word.to_le_bytes());
            for (n, sources) in sources.enumerate().filter(|&(_, sources)| sources != 0) {
                d.write8(gicd::SPENDSGIR + n, sources);
            }
        }
        d.write(MAIN.set_enable, words[0]);
        self.regs.write(gicc::BPR, words[15]);
        self.regs.write(gicc::PMR, words[14]);
        self.regs.write(gicc::CTLR, words[13]);
        Ok(())
    }
}

impl<R: Registers + Sync, M: EndMode> GicV2<R, M> {
    /// Words that [`GicV2::save_cpu`] needs.
    pub const CPU_CONTEXT_WORDS: usize = PRIVATE_WORDS;

    /// Stores the executing core's CPU interface and private interrupts, before
    /// [`quiet_cpu`](hal_exc_api::pic::CpuInterface::quiet_cpu) and power-down. Nothing may be in service.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn save_cpu(&self, words: &mut [u32]) -> Result<(), Error> {
        let have = words.len();
        let words = words.first_chunk_mut().ok_or(Error::BufferTooSmall { need: PRIVATE_WORDS, have })?;
        *words = self.interface().save(self.distributor());
        Ok(())
    }

    /// Brings back what [`GicV2::save_cpu`] stored, on the same core after its power-up.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`], and as [`CpuInterface::adopt`].
    pub fn restore_cpu(&self, words: &[u32]) -> Result<(), Error> {
        let have = words.len();
        let words = words.first_chunk().ok_or(Error::BufferTooSmall { need: PRIVATE_WORDS, have })?;
        self.interface().restore(self.distributor(), words)
    }
}

fn check(need: usize, have: usize) -> Result<(), Error> {
    if have >= need { Ok(()) } else { Err(Error::BufferTooSmall { need, have }) }
}
