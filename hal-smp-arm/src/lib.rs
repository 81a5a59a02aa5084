// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]

pub mod barrier;
pub mod flags;
pub mod foreign;
pub mod linux;
pub mod mover;
pub mod pen;
pub mod psci;
pub mod spin_table;
pub mod victim;
