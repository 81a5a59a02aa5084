// SPDX-License-Identifier: MIT OR Apache-2.0
//! The manager: its tables and its controller.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::list;
use super::lock::Lock;
use super::sync::{AtomicPtr, AtomicU32, Ordering};
use super::{IrqEntry, IrqError, Platform};
use crate::handler::Handled;
use crate::pic::{Acknowledge, CpuId, Line, LineMask, PicError};

const EMPTY: u32 = 0;
const BUILDING: u32 = 1;
const READY: u32 = 2;

/// What only the cold paths touch, per line.
pub(super) struct LineBlock {
    pub(super) head: AtomicPtr<IrqEntry>,
    pub(super) unhandled: AtomicU32,
    /// Unhandled interrupts in a row, and the line's total at the last one.
    pub(super) run: AtomicU32,
    pub(super) last_total: AtomicU32,
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
    /// What dispatch calls, per CPU and line, see [`list`].
    pub(super) slots: [[AtomicPtr<IrqEntry>; LINES]; CPUS],
    /// Interrupts of which the serving was begun, per CPU and line.
    pub(super) begun: [[AtomicU32; LINES]; CPUS],
    /// The same when it ended; not kept with one CPU.
    pub(super) ended: [[AtomicU32; LINES]; CPUS],
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
            slots: [const { [const { AtomicPtr::new(core::ptr::null_mut()) }; LINES] }; CPUS],
            begun: [const { [const { AtomicU32::new(0) }; LINES] }; CPUS],
            ended: [const { [const { AtomicU32::new(0) }; LINES] }; CPUS],
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
        for index in 0..LINES {
            self.publish(index);
        }
        self.state.store(READY, Ordering::Release);
        Ok(())
    }

    /// The entry that stands in for several.
    pub(super) fn several(&'static self) -> &'static IrqEntry {
        // SAFETY: only called after `init` has written it, and it is never written again.
        unsafe { (*self.several.get()).assume_init_ref() }
    }

    /// Shows dispatch what the list of line `index` now holds.
    pub(super) fn publish(&'static self, index: usize) {
        let Some(block) = self.lines.get(index) else { return };
        let slots = self.slots.iter().filter_map(|slots| slots.get(index));
        list::publish(slots, &block.head, &NOBODY, self.several());
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
