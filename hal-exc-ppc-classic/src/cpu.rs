// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which CPUs this family serves, and how that was tested.
//!
//! | CPUs | table | PVRs | vectors |
//! |---|---|---|---|
//! | 601 | 601 | U-Boot | QEMU's former model |
//! | 602 | 602 | QEMU's former model | QEMU's former model |
//! | 603, 603e, 603ev, 603r, G2, G2ls | 603 | QEMU, Linux | QEMU, RTEMS |
//! | G2_LE, G2lels | G2_LE | QEMU, Linux | QEMU; critical input: G2 Core Reference Manual (5.5.10) |
//! | e300c1 to c4 | e300 | QEMU, Linux | RTEMS; QEMU lacks critical input |
//! | 604, 604e, 604r | 604 | QEMU, Linux | QEMU, RTEMS |
//! | 740, 750, 750CX, CXe, CXR, CL, L, FX, GX | 750 | QEMU, Linux | 750GX User's Manual (table 1-5), QEMU, RTEMS |
//! | 745, 755 | 755 | QEMU, Linux | QEMU's source (QEMU 7.2 aborts when it is asked for one) |
//! | 7400, 7410 | 7400 | QEMU, Linux | MPC7400 User's Manual (table 1-6), QEMU, RTEMS |
//! | 744x, 745x, 7448, e600 | 7450 | QEMU, Linux | QEMU, RTEMS |
//! | MPC5xx | 5xx | QEMU's source | RTEMS |
//! | MPC8xx | 8xx | Linux | RTEMS, Linux |
//! | PSIM | psim | RTEMS | RTEMS |
//!
//! *PVRs*: what identification was compared with (`hal-exc-api/tests/cpu_models.rs`, `cpu_linux.rs`, `cargo xtask test`).
//! *Vectors*: every table is compared row by row with figures written down independently (`tests/vectors.rs`); the column says where
//! these come from.

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
