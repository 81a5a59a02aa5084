// SPDX-License-Identifier: MIT OR Apache-2.0
//! Installing, replacing and removing entries.

use core::fmt;

use super::list;
use super::sync::{AtomicPtr, AtomicU32, Ordering};
use super::{IrqEntry, IrqError, IrqManager, Platform};
use crate::pic::{Acknowledge, Capability, CpuMask, Line, LineMask, PicError};

/// Answer of a removal.
#[must_use = "an entry that may still be running is not to be torn down"]
#[derive(Debug)]
pub enum Removal<'m, const LINES: usize, const CPUS: usize> {
    /// The entry is out and no CPU is in it: it may be installed again, its data torn down.
    Complete,
    /// The entry is out, but a CPU was in it and did not leave in the bounded time.
    Running(Retiring<'m, LINES, CPUS>),
}

impl<const LINES: usize, const CPUS: usize> Removal<'_, LINES, CPUS> {
    /// Whether no CPU is in the entry any more.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}

/// An entry that was removed while a CPU was running it. Poll it until it is
/// [`Removal::Complete`]. If it is dropped instead, the entry stays unusable for ever.
#[must_use = "without polling the entry stays unusable"]
pub struct Retiring<'m, const LINES: usize, const CPUS: usize> {
    ended: &'m [[AtomicU32; LINES]; CPUS],
    entry: &'static IrqEntry,
    line: Line,
    /// The CPUs that were not yet seen outside, and what says so of each.
    inside: CpuMask,
    while_inside: [u32; CPUS],
}

impl<'m, const LINES: usize, const CPUS: usize> Retiring<'m, LINES, CPUS> {
    /// Looks again who is still in the entry; does not wait.
    pub fn poll(mut self) -> Removal<'m, LINES, CPUS> {
        for cpu in self.inside {
            let ended = self.ended.get(cpu.index()).and_then(|ended| ended.get(self.line.index()));
            let inside = self.while_inside.get(cpu.index());
            if let (Some(ended), Some(&inside)) = (ended, inside)
                && list::is_over(ended, inside)
            {
                self.inside = self.inside.without(cpu);
            }
        }
        if self.inside.is_empty() {
            list::release(self.entry);
            Removal::Complete
        } else {
            Removal::Running(self)
        }
    }

    /// The entry.
    pub fn entry(&self) -> &'static IrqEntry {
        self.entry
    }

    /// The CPUs that were in it at the last look.
    pub fn running_on(&self) -> CpuMask {
        self.inside
    }
}

impl<const LINES: usize, const CPUS: usize> fmt::Debug for Retiring<'_, LINES, CPUS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" of {:?}, still on {:?}", self.entry.name(), self.line, self.running_on())
    }
}

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Acknowledge + LineMask,
    P: Platform,
{
    /// Hangs `entry` on `line`, behind those that are there. The line is enabled with its first
    /// entry; if the controller refuses that, its error is the answer and the entry is free again. Only if another CPU
    /// still serves the line then, for longer than [`set_removal_patience`](Self::set_removal_patience) allows, does the
    /// entry stay [`IrqError::EntryRetiring`].
    pub fn install(&'static self, line: Line, entry: &'static IrqEntry) -> Result<(), IrqError> {
        let (controller, head) = self.check_change(line)?;
        let refused = self.lock.with(&self.platform, || {
            check_free(entry)?;
            self.check_sharing(line, None, entry)?;
            list::occupy(entry, line.number()).map_err(|word| in_use(word, line))?;
            let was_empty = list::first(head).is_none();
            list::append(head, entry);
            self.publish(line.index());
            if was_empty {
                self.forget_run(line);
                if let Err(error) = tolerate_unmaskable(controller.enable(line)) {
                    return Ok(Some((error, self.take_out(line, entry))));
                }
            }
            Ok(None)
        })?;
        let Some((error, retiring)) = refused else { return Ok(()) };
        // It was in sight for a moment. Looking who is in it is what makes it free again.
        if let Some(retiring) = retiring {
            let _ = self.wait_for(retiring);
        }
        Err(error)
    }

    /// Takes `entry` from `line`; the line is disabled with its last entry. Waits, within the bound
    /// set by [`set_removal_patience`](Self::set_removal_patience), for other CPUs that are in it.
    pub fn remove(
        &'static self,
        line: Line,
        entry: &'static IrqEntry,
    ) -> Result<Removal<'static, LINES, CPUS>, IrqError> {
        let (controller, head) = self.check_change(line)?;
        let retiring = self.lock.with(&self.platform, || {
            check_installed(entry, line)?;
            if list::first(head).is_some_and(|first| list::next(first).is_none()) {
                // The last one: nobody starts into an empty list.
                tolerate_unmaskable(controller.disable(line))?;
            }
            self.take_out(line, entry).ok_or(IrqError::NotInstalled { line })
        })?;
        Ok(self.wait_for(retiring))
    }

    /// Puts `new` where `old` is on `line`: no interrupt finds neither or both. Answers about `old`
    /// as [`remove`](Self::remove) does.
    pub fn replace(
        &'static self,
        line: Line,
        old: &'static IrqEntry,
        new: &'static IrqEntry,
    ) -> Result<Removal<'static, LINES, CPUS>, IrqError> {
        let (_, head) = self.check_change(line)?;
        let retiring = self.lock.with(&self.platform, || {
            check_free(new)?;
            check_installed(old, line)?;
            self.check_sharing(line, Some(old), new)?;
            list::occupy(new, line.number()).map_err(|word| in_use(word, line))?;
            if !list::replace(head, old, new) {
                list::release(new);
                return Err(IrqError::NotInstalled { line });
            }
            self.publish(line.index());
            Ok(self.retire(line, old))
        })?;
        Ok(self.wait_for(retiring))
    }

    /// Calls `visit` for every entry of `line`, in the order in which they are called, under the
    /// configuration lock with local interrupts masked: keep it short, and do not call the manager.
    pub fn iterate(&self, line: Line, mut visit: impl FnMut(&'static IrqEntry)) -> Result<(), IrqError> {
        self.check_line(line)?;
        let head = self.lines.get(line.index()).map(|block| &block.head).ok_or(IrqError::NotInstalled { line })?;
        self.lock.with(&self.platform, || {
            let mut node = list::first(head);
            while let Some(entry) = node {
                visit(entry);
                node = list::next(entry);
            }
            Ok(())
        })
    }

    /// Sets how often [`remove`](Self::remove) and [`replace`](Self::replace) look whether another CPU has
    /// left the entry before they answer [`Removal::Running`].
    pub fn set_removal_patience(&self, looks: u32) {
        self.patience.store(looks, Ordering::Relaxed);
    }

    /// Checks 1 to 3 of the order.
    fn check_change(&self, line: Line) -> Result<(&C, &AtomicPtr<IrqEntry>), IrqError> {
        let controller = self.check_line(line)?;
        if self.platform.in_interrupt() {
            return Err(IrqError::CalledFromInterrupt);
        }
        let head = self.lines.get(line.index()).map(|block| &block.head).ok_or(IrqError::NotInstalled { line })?;
        Ok((controller, head))
    }

    /// Checks 6 and 7: may `entry` join the others of the line, `leaving` set apart?
    fn check_sharing(&self, line: Line, leaving: Option<&IrqEntry>, entry: &IrqEntry) -> Result<(), IrqError> {
        let Some(head) = self.lines.get(line.index()).map(|block| &block.head) else { return Ok(()) };
        let others = || {
            core::iter::successors(list::first(head), |node| list::next(*node))
                .filter(|other| !leaving.is_some_and(|leaving| core::ptr::eq(*other, leaving)))
        };
        if let Some(other) = others().find(|other| entry.is_unique() || other.is_unique()) {
            return Err(IrqError::LineNotShared { line, owner: other.name() });
        }
        if let Some(other) = others().find(|other| other.same_action(entry)) {
            return Err(IrqError::DuplicateAction { line, owner: other.name() });
        }
        Ok(())
    }

    /// Unlinks and retires. `None` if it is not in the list.
    fn take_out(&'static self, line: Line, entry: &'static IrqEntry) -> Option<Retiring<'static, LINES, CPUS>> {
        let block = self.lines.get(line.index())?;
        if !list::unlink(&block.head, entry) {
            return None;
        }
        self.publish(line.index());
        Some(self.retire(line, entry))
    }

    /// After it was taken out of sight: every CPU with an open walk of the line may be in it. With one CPU that is nobody,
    /// because whoever removes was not in an interrupt.
    fn retire(&'static self, line: Line, entry: &'static IrqEntry) -> Retiring<'static, LINES, CPUS> {
        entry.mark(list::RETIRING, line);
        let inside = if CPUS == 1 { CpuMask::EMPTY } else { CpuMask::first(CPUS) };
        let while_inside = core::array::from_fn(|cpu| {
            let begun = self.begun.get(cpu).and_then(|begun| begun.get(line.index()));
            begun.map_or(0, list::while_inside)
        });
        Retiring { ended: &self.ended, entry, line, inside, while_inside }
    }

    fn wait_for<'m>(&self, retiring: Retiring<'m, LINES, CPUS>) -> Removal<'m, LINES, CPUS> {
        let mut patience = self.patience.load(Ordering::Relaxed);
        let mut answer = retiring.poll();
        while let Removal::Running(retiring) = answer {
            if patience == 0 {
                return Removal::Running(retiring);
            }
            patience -= 1;
            self.platform.relax();
            answer = retiring.poll();
        }
        answer
    }
}

fn in_use(word: u32, line: Line) -> IrqError {
    let at = Line::new((word >> 16) as u16);
    match word & 0xFFFF {
        list::INSTALLED => IrqError::EntryInUse { line: at },
        list::RETIRING => IrqError::EntryRetiring { line: at },
        _ => IrqError::NotInstalled { line },
    }
}

fn check_free(entry: &IrqEntry) -> Result<(), IrqError> {
    match entry.state() {
        list::FREE => Ok(()),
        word => Err(in_use(word, Line::new(0))),
    }
}

fn check_installed(entry: &IrqEntry, line: Line) -> Result<(), IrqError> {
    match entry.state() {
        word if word == list::state_word(list::INSTALLED, line.number()) => Ok(()),
        word if word == list::state_word(list::RETIRING, line.number()) => Err(IrqError::EntryRetiring { line }),
        _ => Err(IrqError::NotInstalled { line }),
    }
}

/// A line that cannot be masked is always enabled: no reason to refuse an entry.
fn tolerate_unmaskable(result: Result<(), PicError>) -> Result<(), IrqError> {
    match result {
        Err(PicError::Unsupported { capability: Capability::Mask, .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
