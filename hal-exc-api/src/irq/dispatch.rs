// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dispatch: from the controller's answer to the entries and back, the hot path.

use super::list;
use super::manager::LineBlock;
use super::sync::{AtomicU32, Ordering, fence};
use super::{Delivery, IrqEvent, IrqManager, Platform};
use crate::handler::Handled;
use crate::pic::{Acknowledge, Acknowledged, Cascaded, Claim, CpuId, Line, LineMask, Vector};

/// The index into a table of `N`. A power of two costs no test: a number beyond it, which the controller's or
/// platform's contract rules out, then means another entry, never memory beyond the table.
#[inline(always)]
const fn within<const N: usize>(index: usize) -> usize {
    if N.is_power_of_two() { index & (N - 1) } else { index }
}

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Acknowledge + LineMask,
    P: Platform,
{
    /// Whether more than one CPU can walk a list.
    const SMP: bool = CPUS > 1;

    /// Calls all entries of a shared line, in install order. Runs between `enter` and `leave` of `serve`.
    pub(super) fn call_all(&'static self, delivery: Delivery) -> Handled {
        let mut result = Handled::NotHandled;
        let Some(block) = self.lines.get(delivery.line().index()) else { return result };
        let mut node = list::first(&block.head);
        while let Some(entry) = node {
            if entry.call(delivery) == Handled::Handled {
                result = Handled::Handled;
            }
            node = list::next(entry);
        }
        result
    }

    /// Takes and serves what the controller has for the executing CPU: acknowledge, the handlers of
    /// the line in install order, end of interrupt. [`Handled::NotHandled`] only if the controller
    /// answered nonsense or the manager is not initialised.
    #[inline]
    pub fn dispatch(&self) -> Handled {
        match self.controller() {
            // SAFETY: the controller was given out, so the manager is initialised.
            Ok(controller) => unsafe { self.dispatch_from(controller) },
            Err(_) => Handled::NotHandled,
        }
    }

    /// [`dispatch`](Self::dispatch) without the test.
    ///
    /// # Safety
    ///
    /// * As for [`controller_unchecked`](Self::controller_unchecked).
    #[inline(always)]
    pub(super) unsafe fn dispatch_from(&self, controller: &C) -> Handled {
        let cpu = self.platform.cpu();
        // With DRAIN the bound only keeps a screaming line from holding the CPU in here for ever.
        let mut rounds = if C::DRAIN { LINES } else { 1 };
        let mut served = false;
        while rounds > 0 {
            // With several CPUs `serve` executes full barriers before and behind the handlers.
            let answer =
                if Self::SMP { controller.acknowledge_before_barrier(cpu) } else { controller.acknowledge(cpu) };
            match answer {
                Acknowledged::Claimed(claim) => {
                    let delivery = Delivery::new(claim.line(), claim.source_cpu());
                    // SAFETY: by contract the manager is initialised.
                    let _ = unsafe { self.serve(cpu, delivery) };
                    if Self::SMP { controller.end_after_barrier(claim) } else { controller.end(claim) }
                }
                Acknowledged::Spurious if C::DRAIN && served => break,
                Acknowledged::Spurious => return self.spurious(),
                Acknowledged::Unknown(vector) => return self.unknown_vector(vector),
            }
            served = true;
            rounds -= 1;
        }
        Handled::Handled
    }

    /// Calls the handlers of a line without asking the controller: for lines that reach the CPU by
    /// another way (critical routing, a private input) and were found out by software.
    /// [`Handled::NotHandled`] if no entry was responsible.
    ///
    /// The caller guarantees what [`Acknowledge`] says: the line is not served twice at the same time by
    /// one CPU.
    pub fn dispatch_line(&self, line: Line) -> Handled {
        if !self.is_initialised() {
            return Handled::NotHandled;
        }
        // SAFETY: just seen.
        unsafe { self.serve(self.platform.cpu(), Delivery::new(line, None)) }
    }

    /// Index of a CPU's and line's slot and counters in the flattened tables: one number, so that one base register
    /// serves all of them.
    #[inline(always)]
    fn place(cpu: CpuId, line: Line) -> Option<usize> {
        let cpu = if CPUS == 1 { 0 } else { within::<CPUS>(cpu.index()) };
        let line = within::<LINES>(line.index());
        (cpu < CPUS && line < LINES).then_some(cpu * LINES + line)
    }

    /// Calls the handlers of a line, and counts. With several CPUs a full barrier lies before and behind the handlers.
    ///
    /// # Safety
    ///
    /// * As for [`controller_unchecked`](Self::controller_unchecked): every slot is published.
    #[inline(always)]
    unsafe fn serve(&self, cpu: CpuId, delivery: Delivery) -> Handled {
        let delivery = if Self::SMP { delivery.of_unknown_range() } else { delivery };
        let line = delivery.line();
        let place = Self::place(cpu, line);
        let begun = place.and_then(|place| self.begun.as_flattened().get(place));
        let ended = place.and_then(|place| self.ended.as_flattened().get(place));
        let slot = place.and_then(|place| self.slots.as_flattened().get(place));
        let (Some(begun), Some(ended), Some(slot)) = (begun, ended, slot) else { return self.beyond(cpu, line) };
        list::enter(begun, Self::SMP);
        self.platform.allow_preemption();
        let started = P::CLOCK.map(|now| now());
        // SAFETY: `init` publishes every slot.
        let result = unsafe { list::slot(slot) }.call(delivery);
        if let (Some(now), Some(started)) = (P::CLOCK, started) {
            self.note_time(line, now().wrapping_sub(started));
        }
        if result == Handled::NotHandled {
            // Neither keeps the line in a register that the hot path would have to save and restore.
            if Self::SMP { self.unhandled_at(begun) } else { self.unhandled(&delivery) }
        }
        self.platform.forbid_preemption();
        list::leave(begun, ended, Self::SMP);
        result
    }

    fn note_time(&self, line: Line, time: u32) {
        if let Some(block) = self.lines.get(line.index())
            && time > block.longest.load(Ordering::Relaxed)
        {
            block.longest.fetch_max(time, Ordering::Relaxed);
        }
    }

    /// The line is found again from its counter, which the end of the walk needs anyway.
    #[cold]
    #[inline(never)]
    fn unhandled_at(&self, begun: &AtomicU32) {
        let bytes = core::ptr::from_ref(begun).addr().wrapping_sub(self.begun.as_ptr().addr());
        let line = Line::new((bytes / size_of::<AtomicU32>() % LINES) as u16);
        self.unhandled(&Delivery::new(line, None));
    }

    /// Takes its argument by reference, so that the line waits on the stack.
    #[cold]
    #[inline(never)]
    fn unhandled(&self, delivery: &Delivery) {
        let line = delivery.line();
        let Some(block) = self.lines.get(line.index()) else { return };
        block.unhandled.fetch_add(1, Ordering::Relaxed);
        // In a row: no other interrupt of this line was served since the last unhandled one.
        let total = self.total(line);
        let run = if block.last_total.swap(total, Ordering::Relaxed).wrapping_add(1) == total {
            block.run.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            block.run.store(1, Ordering::Relaxed);
            1
        };
        self.platform.report(IrqEvent::Unhandled { line, has_entries: list::first(&block.head).is_some() });
        let limit = self.storm_limit.load(Ordering::Relaxed);
        if limit != 0 && run >= limit {
            self.mask_storm(line, block, run);
        }
    }

    fn mask_storm(&self, line: Line, block: &LineBlock, run: u32) {
        let masked = self.configure(|controller| Ok(controller.disable(line)?));
        self.platform.report(match masked {
            Ok(()) => {
                block.run.store(0, Ordering::Relaxed);
                block.storms.fetch_add(1, Ordering::Relaxed);
                IrqEvent::StormMasked { line, run }
            }
            Err(error) => IrqEvent::StormNotMasked { line, error },
        });
    }

    /// Interrupts of the line that were begun, on all CPUs, modulo 2³².
    pub(super) fn total(&self, line: Line) -> u32 {
        let counters = self.begun.iter().filter_map(|counters| counters.get(line.index()));
        counters.fold(0, |sum, counter| sum.wrapping_add(counter.load(Ordering::Relaxed)))
    }

    #[cold]
    #[inline(never)]
    fn spurious(&self) -> Handled {
        let cpu = self.platform.cpu();
        if let Some(block) = self.cpus.get(cpu.index()) {
            block.spurious.fetch_add(1, Ordering::Relaxed);
        }
        self.platform.report(IrqEvent::Spurious { cpu });
        Handled::Handled
    }

    #[cold]
    #[inline(never)]
    fn unknown_vector(&self, vector: Vector) -> Handled {
        let cpu = self.platform.cpu();
        if let Some(block) = self.cpus.get(cpu.index()) {
            block.unknown.fetch_add(1, Ordering::Relaxed);
        }
        self.platform.report(IrqEvent::UnknownVector { cpu, vector });
        Handled::NotHandled
    }

    /// A controller or platform that names a line or CPU beyond its own count.
    #[cold]
    #[inline(never)]
    fn beyond(&self, cpu: CpuId, line: Line) -> Handled {
        // The barriers that `serve` owes.
        fence(Ordering::SeqCst);
        self.platform.report(IrqEvent::Beyond { cpu, line });
        Handled::NotHandled
    }
}

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Cascaded + LineMask,
    P: Platform,
{
    /// Handler for the line above a cascaded controller: serves until there is nothing more, at
    /// most the controller's burst limit. To be used as an entry's handler:
    /// `IrqEntry::new("isa", IrqManager::dispatch_cascaded, &ISA)`.
    pub fn dispatch_cascaded(&'static self, _: Delivery) -> Handled {
        let Ok(controller) = self.controller() else { return Handled::NotHandled };
        let cpu = self.platform.cpu();
        let mut result = Handled::NotHandled;
        for _ in 0..controller.burst_limit().max(1) {
            match controller.acknowledge(cpu) {
                Acknowledged::Claimed(claim) => {
                    let delivery = Delivery::new(claim.line(), claim.source_cpu());
                    // SAFETY: the controller was given out, so the manager is initialised.
                    let _ = unsafe { self.serve(cpu, delivery) };
                    controller.end(claim);
                    // Served or counted as unhandled down here: the line above did its job.
                    result = Handled::Handled;
                }
                Acknowledged::Spurious if result == Handled::NotHandled && controller.took_masked() => {
                    // Or a device of one masked line would have the line above taken for a storm, and all others masked.
                    result = Handled::Handled;
                    break;
                }
                Acknowledged::Spurious => {
                    if result == Handled::NotHandled {
                        let _ = self.spurious();
                    }
                    break;
                }
                Acknowledged::Unknown(vector) => return self.unknown_vector(vector),
            }
        }
        result
    }
}
