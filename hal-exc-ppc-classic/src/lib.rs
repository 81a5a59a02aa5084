// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exception family of classic PowerPC (60x, 7xx, 74xx, e600, G2, e300, 5xx, 8xx).
#![no_std]

pub mod cpu;
pub mod vectors;
