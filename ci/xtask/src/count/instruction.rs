// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which instructions access memory, and how many words.

/// Loads and stores of an instruction, in words; `lmw` and `stmw` count each register.
pub(super) fn accesses(word: u32) -> (usize, usize) {
    let (opcode, register, extended) = (word >> 26, (word >> 21 & 31) as usize, word >> 1 & 0x3FF);
    match (opcode, extended) {
        (46, _) => (32 - register, 0),                                   // lmw
        (47, _) => (0, 32 - register),                                   // stmw
        (32..=35 | 40..=43, _) => (1, 0),                                // lwz, lbz, lhz, lha and with update
        (36..=39 | 44..=45, _) => (0, 1),                                // stw, stb, sth and with update
        (31, 20 | 23 | 55 | 87 | 119 | 279 | 343 | 534 | 790) => (1, 0), // lwarx, l*zx, lhax, l*brx
        (31, 150 | 151 | 183 | 215 | 247 | 407 | 662 | 918) => (0, 1),   // stwcx., st*x, st*brx
        _ => (0, 0),
    }
}

/// Loads and stores of an A32 instruction; multiples count each register, doubles two.
pub(super) fn accesses_a32(word: u32) -> (usize, usize) {
    let bit = |n: u32| word >> n & 1 != 0;
    // Condition 15: barriers and preloads.
    let number = match word >> 25 & 7 {
        _ if word >> 28 == 15 => 0,
        0b010 => 1,                                     // LDR, STR with offset
        0b011 if !bit(4) => 1,                          // with register; bit 4: media instructions
        0b100 => (word & 0xffff).count_ones() as usize, // LDM, STM, push, pop
        0b000 if bit(7) && bit(4) => match (word >> 5 & 3, bit(20)) {
            (0, _) if bit(24) && bit(23) => 1, // LDREX, STREX; else multiplication or SWP
            (0, _) => 0,
            (2 | 3, false) => return if bit(5) { (0, 2) } else { (2, 0) }, // LDRD, STRD
            _ => 1,                                                        // halfwords, signed bytes
        },
        _ => 0,
    };
    if bit(20) { (number, 0) } else { (0, number) }
}

/// Loads and stores of an A64 instruction; pairs count two.
pub(super) fn accesses_a64(word: u32) -> (usize, usize) {
    let load = word >> 22 & 1 != 0;
    let by = |number, load| if load { (number, 0) } else { (0, number) };
    match (word >> 24 & 0x3f, word >> 22 & 3) {
        _ if word >> 25 & 0b0101 != 0b0100 => (0, 0),
        (0b00_1000, _) => by(1, load), // exclusive, acquire, release
        (kind, _) if kind & 0b11_1011 == 0b01_1000 => by(1, true), // from the literal pool
        (kind, _) if kind & 0b11_1010 == 0b10_1000 => by(2, load), // pair
        (_, opc) if word >> 26 & 1 != 0 => by(1, opc & 1 != 0), // SIMD
        (_, 2) if word >> 30 == 3 => (0, 0), // prefetch
        (_, opc) => by(1, opc != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{accesses, accesses_a32, accesses_a64};

    #[test]
    fn arm_words_as_the_assembler_writes_them() {
        for (word, expected) in [
            (0xe590_300c, (1, 0)), // ldr r3, [r0, #12]
            (0xe583_4010, (0, 1)), // str r4, [r3, #16]
            (0xe92d_4830, (0, 4)), // push {r4, r5, fp, lr}
            (0xe8bd_8830, (4, 0)), // pop {r4, r5, fp, pc}
            (0xe791_0102, (1, 0)), // ldr r0, [r1, r2, lsl #2]
            (0xe1d0_20b4, (1, 0)), // ldrh r2, [r0, #4]
            (0xe1c0_20d8, (2, 0)), // ldrd r2, r3, [r0, #8]
            (0xe191_0f9f, (1, 0)), // ldrex r0, [r1]
            (0xe002_0291, (0, 0)), // mul r2, r1, r2
            (0xf57f_f04f, (0, 0)), // dsb sy
            (0xe7e9_2050, (0, 0)), // ubfx r2, r0, #0, #10
            (0xee1c_0f1c, (0, 0)), // mrc p15, 0, r0, c12, c12, 0
        ] {
            assert_eq!(accesses_a32(word), expected, "{word:08x}");
        }
        for (word, expected) in [
            (0xb940_0c01, (1, 0)), // ldr w1, [x0, #12]
            (0xb900_1028, (0, 1)), // str w8, [x1, #16]
            (0xa9be_7bfd, (0, 2)), // stp x29, x30, [sp, #-32]!
            (0xa8c2_7bfd, (2, 0)), // ldp x29, x30, [sp], #32
            (0xf868_7928, (1, 0)), // ldr x8, [x9, x8, lsl #3]
            (0x5800_0040, (1, 0)), // ldr x0, literal
            (0x88df_fc00, (1, 0)), // ldar w0, [x0]
            (0x3900_0001, (0, 1)), // strb w1, [x0]
            (0xd503_3fbf, (0, 0)), // dmb sy
            (0xd538_cc00, (0, 0)), // mrs x0, icc_iar1_el1
            (0x1100_0400, (0, 0)), // add w0, w0, #1
        ] {
            assert_eq!(accesses_a64(word), expected, "{word:08x}");
        }
    }

    #[test]
    fn words_as_the_assembler_writes_them() {
        for (word, expected) in [
            (0x902D_0004, (0, 1)),  // stw r1,4(r13)
            (0x9421_FFB0, (0, 1)),  // stwu r1,-80(r1)
            (0xBDA1_0060, (0, 19)), // stmw r13,96(r1)
            (0xB9C1_0064, (18, 0)), // lmw r14,100(r1)
            (0x7D8D_182E, (1, 0)),  // lwzx r12,r13,r3
            (0x7C00_692D, (0, 1)),  // stwcx. r0,0,r13
            (0x7C9A_02A6, (0, 0)),  // mfspr r4,26
            (0x4C00_0064, (0, 0)),  // rfi
        ] {
            assert_eq!(accesses(word), expected, "{word:08x}");
        }
    }
}
