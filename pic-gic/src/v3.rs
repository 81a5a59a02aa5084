// SPDX-License-Identifier: MIT OR Apache-2.0
//! GICv3 and v4 with affinity routing and system registers (ARM IHI 0069).
//!
//! [`Distributor`] is shared; each core has a [`Redistributor`], found by the core's affinity and
//! never by an index, and a [`CpuInterface`] of system registers. [`GicV3`] puts them together
//! behind the controller traits.
//!
//! # Groups
//!
//! What the driver may use depends on the [`Security`] that it finds. Ordinary interrupts are in
//! group 1 of its own state and arrive as IRQ; one in group 0 arrives as FIQ.

mod acknowledge;
mod adopt;
mod affinity;
mod context;
mod cpu_interface;
mod distributor;
mod its;
mod lines;
mod pic;
mod redistributor;
pub(crate) mod registers;
mod sysreg;

pub use affinity::Affinity;
pub use cpu_interface::{Acknowledged, AcknowledgedFiq, Active, CpuInterface, FiqInterrupt, Interrupt};
pub use distributor::{Distributor, Route, Security};
pub use its::Its;
pub use lines::Lines;
pub use pic::{GicV3, MAX_CORES, Region};
pub use redistributor::{Frames, LpiState, Redistributor};
#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
pub use sysreg::CoreRegisters;
pub use sysreg::SystemRegisters;
