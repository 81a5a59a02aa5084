// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
// `mem` defines the functions that the compiler would otherwise call from their own loops.
#![no_builtins]

#[cfg(test)]
extern crate std;

pub mod boot;
pub mod console;
#[cfg(target_arch = "powerpc")]
pub mod dcr;
#[cfg(target_arch = "powerpc")]
pub mod demo;
mod enable;
#[cfg(target_arch = "powerpc")]
mod entry;
pub mod error;
#[cfg(target_arch = "powerpc")]
pub mod handover;
pub mod intc;
pub mod mem;
pub mod mmio;
pub mod once;
#[cfg(target_arch = "powerpc")]
pub mod platform;
pub mod program;
pub mod shared;
#[cfg(target_arch = "powerpc")]
pub mod stack;
pub mod tlb1;
pub mod tlb4xx;
pub mod tree;
pub mod trial;
pub mod uart;
pub mod uic;
#[cfg(target_arch = "powerpc")]
pub mod uic4xx;

pub use boot::BootInfo;
pub use error::BoardError;
pub use program::Failure;
