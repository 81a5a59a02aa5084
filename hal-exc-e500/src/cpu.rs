// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves.

use hal_exc_api::cpu::{Cpu, Group};

/// Whether this family serves `cpu`: e200, e500v1/v2, e500mc/e5500, e6500.
///
/// ```
/// use hal_exc_api::cpu::{self, Pvr};
///
/// let cpu = cpu::identify(Pvr(0x8021_0030))?;
/// assert!(hal_exc_e500::cpu::claims(&cpu));
/// # Ok::<(), cpu::UnknownCpu>(())
/// ```
#[must_use]
pub fn claims(cpu: &Cpu) -> bool {
    matches!(cpu.group(), Group::E200 | Group::E500 | Group::E500mc | Group::E6500)
}
