// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg(target_arch = "powerpc")]

pub mod critical;
pub mod faults;
pub mod lines;
mod log;
pub mod messages;
pub mod priorities;
mod program;
pub mod proxy;
pub mod race;
pub mod refusals;
mod rig;
pub mod sources;
pub mod spin;
pub mod timers;
pub mod two_cpus;
pub mod uart;

pub use log::{Event, LOG};
pub use program::Setup;
pub use rig::{Cpus, Device, IRQS, Irqs, Machine, Pic, here, ipi, online, send, settle, take_over, wait_for};
