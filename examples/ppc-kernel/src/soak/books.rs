// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was raised, posted and taken, and whether it agrees.

use core::sync::atomic::{AtomicU32, Ordering};

use ppc_support::{Failure, ensure};

use crate::kernel::Semaphore;

/// A semaphore with its books.
pub(super) struct Counted {
    pub(super) semaphore: Semaphore,
    pub(super) raised: AtomicU32,
    pub(super) posted: AtomicU32,
    pub(super) taken: AtomicU32,
}

impl Counted {
    const fn new() -> Self {
        Self {
            semaphore: Semaphore::new(0),
            raised: AtomicU32::new(0),
            posted: AtomicU32::new(0),
            taken: AtomicU32::new(0),
        }
    }
}

pub(super) static EXTERNAL: Counted = Counted::new();
pub(super) static CRITICAL: Counted = Counted::new();
pub(super) static PAGE: Counted = Counted::new();
pub(super) static BALLS: [Counted; 4] = [const { Counted::new() }; 4];

pub(super) fn get(count: &AtomicU32) -> u32 {
    count.load(Ordering::Relaxed)
}

/// Compares the counts that must agree when nothing is under way.
pub(super) fn balance() -> Result<(), Failure> {
    for (name, counted) in [("external", &EXTERNAL), ("critical", &CRITICAL)] {
        let (raised, posted, taken) = (get(&counted.raised), get(&counted.posted), get(&counted.taken));
        ensure!(posted == raised, "{name}: {raised} raised, {posted} came");
        ensure!(taken == posted, "{name}: {posted} posted, {taken} taken: a wake-up was lost or made up");
        ensure!(counted.semaphore.count() == 0, "{name}: {} left over", counted.semaphore.count());
    }
    let passed: u32 = BALLS.iter().map(|ball| get(&ball.posted)).sum();
    let caught: u32 = BALLS.iter().map(|ball| get(&ball.taken)).sum();
    let flying: u32 = BALLS.iter().map(|ball| ball.semaphore.count()).sum();
    ensure!(passed == caught + flying, "balls: {passed} passed, {caught} caught, {flying} flying");
    let (posted, taken) = (get(&PAGE.posted), get(&PAGE.taken));
    ensure!(posted == taken + PAGE.semaphore.count(), "pages: {posted} brought, {taken} used");
    Ok(())
}
