// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves, and how that was tested.
//!
//! | CPUs | table | PVRs | vectors |
//! |---|---|---|---|
//! | e200z0, z1 | e200 | drivers of chips that have them | RTEMS |
//! | e200z3, z5, z6 | e200 with SPE | QEMU, Linux (z5, z6) | e200z3 Reference Manual (chapter 4), QEMU, RTEMS |
//! | e200z4 | e200z4 | drivers of chips that have it | RTEMS; that machine check is MCSRR is to be checked against the manual |
//! | e200z7 | e200z7 | drivers of chips that have it | RTEMS; that machine check is MCSRR is to be checked against the manual |
//! | e500v1, e500v2 | e500 | QEMU, Linux, U-Boot | e500 Core Family Reference Manual (table 5-6), QEMU, RTEMS |
//! | e500mc, e5500 | e500mc | QEMU, Linux, U-Boot | QEMU, Linux |
//! | e6500 | e6500 | QEMU, Linux, U-Boot | QEMU, Linux |
//!
//! *PVRs*: what identification was compared with (`hal-exc-api/tests/cpu_models.rs`, `cpu_linux.rs`, `cargo xtask test`).
//! *Vectors*: every table is compared row by row with figures written down independently (`tests/vectors.rs`); the column says where
//! these come from.
//!
//! An e200z0 executes VLE code only: its table is here for tools, the images of this workspace cannot run on it.

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
