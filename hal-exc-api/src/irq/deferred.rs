// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deferred work: what a handler leaves for thread level.

use core::fmt;

use super::sync::{AtomicPtr, Ordering};
use flag::AtomicFlag;

type Erased = unsafe fn(*const ());

/// A piece of work, owned by a driver as a `static`, that interrupt handlers put on a
/// [`DeferredQueue`] and that runs at thread level. Put on the queue again before it ran, it runs once.
pub struct Deferred {
    next: AtomicPtr<Deferred>,
    queued: AtomicFlag,
    work: Erased,
    data: *const (),
    name: &'static str,
}

// SAFETY: `data` came from a `&'static T` with `T: Sync`, `work` is a plain function, the rest is atomic
// or immutable.
unsafe impl Sync for Deferred {}
// SAFETY: as for `Sync`; nothing belongs to a thread.
unsafe impl Send for Deferred {}

impl Deferred {
    /// Work that calls `work(data)`. `name` is for reports.
    pub const fn new<T: Sync>(name: &'static str, work: fn(&'static T), data: &'static T) -> Self {
        Self {
            next: AtomicPtr::new(core::ptr::null_mut()),
            queued: AtomicFlag::new(),
            // SAFETY: function pointers that differ only in `&'static T` and `*const ()` for a sized `T` are
            // ABI-compatible; `drain` passes the very `data` given here.
            work: unsafe { core::mem::transmute::<fn(&'static T), Erased>(work) },
            data: core::ptr::from_ref(data).cast(),
            name,
        }
    }

    /// The name for reports.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is on a queue and has not begun to run.
    pub fn is_queued(&self) -> bool {
        self.queued.is_set()
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "deferred \"{}\"{}", self.name, if self.is_queued() { ", queued" } else { "" })
    }
}

/// A queue of [`Deferred`] work, first in, first out. Any CPU and any interrupt level may put work
/// on it, without a lock; thread level drains it.
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use hal_exc_api::irq::{Deferred, DeferredQueue};
///
/// static RECEIVED: AtomicU32 = AtomicU32::new(0);
/// static WORK: Deferred = Deferred::new("uart receive", |n: &'static AtomicU32| { n.fetch_add(1, Ordering::Relaxed); }, &RECEIVED);
/// static QUEUE: DeferredQueue = DeferredQueue::new();
///
/// assert!(QUEUE.push(&WORK)); // in the handler
/// assert!(!QUEUE.push(&WORK)); // again, before it ran
/// assert_eq!(QUEUE.drain(10), 1); // at thread level
/// assert_eq!(RECEIVED.load(Ordering::Relaxed), 1);
/// ```
pub struct DeferredQueue {
    /// Newest first; taken as a whole and turned round by `drain`.
    pushed: AtomicPtr<Deferred>,
    /// Oldest first; what a drain took and has not run yet. Only touched with `draining` set.
    taken: AtomicPtr<Deferred>,
    draining: AtomicFlag,
}

impl Default for DeferredQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl DeferredQueue {
    /// An empty queue, for a `static`.
    pub const fn new() -> Self {
        Self {
            pushed: AtomicPtr::new(core::ptr::null_mut()),
            taken: AtomicPtr::new(core::ptr::null_mut()),
            draining: AtomicFlag::new(),
        }
    }

    /// Puts `work` on the queue; `false` if it is on a queue already.
    pub fn push(&self, work: &'static Deferred) -> bool {
        if !work.queued.set() {
            return false;
        }
        let ptr = core::ptr::from_ref(work).cast_mut();
        let mut head = self.pushed.load(Ordering::Relaxed);
        // Lock-free: a failed exchange means that somebody else's push succeeded.
        loop {
            work.next.store(head, Ordering::Relaxed);
            // Release: the drain sees `next` and what the handler did before.
            match self.pushed.compare_exchange_weak(head, ptr, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.pushed.load(Ordering::Relaxed).is_null() && self.taken.load(Ordering::Relaxed).is_null()
    }

    /// Runs at most `limit` pieces of work, oldest first, and answers how many. To be called at thread
    /// level with interrupts enabled; if another thread or CPU is draining, answers 0 at once.
    pub fn drain(&self, limit: usize) -> usize {
        if !self.draining.set() {
            return 0;
        }
        let mut done = 0;
        while done < limit {
            let Some(work) = self.pop() else { break };
            done += 1;
            // Cleared before it runs: work that is put on the queue while it runs, runs again.
            work.queued.clear();
            // SAFETY: `work` expects the reference that `data` was made from.
            unsafe { (work.work)(work.data) };
        }
        self.draining.clear();
        done
    }

    /// The oldest piece of work. Only with `draining` set.
    fn pop(&self) -> Option<&'static Deferred> {
        if self.taken.load(Ordering::Relaxed).is_null() {
            self.take_pushed();
        }
        // SAFETY: the lists hold only pointers made from `&'static` in `push`; Acquire in
        // `take_pushed`, or in taking `draining`, pairs with its Release.
        let work = unsafe { self.taken.load(Ordering::Relaxed).as_ref() }?;
        self.taken.store(work.next.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(work)
    }

    /// Takes what was pushed and turns it round.
    fn take_pushed(&self) {
        let mut newest = self.pushed.swap(core::ptr::null_mut(), Ordering::Acquire);
        let mut oldest_first = core::ptr::null_mut();
        // SAFETY: as in `pop`.
        while let Some(work) = unsafe { newest.as_ref() } {
            let older = work.next.load(Ordering::Relaxed);
            work.next.store(oldest_first, Ordering::Relaxed);
            oldest_first = newest;
            newest = older;
        }
        self.taken.store(oldest_first, Ordering::Relaxed);
    }
}

mod flag {
    use super::super::sync::{AtomicU32, Ordering};

    /// A flag in a whole word: byte-wide atomics cost a loop on cores that have only word reservations.
    pub(super) struct AtomicFlag(AtomicU32);

    impl AtomicFlag {
        pub(super) const fn new() -> Self {
            Self(AtomicU32::new(0))
        }

        /// Sets it; whether it was clear.
        pub(super) fn set(&self) -> bool {
            self.0.swap(1, Ordering::AcqRel) == 0
        }

        pub(super) fn clear(&self) {
            self.0.store(0, Ordering::Release);
        }

        pub(super) fn is_set(&self) -> bool {
            self.0.load(Ordering::Relaxed) != 0
        }
    }
}
