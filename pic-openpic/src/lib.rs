// SPDX-License-Identifier: MIT OR Apache-2.0
//! Driver for OpenPIC and Freescale MPIC interrupt controllers.
#![no_std]
