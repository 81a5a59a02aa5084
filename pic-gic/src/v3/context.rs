// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saving and restoring over power-down, into memory of the caller.

use super::registers::gicd;
use super::{Distributor, Redistributor};
use crate::Error;
use crate::access::Registers;
use crate::bank::{EXTENDED, Layout, MAIN};

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

    /// Register offsets in the order of the saved state, after the control register.
    fn registers(&self) -> impl Iterator<Item = usize> {
        let main = 1..usize::from(self.lines()).div_ceil(32);
        let extended = 0..usize::from(self.extended_lines()) / 32;
        [(&MAIN, gicd::IROUTER, main), (&EXTENDED, gicd::IROUTER_E, extended)].into_iter().flat_map(
            |(layout, routes, blocks)| {
                let routes = (blocks.start * ROUTES..blocks.end * ROUTES).map(move |word| routes + 4 * word);
                let lines = arrays(layout).into_iter().flat_map(move |(array, per_block)| {
                    (blocks.start * per_block..blocks.end * per_block).map(move |word| array + 4 * word)
                });
                routes.chain(lines)
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
            *word = self.regs.read(register);
        }
        Ok(())
    }

    /// Brings back what [`Distributor::save`] stored, into a distributor in any state.
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
            self.regs.write(register, *word);
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

    fn registers(&self) -> impl Iterator<Item = usize> {
        let blocks = self.words();
        arrays(&MAIN)
            .into_iter()
            .flat_map(move |(array, per_block)| (0..blocks * per_block).map(move |word| array + 4 * word))
    }

    /// Stores the state of this core's private interrupts.
    ///
    /// # Errors
    ///
    /// [`Error::BufferTooSmall`].
    pub fn save(&self, words: &mut [u32]) -> Result<(), Error> {
        check(self.context_words(), words.len())?;
        for (word, register) in words.iter_mut().zip(self.registers()) {
            let (offset, regs) = self.word(register, 0);
            *word = regs.read(offset);
        }
        Ok(())
    }

    /// Brings back what [`Redistributor::save`] stored; the redistributor is awake.
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
            let (offset, regs) = self.word(register, 0);
            regs.write(offset, *word);
        }
        Ok(())
    }
}

fn check(need: usize, have: usize) -> Result<(), Error> {
    if have >= need { Ok(()) } else { Err(Error::BufferTooSmall { need, have }) }
}
