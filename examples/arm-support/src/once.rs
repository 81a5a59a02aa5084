// SPDX-License-Identifier: MIT OR Apache-2.0
//! A static that core 0 sets once, before the other cores read it.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

/// Holds a value from [`SetOnce::set`] on.
#[derive(Debug)]
pub struct SetOnce<T> {
    ready: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written before `ready` is set (release) and only shared afterwards.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// Without a value.
    pub const fn new() -> Self {
        Self { ready: AtomicBool::new(false), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Sets the value; for core 0 alone, once. A second call is ignored.
    pub fn set(&self, value: T) {
        if !self.ready.load(Ordering::Relaxed) {
            // SAFETY: core 0 alone calls this, and nobody reads before `ready`.
            unsafe { (*self.value.get()).write(value) };
            self.ready.store(true, Ordering::Release);
        }
    }

    /// The value, if it is set.
    pub fn get(&self) -> Option<&T> {
        // SAFETY: `ready` is set after the value was written, which happens once.
        self.ready.load(Ordering::Acquire).then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}
