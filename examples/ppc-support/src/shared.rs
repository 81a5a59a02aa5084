// SPDX-License-Identifier: MIT OR Apache-2.0
//! A value that the program and its handlers share, on one CPU.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// Holds a value for whoever comes first; whoever interrupts that one goes away empty-handed. The program keeps
/// the interrupts that need the value masked while it uses it.
#[derive(Debug)]
pub struct Shared<T> {
    busy: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: `busy` lets one user at a time near the value.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// Nothing in it yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a `static`'s initial value has to be `const`")]
    pub const fn new() -> Self {
        Self { busy: AtomicBool::new(false), value: UnsafeCell::new(None) }
    }

    /// Puts a value in; whether nobody was using the old one.
    pub fn put(&self, value: T) -> bool {
        self.locked(|place| *place = Some(value)).is_some()
    }

    /// Uses the value, if there is one and nobody else is using it.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.locked(|place| place.as_mut().map(work)).flatten()
    }

    fn locked<R>(&self, work: impl FnOnce(&mut Option<T>) -> R) -> Option<R> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: not busy before, busy now: nobody else is here until the store below.
        let result = work(unsafe { &mut *self.value.get() });
        self.busy.store(false, Ordering::Release);
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_at_a_time() {
        let shared = Shared::new();
        assert_eq!(shared.with(|n: &mut u32| *n), None);
        assert!(shared.put(1));
        assert_eq!(shared.with(|n| (*n, shared.put(2), shared.with(|n| *n))), Some((1, false, None)));
        assert_eq!(shared.with(|n| *n), Some(1));
    }
}
