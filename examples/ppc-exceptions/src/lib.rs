// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
#![cfg(target_arch = "powerpc")]

pub mod e500;
pub mod paging;
pub mod pins;
pub mod report;
pub mod single_step;
pub mod spin;
pub mod synchronous;
pub mod ticks;
