// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which cores have arrived. One word per core, one writer each, no lock.

use crate::{MAX_CPUS, wait};
use core::sync::atomic::{AtomicU32, Ordering};

static UP: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// This core has reached Rust code.
pub(crate) fn mark_up(cpu: usize) {
    UP[cpu].store(1, Ordering::Release);
}

/// Whether that core has reached Rust code since the image started.
pub fn is_up(cpu: usize) -> bool {
    UP.get(cpu)
        .is_some_and(|up| up.load(Ordering::Acquire) != 0)
}

/// Number of cores that have reached Rust code.
pub fn count() -> usize {
    (0..MAX_CPUS).filter(|&cpu| is_up(cpu)).count()
}

/// Waits until `cpus` cores are up, at most a number of polls; whether they are.
pub fn wait_for(cpus: usize) -> bool {
    wait::until(|| count() >= cpus)
}
