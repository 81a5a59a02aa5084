// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lock of the configuration: bounded, and held only with local interrupts masked.

use super::sync::{AtomicU32, Ordering};
use super::{IrqError, Platform};

/// How often a CPU looks at a lock that another one holds before it answers [`IrqError::Busy`]. The
/// longest thing done under the lock is a controller's bounded wait.
const PATIENCE: u32 = 10_000_000;

pub(super) struct Lock(AtomicU32);

impl Lock {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Runs `work` alone. `Busy` if the lock is not to be had, also when this CPU holds it.
    pub(super) fn with<P: Platform, T>(
        &self,
        platform: &P,
        work: impl FnOnce() -> Result<T, IrqError>,
    ) -> Result<T, IrqError> {
        // Masked first: an interrupt handler that wants the lock must not interrupt its holder.
        let saved = platform.mask_local();
        let mut patience = PATIENCE;
        let result = loop {
            // Acquire: what the last holder did is seen.
            if self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                let result = work();
                self.0.store(0, Ordering::Release);
                break result;
            }
            if patience == 0 {
                break Err(IrqError::Busy);
            }
            patience -= 1;
            platform.relax();
        };
        platform.restore_local(saved);
        result
    }
}
