// SPDX-License-Identifier: MIT OR Apache-2.0
//! Exceptions, interrupts and per-CPU state of bare-metal PowerPC.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

pub mod cpu;
pub mod exception;
pub mod flavor;
pub mod frame;
pub mod handler;
pub mod pic;
pub mod vectors;
