// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_arch = "powerpc")]
pub mod demo;
#[cfg(target_arch = "powerpc")]
pub mod fault;
#[cfg(target_arch = "powerpc")]
pub mod kernel;
#[cfg(target_arch = "powerpc")]
pub mod mpic;
pub mod policy;
#[cfg(target_arch = "powerpc")]
pub mod program;
#[cfg(target_arch = "powerpc")]
pub mod smp;
#[cfg(target_arch = "powerpc")]
pub mod soak;
#[cfg(target_arch = "powerpc")]
pub mod sources;
#[cfg(target_arch = "powerpc")]
mod switch;
#[cfg(target_arch = "powerpc")]
pub mod uic;
