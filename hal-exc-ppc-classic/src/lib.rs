// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
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
