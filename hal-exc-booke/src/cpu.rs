// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves.

use hal_exc_api::cpu::{Cpu, Group};

/// Whether this family serves `cpu`: 403, 405, 440, 460, 464.
///
/// ```
/// use hal_exc_api::cpu::{self, Pvr};
///
/// let cpu = cpu::identify(Pvr(0x4222_18D3))?;
/// assert!(hal_exc_booke::cpu::claims(&cpu));
/// # Ok::<(), cpu::UnknownCpu>(())
/// ```
#[must_use]
pub fn claims(cpu: &Cpu) -> bool {
    matches!(cpu.group(), Group::Ppc403 | Group::Ppc405 | Group::Ppc440)
}
