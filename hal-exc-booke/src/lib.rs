// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception family of PowerPC 405 and Book E 440/460.
#![no_std]

pub mod cpu;
pub mod vectors;
