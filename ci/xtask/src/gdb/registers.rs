// SPDX-License-Identifier: MIT OR Apache-2.0
//! Register numbers by name, from the target description that the emulator sends.
//!
//! Numbers differ from CPU to CPU, so nobody should write them down. The emulator numbers registers in the order in which
//! the files name them; `regnum=` sets the counter. Two things are not as the files say:
//!
//! * The file with the special-purpose registers repeats `lr`, `ctr` and `xer`; those entries are dead. The first counts.
//! * Where that file follows the core's directly (CPUs without floating point and SPE), QEMU's numbers are one higher than
//!   the count: the core's file has 70 registers, but QEMU reserves 71.

use std::collections::BTreeMap;

/// A register as the protocol knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register {
    /// Its number in `p` and `P` packets.
    pub(super) number: usize,
    /// Its size in bytes.
    pub(super) bytes: usize,
}

/// All registers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers {
    names: BTreeMap<String, Register>,
    counter: usize,
    files: Vec<String>,
}

/// QEMU's number of the first register after the PowerPC core's.
const AFTER_POWERPC_CORE: usize = 71;

impl Registers {
    /// Reads one file of the description; call it in the order of the includes.
    pub(super) fn add(&mut self, file: &str, text: &str) {
        let after_core = self.files.last().is_some_and(|last| last == "power-core.xml" || last == "power64-core.xml");
        if after_core && file.contains("spr") {
            self.counter = AFTER_POWERPC_CORE;
        }
        self.files.push(file.to_owned());
        for element in elements(text, "reg") {
            self.counter = attribute(element, "regnum").and_then(|text| text.parse().ok()).unwrap_or(self.counter);
            let bits: usize = attribute(element, "bitsize").and_then(|text| text.parse().ok()).unwrap_or(32);
            let register = Register { number: self.counter, bytes: bits.div_ceil(8) };
            if let Some(name) = attribute(element, "name") {
                self.names.entry(name.to_owned()).or_insert(register);
            }
            self.counter += 1;
        }
    }

    /// The register of that name.
    pub(super) fn get(&self, name: &str) -> Option<Register> {
        self.names.get(name).copied()
    }
}

/// The files that a description includes.
pub(super) fn includes(text: &str) -> Vec<String> {
    elements(text, "xi:include").filter_map(|element| attribute(element, "href")).map(str::to_owned).collect()
}

/// The inside of every `<name …>`.
fn elements<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.split('<').filter_map(move |part| {
        let inside = part.split('>').next()?;
        let rest = inside.strip_prefix(name)?;
        rest.starts_with(char::is_whitespace).then_some(rest)
    })
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = element;
    loop {
        let (key, tail) = rest.split_once('=')?;
        let quote = tail.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, next) = tail[1..].split_once(quote)?;
        if key.trim() == name {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = r#"<?xml version="1.0"?><feature name="org.gnu.gdb.power.core">
        <reg name="r0" bitsize="32" type="uint32"/> <reg name="lr" bitsize="32" type="code_ptr"/></feature>"#;
    const SPR: &str =
        r#"<reg name="lr" bitsize="32"/><reg name="srr0" bitsize="32"/><reg name="dec" bitsize="64" regnum="90"/>"#;

    #[test]
    fn includes_keep_their_order() {
        let text = r#"<target><architecture>powerpc:403</architecture><xi:include href="a.xml"/><xi:include href="b.xml"/></target>"#;
        assert_eq!(includes(text), ["a.xml", "b.xml"]);
    }

    #[test]
    fn the_first_of_a_name_counts_and_numbers_go_on() {
        let mut registers = Registers::default();
        registers.add("power-core.xml", CORE);
        registers.add("power-fpu.xml", r#"<reg name="f0" bitsize="64"/>"#);
        registers.add("power-spr.xml", SPR);
        assert_eq!(registers.get("lr"), Some(Register { number: 1, bytes: 4 }));
        assert_eq!(registers.get("f0"), Some(Register { number: 2, bytes: 8 }));
        assert_eq!(registers.get("srr0"), Some(Register { number: 4, bytes: 4 }));
        assert_eq!(registers.get("dec"), Some(Register { number: 90, bytes: 8 }));
        assert_eq!(registers.get("pvr"), None);
    }

    #[test]
    fn right_after_the_core_numbers_begin_at_71() {
        let mut registers = Registers::default();
        registers.add("power-core.xml", CORE);
        registers.add("power-spr.xml", SPR);
        assert_eq!(registers.get("srr0"), Some(Register { number: 72, bytes: 4 }));
    }
}
