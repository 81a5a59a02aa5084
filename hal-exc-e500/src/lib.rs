// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

pub mod cpu;
mod entry;
mod install;
#[cfg(target_arch = "powerpc")]
pub mod spr;
pub mod vectors;

pub use install::E500Family;

/// The family, to be offered to [`hal_exc_api::install::Exceptions::new`].
pub static FAMILY: E500Family = E500Family;
