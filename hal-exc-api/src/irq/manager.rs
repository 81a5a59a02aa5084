// SPDX-License-Identifier: MIT OR Apache-2.0
//! The manager: its tables and the hot path.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::list;
use super::lock::Lock;
use super::sync::{AtomicPtr, AtomicU32, Ordering};
use super::{Delivery, IrqEntry, IrqError, IrqEvent, Platform};
use crate::handler::Handled;
use crate::pic::{Acknowledge, Acknowledged, Cascaded, Claim, CpuId, Line, LineMask, PicError, Vector};

const EMPTY: u32 = 0;
const BUILDING: u32 = 1;
const READY: u32 = 2;

/// What only the cold paths touch, per line.
pub(super) struct LineBlock {
    pub(super) head: AtomicPtr<IrqEntry>,
    pub(super) unhandled: AtomicU32,
    /// Unhandled interrupts in a row, and the line's total at the last one.
    run: AtomicU32,
    last_total: AtomicU32,
    pub(super) storms: AtomicU32,
    pub(super) longest: AtomicU32,
}

/// What only the cold paths touch, per CPU.
pub(super) struct CpuBlock {
    pub(super) spurious: AtomicU32,
    pub(super) unknown: AtomicU32,
}

/// Interrupt manager for one controller `C` on platform `P`, with room for `LINES` lines and
/// `CPUS` CPUs. Lives in a `static`; see the [module](super) for its use. With `LINES` and `CPUS` powers of two dispatch
/// is two to four instructions shorter.
///
/// # Order of checks
///
/// Every operation answers the **first** of these that applies to it:
///
/// 1. [`IrqError::NotInitialised`]
/// 2. [`IrqError::NoSuchLine`]
/// 3. [`IrqError::CalledFromInterrupt`] (install, remove, replace)
/// 4. entry in use or retiring: [`IrqError::EntryInUse`], [`IrqError::EntryRetiring`]
/// 5. [`IrqError::NotInstalled`] (remove; replace, for the old entry)
/// 6. [`IrqError::LineNotShared`]
/// 7. [`IrqError::DuplicateAction`]
/// 8. CPUs: [`IrqError::NoSuchCpu`], then [`IrqError::CpuOffline`] or [`IrqError::NoOnlineCpu`]
/// 9. what the controller answers, [`IrqError::Controller`]
///
/// [`IrqError::Busy`] can only come between 3 and 4: the lock is needed to look further.
#[repr(C)]
pub struct IrqManager<C, P, const LINES: usize, const CPUS: usize> {
    // First: within reach of one base register.
    controller: UnsafeCell<MaybeUninit<C>>,
    state: AtomicU32,
    /// What dispatch calls, see [`list`].
    pub(super) slots: [AtomicPtr<IrqEntry>; LINES],
    /// Per CPU and line: twice the interrupts served; with several CPUs odd while one is being served.
    pub(super) counters: [[AtomicU32; LINES]; CPUS],
    /// Stands in for the entries of a shared line.
    several: UnsafeCell<MaybeUninit<IrqEntry>>,
    pub(super) cpus: [CpuBlock; CPUS],
    pub(super) lines: [LineBlock; LINES],
    pub(super) platform: P,
    pub(super) lock: Lock,
    pub(super) storm_limit: AtomicU32,
    pub(super) patience: AtomicU32,
}

// SAFETY: the controller is written once, before `state` says READY, and then only shared; `C` is
// `Sync` by `InterruptController`. `Send` because the static may be initialised on any CPU.
unsafe impl<C: Send + Sync, P: Sync, const LINES: usize, const CPUS: usize> Sync for IrqManager<C, P, LINES, CPUS> {}

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS> {
    /// A manager without a controller yet, for a `static`.
    pub const fn new(platform: P) -> Self {
        const {
            assert!(LINES > 0 && LINES <= 1 << 16, "LINES must be 1 to 65536");
            assert!(CPUS > 0 && CPUS <= CpuId::LIMIT, "CPUS must be 1 to 32");
        }
        Self {
            controller: UnsafeCell::new(MaybeUninit::uninit()),
            state: AtomicU32::new(EMPTY),
            slots: [const { AtomicPtr::new(core::ptr::null_mut()) }; LINES],
            counters: [const { [const { AtomicU32::new(0) }; LINES] }; CPUS],
            several: UnsafeCell::new(MaybeUninit::uninit()),
            cpus: [const { CpuBlock { spurious: AtomicU32::new(0), unknown: AtomicU32::new(0) } }; CPUS],
            lines: [const {
                LineBlock {
                    head: AtomicPtr::new(core::ptr::null_mut()),
                    unhandled: AtomicU32::new(0),
                    run: AtomicU32::new(0),
                    last_total: AtomicU32::new(0),
                    storms: AtomicU32::new(0),
                    longest: AtomicU32::new(0),
                }
            }; LINES],
            platform,
            lock: Lock::new(),
            storm_limit: AtomicU32::new(DEFAULT_STORM_LIMIT),
            patience: AtomicU32::new(DEFAULT_PATIENCE),
        }
    }
}

/// Stands in on a line without entries: nobody is responsible.
pub(super) static NOBODY: IrqEntry = IrqEntry::new("nobody", |_: &'static (), _| Handled::NotHandled, &());

/// The index into a table of `N`. A power of two costs no test: a number beyond it, which the controller's or
/// platform's contract rules out, then means another entry, never memory beyond the table.
#[inline(always)]
const fn within<const N: usize>(index: usize) -> usize {
    if N.is_power_of_two() { index & (N - 1) } else { index }
}

/// Unhandled interrupts in a row after which a line is masked, unless set otherwise.
pub const DEFAULT_STORM_LIMIT: u32 = 1000;
/// Looks at another CPU's counter before a removal is answered as still running, unless set
/// otherwise.
pub const DEFAULT_PATIENCE: u32 = 1_000_000;

impl<C, P, const LINES: usize, const CPUS: usize> IrqManager<C, P, LINES, CPUS>
where
    C: Acknowledge + LineMask,
    P: Platform,
{
    /// Whether more than one CPU can walk a list.
    const SMP: bool = CPUS > 1;

    /// Gives the manager its controller, which must be set up; once.
    pub fn init(&'static self, controller: C) -> Result<(), IrqError>
    where
        C: Send,
    {
        if self.state.compare_exchange(EMPTY, BUILDING, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(IrqError::AlreadyInitialised);
        }
        let lines = controller.line_count();
        if usize::from(lines) > LINES {
            self.state.store(EMPTY, Ordering::Release);
            return Err(IrqError::TooManyLines { controller: lines, room: LINES });
        }
        // SAFETY: BUILDING keeps everybody else out, READY is not yet said.
        unsafe {
            (*self.controller.get()).write(controller);
            (*self.several.get()).write(IrqEntry::new("shared line", Self::call_all, self));
        }
        for (slot, block) in self.slots.iter().zip(&self.lines) {
            list::publish(slot, &block.head, &NOBODY, self.several());
        }
        self.state.store(READY, Ordering::Release);
        Ok(())
    }

    /// The entry that stands in for several.
    pub(super) fn several(&'static self) -> &'static IrqEntry {
        // SAFETY: only called after `init` has written it, and it is never written again.
        unsafe { (*self.several.get()).assume_init_ref() }
    }

    /// Calls all entries of a shared line, in install order. Runs between `enter` and `leave` of `serve`.
    fn call_all(&'static self, delivery: Delivery) -> Handled {
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

    /// Whether [`init`](Self::init) has succeeded.
    pub fn is_initialised(&self) -> bool {
        self.state.load(Ordering::Acquire) == READY
    }

    /// The controller, for what the manager does not wrap. Calls that [`crate::pic`] lists as
    /// serialised by the caller go through [`configure`](Self::configure).
    pub fn controller(&self) -> Result<&C, IrqError> {
        if !self.is_initialised() {
            return Err(IrqError::NotInitialised);
        }
        // SAFETY: READY was said after the controller was written, and it is never written again.
        Ok(unsafe { self.controller_unchecked() })
    }

    /// The controller.
    ///
    /// # Safety
    ///
    /// * [`is_initialised`](Self::is_initialised) has answered `true`, on this CPU or before something
    ///   that this CPU synchronised with.
    #[inline(always)]
    pub(super) unsafe fn controller_unchecked(&self) -> &C {
        // SAFETY: by contract it was written; from then on it is only shared.
        unsafe { (*self.controller.get()).assume_init_ref() }
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
            match controller.acknowledge(cpu) {
                Acknowledged::Claimed(claim) => {
                    let delivery = Delivery::new(claim.line(), claim.source_cpu());
                    // SAFETY: by contract the manager is initialised.
                    let _ = unsafe { self.serve(cpu, delivery) };
                    controller.end(claim);
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

    /// Calls the handlers of a line, and counts.
    ///
    /// # Safety
    ///
    /// * As for [`controller_unchecked`](Self::controller_unchecked): every slot is published.
    #[inline(always)]
    unsafe fn serve(&self, cpu: CpuId, delivery: Delivery) -> Handled {
        let line = delivery.line();
        let index = within::<LINES>(line.index());
        let counters = if CPUS == 1 { self.counters.first() } else { self.counters.get(within::<CPUS>(cpu.index())) };
        let (Some(counter), Some(slot)) = (counters.and_then(|counters| counters.get(index)), self.slots.get(index))
        else {
            return self.beyond(cpu, line);
        };
        list::enter(counter, Self::SMP);
        self.platform.allow_preemption();
        let started = P::CLOCK.map(|now| now());
        // SAFETY: `init` publishes every slot.
        let result = unsafe { list::slot(slot) }.call(delivery);
        if let (Some(now), Some(started)) = (P::CLOCK, started) {
            self.note_time(line, now().wrapping_sub(started));
        }
        if result == Handled::NotHandled {
            self.unhandled(&delivery);
        }
        self.platform.forbid_preemption();
        list::leave(counter, Self::SMP);
        result
    }

    fn note_time(&self, line: Line, time: u32) {
        if let Some(block) = self.lines.get(line.index())
            && time > block.longest.load(Ordering::Relaxed)
        {
            block.longest.fetch_max(time, Ordering::Relaxed);
        }
    }

    /// Takes its argument by reference, so that the line waits on the stack instead of in a register
    /// that the hot path would have to save and restore.
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

    /// Interrupts of the line that were begun, on all CPUs, modulo 2³¹.
    pub(super) fn total(&self, line: Line) -> u32 {
        let mut sum = 0u32;
        for counters in &self.counters {
            if let Some(counter) = counters.get(line.index()) {
                sum = sum.wrapping_add(counter.load(Ordering::Relaxed).wrapping_add(1) >> 1);
            }
        }
        sum
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
        self.platform.report(IrqEvent::Beyond { cpu, line });
        Handled::NotHandled
    }

    /// Calls `work` with the controller, under the configuration lock with local interrupts masked: what
    /// [`crate::pic`] lists as serialised by the caller.
    pub fn configure<T>(&self, work: impl FnOnce(&C) -> Result<T, IrqError>) -> Result<T, IrqError> {
        let controller = self.controller()?;
        self.lock.with(&self.platform, || work(controller))
    }

    /// Checks 1 and 2 of the order.
    pub(super) fn check_line(&self, line: Line) -> Result<&C, IrqError> {
        let controller = self.controller()?;
        controller.check_line(line)?;
        if line.index() >= LINES {
            return Err(PicError::NoSuchLine { line, count: controller.line_count() }.into());
        }
        Ok(controller)
    }

    /// A storm is over when somebody enables the line again.
    pub(super) fn forget_run(&self, line: Line) {
        if let Some(block) = self.lines.get(line.index()) {
            block.run.store(0, Ordering::Relaxed);
        }
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
