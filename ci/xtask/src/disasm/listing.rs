// SPDX-License-Identifier: MIT OR Apache-2.0
//! The disassembly of a PowerPC image, by GNU objdump.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// Where distributions put a disassembler that may know PowerPC; Homebrew's and a multi-target one do.
const NAMES: [&str; 6] = [
    "powerpc-linux-gnu-objdump",
    "powerpc64-linux-gnu-objdump",
    "gobjdump",
    "/opt/homebrew/opt/binutils/bin/objdump",
    "/usr/local/opt/binutils/bin/objdump",
    "objdump",
];

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it is.
    pub(super) address: u32,
    /// Its word.
    pub(super) word: u32,
    /// Mnemonic and operands, as objdump writes them.
    pub(super) text: String,
}

/// A symbol and what follows it up to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Its name, demangled.
    pub(super) name: String,
    /// Its instructions.
    pub(super) instructions: Vec<Instruction>,
}

/// The disassembler that is installed here.
fn objdump() -> Option<&'static str> {
    static FOUND: OnceLock<Option<&'static str>> = OnceLock::new();
    *FOUND.get_or_init(find_objdump)
}

/// Looks for a GNU disassembler that knows PowerPC.
pub(crate) fn find_objdump() -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        let formats = Command::new(name).arg("--info").stdin(Stdio::null()).output();
        formats.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("elf32-powerpc"))
    })
}

/// The symbols of an image with their instructions.
pub(super) fn of(image: &Path) -> Result<Vec<Symbol>> {
    let objdump = objdump().context("no objdump for PowerPC; cargo xtask setup brings it")?;
    let out = Command::new(objdump)
        .args(["--disassemble", "--demangle", "-Mppc"])
        .arg(image)
        .stdin(Stdio::null())
        .output()
        .context(objdump)?;
    if !out.status.success() {
        bail!("{objdump} {}: {}", image.display(), String::from_utf8_lossy(&out.stderr).trim());
    }
    let symbols = parse(&String::from_utf8_lossy(&out.stdout));
    if symbols.iter().all(|symbol| symbol.instructions.is_empty()) {
        bail!("{objdump} finds no instruction in {}", image.display());
    }
    Ok(symbols)
}

fn parse(text: &str) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::new();
    for line in text.lines() {
        if let Some(name) = header(line) {
            symbols.push(Symbol { name: name.to_owned(), instructions: Vec::new() });
        } else if let (Some(symbol), Some(instruction)) = (symbols.last_mut(), instruction(line)) {
            symbol.instructions.push(instruction);
        }
    }
    symbols
}

/// `00100000 <_start>:`
fn header(line: &str) -> Option<&str> {
    let (address, name) = line.strip_suffix(">:")?.split_once(" <")?;
    address.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(name)
}

/// `  100004:\t7c 08 02 a6 \tmflr    r0`
fn instruction(line: &str) -> Option<Instruction> {
    let mut parts = line.splitn(3, '\t');
    let address = u32::from_str_radix(parts.next()?.trim().strip_suffix(':')?, 16).ok()?;
    let bytes: String = parts.next()?.split_whitespace().collect();
    let word = (bytes.len() == 8).then(|| u32::from_str_radix(&bytes, 16).ok())??;
    let text = parts.next()?.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Instruction { address, word, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_instructions_are_read() {
        let text = "\nimage:     file format elf32-powerpc\n\n00100000 <_start>:\n  \
            100000:\t7e 80 00 a6 \tmfmsr   r20\n  100004:\t48 00 00 10 \tb       100014 <core::fmt::x+0x4>\n\t...\n";
        let symbols = parse(text);
        assert_eq!(symbols.len(), 1);
        assert_eq!(symbols[0].name, "_start");
        assert_eq!(symbols[0].instructions[0].word, 0x7e80_00a6);
        assert_eq!(symbols[0].instructions[1].text, "b 100014 <core::fmt::x+0x4>");
        assert_eq!(symbols[0].instructions[1].address, 0x10_0004);
    }
}
