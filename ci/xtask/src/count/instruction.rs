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

#[cfg(test)]
mod tests {
    use super::accesses;

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
