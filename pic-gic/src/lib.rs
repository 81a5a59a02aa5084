// SPDX-License-Identifier: MIT OR Apache-2.0
//! Driver for ARM GICv1, GICv2 and GICv3 interrupt controllers.
#![no_std]
