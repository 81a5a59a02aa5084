// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("../README.md")]
#![cfg_attr(feature = "document-features", doc = document_features::document_features!())]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

pub mod alignment;
pub mod backtrace;
pub mod context;
pub mod cpu;
pub mod critical;
pub mod exception;
pub mod family;
pub mod fatal;
pub mod flavor;
pub mod frame;
pub mod handler;
pub mod insn;
pub mod install;
pub mod irq;
pub mod memory;
pub mod msr;
pub mod percpu;
pub mod pic;
pub mod prologue;
pub mod report;
pub mod sched;
pub mod tick;
pub mod vectors;
pub mod wrapper;
