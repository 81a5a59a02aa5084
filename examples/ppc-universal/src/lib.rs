// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

mod board;

use hal_exc_api::cpu::{Cpu, VectorBase};
use hal_exc_api::family::Family;
use hal_exc_api::install::{VectorArea, VectorPage};

pub use board::{AnyBoard, power_off};

/// All families.
pub const FAMILIES: &[&dyn Family] = &[&hal_exc_ppc_classic::FAMILY, &hal_exc_booke::FAMILY, &hal_exc_e500::FAMILY];

static PAGE: VectorPage = VectorPage::new();

/// Where the vectors go: to 0 where the CPU wants them there, else into the image.
#[must_use]
pub fn vectors(cpu: &Cpu) -> VectorArea {
    match cpu.core().vector_base {
        // SAFETY: memory at 0 is nobody's: the image begins at 1 MiB, and no firmware runs any more.
        VectorBase::MsrIp => unsafe { VectorArea::new(0, 0x3000) },
        _ => (&PAGE).into(),
    }
}
