// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception family of PowerPC e500v1, e500v2, e500mc and e200.
#![no_std]

pub mod cpu;
pub mod vectors;
