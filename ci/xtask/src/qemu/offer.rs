// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the QEMU on this machine offers: its version, machines and CPU models.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::boards::Config;

/// The answer of `EMULATOR OPTION…`, asked once; empty if there is no such emulator.
fn answer(emulator: &str, options: &[&str]) -> String {
    static ANSWERS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = format!("{emulator} {}", options.join(" "));
    answers
        .entry(key)
        .or_insert_with(|| {
            let out = Command::new(emulator).args(options).stdin(Stdio::null()).output();
            out.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default()
        })
        .clone()
}

/// Asks the emulator for its version without remembering: set-up may be about to bring it.
pub(crate) fn probe(emulator: &str) -> Option<(u32, u32)> {
    let out = Command::new(emulator).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&out.stdout))
}

/// Major and minor version; `(0, 0)` if there is no such emulator.
pub(crate) fn version(emulator: &str) -> (u32, u32) {
    parse_version(&answer(emulator, &["--version"])).unwrap_or((0, 0))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split("version ").nth(1)?.split(['.', ' ', '\n']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Why this QEMU cannot be this machine on `smp` cores; none if it can.
pub(crate) fn lacks(config: &Config, smp: u32) -> Option<String> {
    let emulator = config.emulator(smp);
    if version(emulator) == (0, 0) {
        return Some(format!("there is no {emulator}; cargo xtask setup brings it"));
    }
    let machine = config.machine_name();
    if !first_words(&answer(emulator, &["-M", "help"]), 0).any(|name| name == machine) {
        return Some(format!("{emulator} has no machine {machine}"));
    }
    let cpu = config.cpu?;
    if !has_cpu(&answer(emulator, &["-M", machine, "-cpu", "help"]), cpu) {
        return Some(format!("{emulator} has no CPU {cpu}"));
    }
    None
}

/// The emulator's list of CPU models for this machine.
pub(crate) fn cpu_help(config: &Config) -> String {
    answer(config.emulator(1), &["-M", config.machine_name(), "-cpu", "help"])
}

/// The word at `index` of every line.
fn first_words(text: &str, index: usize) -> impl Iterator<Item = &str> {
    text.lines().filter_map(move |line| line.split_whitespace().nth(index))
}

/// The PowerPC emulators print `PowerPC NAME …`, newer ones and the ARM ones just the name.
fn has_cpu(help: &str, cpu: &str) -> bool {
    let mut names = first_words(help, 0).zip(help.lines().filter(|line| !line.trim().is_empty()));
    names.any(|(first, line)| {
        first == cpu || (first == "PowerPC" && line.split_whitespace().nth(1).is_some_and(|name| name == cpu))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright"), Some((7, 2)));
        assert_eq!(parse_version("QEMU emulator version 10.0.2\n"), Some((10, 0)));
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn cpu_lists_of_both_kinds() {
        let ppc = "PowerPC 7400_v2.9        PVR 000c0209\nPowerPC g4               (alias for 7400_v2.9)\n";
        assert!(has_cpu(ppc, "g4") && has_cpu(ppc, "7400_v2.9") && !has_cpu(ppc, "g"));
        let arm = "Available CPUs:\n  cortex-a9\n  cortex-a15\n";
        assert!(has_cpu(arm, "cortex-a9") && !has_cpu(arm, "cortex-a7"));
    }

    #[test]
    fn an_emulator_that_is_not_there_is_named() {
        let config = Config { qemu: "qemu-system-pdp11", ..crate::boards::BOARDS[0].configs[0] };
        assert!(lacks(&config, 1).unwrap().contains("qemu-system-pdp11"));
    }
}
