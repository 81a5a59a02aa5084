// SPDX-License-Identifier: MIT OR Apache-2.0
//! Patterns in registers and stack frames.

/// XER bits that can be set: SO, OV, CA and the byte count.
const XER: u32 = 0xE000_007F;

/// Fills r0, r5 to r12, r14 to r31, CR, XER and CTR with patterns from `seed`, counts CTR down from `loops`, and compares.
/// Whether all are as they should be. `loops` must not be 0.
pub(crate) fn pattern_stays(seed: u32, loops: u32) -> bool {
    // SAFETY: keeps the ABI, touches its own frame only; `loops` is not 0, or it would count for long.
    unsafe { run(seed, loops.max(1), seed & XER) == 0 }
}

/// Returns the OR of all differences.
#[unsafe(naked)]
unsafe extern "C" fn run(seed: u32, loops: u32, xer: u32) -> u32 {
    core::arch::naked_asm!(
        "stwu 1, -112(1)",
        "stmw 13, 16(1)", // r13 is saved only for the room
        "mfcr 6",
        "stw 6, 8(1)",
        "stw 5, 12(1)", // the XER pattern, in the frame: its register is part of the pattern
        "stw 3, 92(1)", // the seed, likewise
        "mtctr 4",
        "mr 5, 4", // a second count, to compare
        "stw 5, 96(1)",
        "lwz 6, 12(1)",
        "mtxer 6",
        "mtcrf 255, 3",
        // Fill.
        ".irp n, 0, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
        "addi \\n, 3, 17 * \\n",
        ".endr",
        "li 4, 0",
        // Stay here for a while; r4 counts with CTR.
        "2: addi 4, 4, 1",
        "bdnz 2b",
        // Compare: rN - seed - 17 N must be 0. CR and XER first, because what follows needs r0 and r4.
        "stw 0, 100(1)",
        "stw 5, 104(1)",
        "mfcr 0",
        "mfxer 5",
        "xor 0, 0, 3", // CR holds the seed
        "stw 6, 108(1)",
        "lwz 6, 12(1)",
        "xor 5, 5, 6",
        "or 0, 0, 5",
        "lwz 5, 96(1)",
        "xor 5, 5, 4", // as many rounds as asked for
        "or 0, 0, 5",
        "lwz 5, 92(1)",
        "xor 5, 5, 3", // the seed itself
        "or 0, 0, 5",
        "lwz 6, 108(1)",
        "lwz 5, 100(1)", // what was r0
        "subf 5, 3, 5",
        "or 0, 0, 5",
        "lwz 5, 104(1)", // what was r5
        ".irp n, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
        "subf \\n, 3, \\n",
        "addi \\n, \\n, -17 * \\n",
        "or 0, 0, \\n",
        ".endr",
        "mr 3, 0",
        "lwz 6, 8(1)",
        "mtcrf 255, 6",
        "lmw 14, 20(1)",
        "addi 1, 1, 112",
        "blr",
    )
}

/// Keeps a pattern in this frame while `meanwhile` runs; whether it is still there.
#[inline(never)]
pub(crate) fn stack_pattern_stays(seed: u32, meanwhile: impl FnOnce() -> bool) -> bool {
    let mut words = [0u32; 64];
    for (n, word) in words.iter_mut().enumerate() {
        *word = seed.wrapping_mul(0x9E37_79B9) ^ n as u32;
    }
    let words = core::hint::black_box(&mut words);
    meanwhile();
    words.iter().enumerate().all(|(n, word)| *word == seed.wrapping_mul(0x9E37_79B9) ^ n as u32)
}
