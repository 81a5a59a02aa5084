// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions that not every PowerPC family executes.
//!
//! They are told by their words, not by their names: the same word has several names, depending on the CPU.

use super::listing::Symbol;

/// Symbols that may hold such instructions: code that saves or restores the registers of a unit, or that executes one
/// instruction of a unit on purpose. A part of the symbol's name is enough.
const ALLOWED: &[&str] = &["hal_exc_ctx_", "unit_probe"];

/// A line for every instruction that must not be there.
pub(super) fn find(symbols: &[Symbol]) -> Vec<String> {
    let mut found = Vec::new();
    for symbol in symbols.iter().filter(|symbol| !ALLOWED.iter().any(|part| symbol.name.contains(part))) {
        for instruction in &symbol.instructions {
            if let Some(kind) = kind(instruction.word) {
                found.push(format!("{kind}: {:08x} {} in {}", instruction.address, instruction.text, symbol.name));
            }
        }
    }
    found
}

/// What a word belongs to, if not to the instructions that all families have.
fn kind(word: u32) -> Option<&'static str> {
    match word >> 26 {
        // Primary opcode 4: AltiVec, SPE (with its floating point), multiply-accumulate of the 405.
        4 => Some("vector or SPE"),
        // Floating-point loads and stores, single and double arithmetic.
        48..=55 | 59 | 63 => Some("floating point"),
        // Pair and vector-scalar loads and stores.
        56 | 57 | 60 | 61 => Some("vector"),
        // Rotates, loads and stores of doublewords.
        30 | 58 | 62 => Some("64-bit"),
        31 => extended(word),
        _ => None,
    }
}

/// Primary opcode 31, by the extended opcode in bits 10 to 1.
fn extended(word: u32) -> Option<&'static str> {
    if word >> 1 & 0x1f == 15 {
        return Some("isel");
    }
    match word >> 1 & 0x3ff {
        // lfsx lfsux lfdx lfdux stfsx stfsux stfdx stfdux stfiwx
        535 | 567 | 599 | 631 | 663 | 695 | 727 | 759 | 983 => Some("floating point"),
        // lvebx lvehx lvewx lvx lvxl lvsl lvsr stvebx stvehx stvewx stvx stvxl dst dstst dss
        7 | 39 | 71 | 103 | 359 | 6 | 38 | 135 | 167 | 199 | 231 | 487 | 342 | 374 | 822 => Some("vector"),
        // `sync` with a non-zero L field: lwsync, ptesync.
        598 if word >> 21 & 3 != 0 => Some("lwsync"),
        // ldx ldux stdx stdux ldarx stdcx.
        21 | 53 | 149 | 181 | 84 | 214 => Some("64-bit"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::Instruction;
    use super::*;

    #[test]
    fn each_kind_is_told_by_its_word() {
        for (word, expected) in [
            (0x7c20_04ac, "lwsync"),
            (0x7c64_281e, "isel"),
            (0xfc01_102a, "floating point"),
            (0xc821_0000, "floating point"),
            (0x7c00_1c2e, "floating point"),
            (0x1000_04c4, "vector or SPE"),
            (0x7c00_00ce, "vector"),
            (0xe861_0000, "64-bit"),
        ] {
            assert_eq!(kind(word), Some(expected), "{word:08x}");
        }
    }

    #[test]
    fn what_all_families_have_is_left_alone() {
        // sync, isync, eieio, stwcx., lwarx, mtmsr, rfi, rfci, tlbwe, wrteei 1, stwbrx, mfspr, or, cmplw, b
        for word in [
            0x7c00_04ac,
            0x4c00_012c,
            0x7c00_06ac,
            0x7c00_192d,
            0x7c00_1828,
            0x7c60_0124,
            0x4c00_0064,
            0x4c00_0066,
            0x7c00_07a4,
            0x7c00_8146,
            0x7c60_252c,
            0x7c7f_42a6,
            0x7c63_1b78,
            0x7c03_2040,
            0x4800_0000,
        ] {
            assert_eq!(kind(word), None, "{word:08x}");
        }
    }

    #[test]
    fn only_named_symbols_may_hold_them() {
        let symbol = |name: &str| Symbol {
            name: name.into(),
            instructions: vec![Instruction { address: 0x10, word: 0x7c20_04ac, text: "lwsync".into() }],
        };
        assert_eq!(find(&[symbol("main")]), ["lwsync: 00000010 lwsync in main"]);
        assert!(find(&[symbol("demo::unit_probe_fp")]).is_empty());
    }
}
