// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves.

use hal_exc_api::cpu::{Cpu, Group};

/// Whether this family serves `cpu`: 601 to 604, 7xx, 74xx and e600, G2, e300, 5xx, 8xx, and the PSIM simulator.
///
/// The 620 and the 970 are classic too, but 64 bit, and not served ([`Cpu::supported`] says so by name).
///
/// ```
/// use hal_exc_api::cpu::{self, Pvr};
///
/// let cpu = cpu::identify(Pvr(0x8001_0201))?;
/// assert!(hal_exc_ppc_classic::cpu::claims(&cpu));
/// # Ok::<(), cpu::UnknownCpu>(())
/// ```
#[must_use]
pub fn claims(cpu: &Cpu) -> bool {
    matches!(
        cpu.group(),
        Group::Ppc601
            | Group::Mpc5xx
            | Group::Ppc602
            | Group::Ppc603
            | Group::G2Le
            | Group::E300
            | Group::Ppc604
            | Group::Ppc750
            | Group::Ppc755
            | Group::Ppc7400
            | Group::Ppc7450
            | Group::Mpc8xx
            | Group::Psim
    )
}
