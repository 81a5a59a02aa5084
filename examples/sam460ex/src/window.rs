// SPDX-License-Identifier: MIT OR Apache-2.0
//! The window to the 460EX's devices: they lie above 4 GiB, and the loader maps the memory only.

use ppc_support::tlb4xx::{Page, Size, write_440};

/// The window: 256 MiB.
const EFFECTIVE: u32 = 0xE000_0000;
const PHYSICAL: u64 = 0x4_E000_0000;
const BYTES: u64 = 256 << 20;

/// TLB entry number; the loader uses the first ones.
const ENTRY: u32 = 62;

/// Maps the devices.
pub(crate) fn map() {
    // SAFETY: the CPU is a 460EX, and nothing was mapped there.
    unsafe { write_440(ENTRY, &Page::device(EFFECTIVE, PHYSICAL, Size::M256)) };
}

/// Where a device appears, if the window covers it.
pub(crate) fn effective(physical: u64) -> Option<usize> {
    let offset = physical.checked_sub(PHYSICAL).filter(|&offset| offset < BYTES)?;
    Some(EFFECTIVE as usize + offset as usize)
}
