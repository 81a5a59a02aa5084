// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exceptions, interrupts and per-CPU state of bare-metal PowerPC: traits, tables, prologues, frames and wrapper macros.
#![no_std]

pub mod pic;
