// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception family of classic PowerPC (60x, 7xx, 74xx, e600, G2, e300, 5xx, 8xx).
#![no_std]

pub mod cpu;
mod entry;
mod install;
#[cfg(target_arch = "powerpc")]
pub mod spr;
pub mod vectors;

pub use install::ClassicFamily;

/// The family, to be offered to [`hal_exc_api::install::Exceptions::new`].
pub static FAMILY: ClassicFamily = ClassicFamily;
