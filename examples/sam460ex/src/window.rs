// SPDX-License-Identifier: MIT OR Apache-2.0
//! The window to the 460EX's devices: they lie above 4 GiB, and the loader maps the memory only.

use core::arch::asm;

/// The window: 256 MiB.
const EFFECTIVE: u32 = 0xE000_0000;
const PHYSICAL: u64 = 0x4_E000_0000;
const BYTES: u64 = 256 << 20;

/// TLB entry number; the loader uses the first ones.
const ENTRY: u32 = 62;

/// TLB word 0 (PPC440x5 CPU Core User's Manual, chapter 5): page, V, SIZE = 256 MiB.
const WORD_0: u32 = EFFECTIVE | 1 << 9 | 9 << 4;
/// TLB word 1: real page, and the address bits above 4 GiB.
const WORD_1: u32 = PHYSICAL as u32 | (PHYSICAL >> 32) as u32;
/// TLB word 2: I, G, supervisor read and write.
const WORD_2: u32 = 1 << 10 | 1 << 8 | 0b011;

/// `tlbwe r3, r4, ws`, as a word: the assembler's own form of it takes one bit of WS only.
const fn tlbwe(ws: u32) -> u32 {
    31 << 26 | 3 << 21 | 4 << 16 | ws << 11 | 978 << 1
}

/// Maps the devices.
pub(crate) fn map() {
    // SAFETY: the CPU is a 460EX, and nothing was mapped there. Not `nomem`: what memory is changes here.
    unsafe {
        asm!(
            "mtspr 946, {zero}", // MMUCR: no PID, address space 0
            "isync",
            "mr 3, {word_0}",
            ".long {write_0}",
            "mr 3, {word_1}",
            ".long {write_1}",
            "mr 3, {word_2}",
            ".long {write_2}",
            "isync", // the context that later accesses see
            zero = in(reg) 0, word_0 = in(reg) WORD_0, word_1 = in(reg) WORD_1, word_2 = in(reg) WORD_2,
            write_0 = const tlbwe(0), write_1 = const tlbwe(1), write_2 = const tlbwe(2),
            in("r4") ENTRY, out("r3") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Where a device appears, if the window covers it.
pub(crate) fn effective(physical: u64) -> Option<usize> {
    let offset = physical.checked_sub(PHYSICAL).filter(|&offset| offset < BYTES)?;
    Some(EFFECTIVE as usize + offset as usize)
}
