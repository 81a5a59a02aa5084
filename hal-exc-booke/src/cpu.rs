// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves, and how that was tested.
//!
//! | CPUs | table | PVRs | vectors |
//! |---|---|---|---|
//! | 403GA, 403GB | 403 without MMU | U-Boot | QEMU's former model |
//! | 403GC, 403GCX | 403 | U-Boot | QEMU's former model |
//! | 405 | 405 | QEMU, Linux, U-Boot | Virtex-II Pro PPC405 User Manual (table F-7), QEMU, Linux |
//! | 440GP, 440EP, 440GR, 440SP | 440 | QEMU, Linux, U-Boot | QEMU, Linux (the machine-check pair too) |
//! | 440EPx, GRx, GX, SPe, x5, 460EX, GT, SX, GX, 464 | 440 with MCSRR | QEMU, Linux, U-Boot | PPC440x5 User's Manual (6.4.6 to 6.4.9), QEMU, Linux |
//!
//! *PVRs*: what identification was compared with (`hal-exc-api/tests/cpu_models.rs`, `cpu_linux.rs`, `cargo xtask test`).
//! *Vectors*: every table is compared row by row with figures written down independently (`tests/vectors.rs`); the column says where
//! these come from.

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
