// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of the entry stubs, in a form that changes only when an instruction changes.
//!
//! Addresses become offsets into the symbol, targets of branches become symbols, and halves of absolute addresses become
//! `ha` and `lo`: none of them says anything about the stub.

use super::listing::{Instruction, Symbol};

/// Symbols that are entry stubs or belong to them.
pub(super) const PREFIXES: [&str; 1] = ["hal_exc_"];

/// Paths of Rust items begin with the crate's name, which may be such a prefix too; a stub's name is its own. What follows
/// the label at a stub's end is padding.
fn is_stub(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !name.contains("::") && !name.ends_with("_end")
}

/// The golden text of an image's stubs; empty if it has none.
pub(super) fn text(symbols: &[Symbol]) -> String {
    let mut stubs: Vec<&Symbol> = symbols.iter().filter(|symbol| is_stub(&symbol.name)).collect();
    stubs.sort_by(|a, b| a.name.cmp(&b.name));
    let all = symbols.iter().flat_map(|symbol| &symbol.instructions);
    let (low, high) = all.fold((u32::MAX, 0), |(low, high), one| (low.min(one.address), high.max(one.address)));
    // Data follows the code closely enough to share this range of upper halves.
    let halves = (low >> 16)..=((high >> 16) + 0x40);
    let mut text = String::new();
    for stub in stubs {
        text.push_str(&format!("{}:\n", without_hash(&stub.name)));
        let start = stub.instructions.first().map_or(0, |first| first.address);
        let mut upper = None;
        for one in &stub.instructions {
            let line = match half(one, &halves, &mut upper) {
                Some(line) => line,
                None => without_hash(&target(&one.text)),
            };
            text.push_str(&format!("{:>6x}  {line}\n", one.address - start));
        }
        text.push('\n');
    }
    text
}

/// `b 100014 <sym+0x4>` without the address.
fn target(text: &str) -> String {
    let Some((before, symbol)) = text.split_once(" <") else {
        return text.to_owned();
    };
    let end = before.rfind([' ', ',']).map_or(0, |place| place + 1);
    let is_address = before.len() > end && before[end..].bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_address { format!("{}<{symbol}", &before[..end]) } else { text.to_owned() }
}

/// Removes `::h0123456789abcdef`, which changes with every compiler.
fn without_hash(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(place) = rest.find("::h") {
        let tail = &rest[place + 3..];
        let hash = tail.len() >= 16 && tail.as_bytes()[..16].iter().all(u8::is_ascii_hexdigit);
        kept.push_str(&rest[..place]);
        if !hash {
            kept.push_str("::h");
        }
        rest = if hash { &tail[16..] } else { tail };
    }
    kept + rest
}

/// `lis` of an address in the image, and the instruction that adds the lower half.
fn half(one: &Instruction, halves: &std::ops::RangeInclusive<u32>, upper: &mut Option<u32>) -> Option<String> {
    let (opcode, target, source) = (one.word >> 26, one.word >> 21 & 31, one.word >> 16 & 31);
    // addis rT,0,value
    if opcode == 15 && source == 0 && halves.contains(&(one.word & 0xffff)) {
        *upper = Some(target);
        return Some(format!("lis r{target},ha"));
    }
    let register = (*upper)?;
    let mnemonic = one.text.split(' ').next().unwrap_or_default();
    match opcode {
        // addi rT,rA,lo
        14 if source == register => Some(format!("{mnemonic} r{target},r{register},lo")),
        // ori rA,rS,lo
        24 if target == register => Some(format!("{mnemonic} r{source},r{register},lo")),
        // Loads and stores with a displacement.
        32..=47 if source == register => Some(format!("{mnemonic} r{target},lo(r{register})")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(address: u32, word: u32, text: &str) -> Instruction {
        Instruction { address, word, text: text.into() }
    }

    #[test]
    fn moving_the_image_changes_nothing() {
        let at = |base: u32| {
            let instructions = vec![
                one(base, 0x9421_ffe0, "stwu r1,-32(r1)"),
                one(base + 4, 0x3c60_0000 | base >> 16, "lis r3,16"),
                one(base + 8, 0x3863_1234, "addi r3,r3,4660"),
                one(base + 12, 0x4800_0010, &format!("b {:x} <dispatch::h0123456789abcdef+0x4>", base + 28)),
            ];
            text(&[Symbol { name: "hal_exc_e500_classic_entry".into(), instructions }])
        };
        let expected = "hal_exc_e500_classic_entry:\n     0  stwu r1,-32(r1)\n     4  lis r3,ha\n     8  addi r3,r3,lo\n     \
            c  b <dispatch+0x4>\n\n";
        assert_eq!(at(0x10_0000), expected);
        assert_eq!(at(0x40_0100), expected);
    }

    #[test]
    fn other_symbols_are_left_out() {
        for name in ["main", "hal_exc_api::cpu::identify", "hal_exc_e500_debug_end"] {
            assert_eq!(text(&[Symbol { name: name.into(), instructions: vec![one(0, 0, "x")] }]), "");
        }
    }

    #[test]
    fn a_condition_stays() {
        assert_eq!(target("bne cr7,100010 <x+0x8>"), "bne cr7,<x+0x8>");
        assert_eq!(target("li r3,100"), "li r3,100");
    }
}
