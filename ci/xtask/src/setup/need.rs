// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must be on this machine, and in which package each distribution has it.

use std::path::Path;

use crate::disasm;
use crate::qemu::offer;
use crate::toolchain;

/// Something that a package brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// What is missing.
    pub(super) what: &'static str,
    /// Debian's package.
    pub(super) debian: &'static str,
    /// Fedora's packages; empty if it has none.
    pub(super) fedora: &'static str,
    /// Homebrew's formula; empty if it has none.
    pub(super) macos: &'static str,
}

impl Need {
    /// One line: what is missing, and the mend.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.what, install_command(&[*self]))
    }
}

const fn emulator(what: &'static str, debian: &'static str, fedora: &'static str) -> Need {
    Need { what, debian, fedora, macos: "qemu" }
}

const EMULATORS: [Need; 4] = [
    emulator("qemu-system-ppc", "qemu-system-ppc", "qemu-system-ppc"),
    emulator("qemu-system-ppc64", "qemu-system-ppc", "qemu-system-ppc"),
    emulator("qemu-system-arm", "qemu-system-arm", "qemu-system-arm"),
    emulator("qemu-system-aarch64", "qemu-system-arm", "qemu-system-aarch64"),
];

const DISASSEMBLER: Need = Need {
    what: "objdump for PowerPC",
    debian: "binutils-powerpc-linux-gnu",
    fedora: "binutils-powerpc64-linux-gnu",
    macos: "binutils",
};

/// Only Debian and its descendants package U-Boot for this machine; elsewhere that check is skipped.
const UBOOT: Need = Need { what: "U-Boot for qemu-ppce500", debian: "u-boot-qemu", fedora: "", macos: "" };

const UBOOT_FILE: &str = "/usr/lib/u-boot/qemu-ppce500/uboot.elf";

/// Everything but Rust that is missing.
pub(super) fn missing() -> Vec<Need> {
    let mut needs: Vec<Need> = EMULATORS.into_iter().filter(|need| offer::probe(need.what).is_none()).collect();
    if disasm::find_objdump().is_none() {
        needs.push(DISASSEMBLER);
    }
    if has_apt() && !Path::new(UBOOT_FILE).exists() {
        needs.push(UBOOT);
    }
    needs
}

/// Whatever is missing of the distribution's Rust.
pub(super) fn distribution_rust() -> Vec<Need> {
    toolchain::missing_distribution()
        .into_iter()
        .map(|(what, package)| Need { what, debian: package, fedora: "", macos: "" })
        .collect()
}

/// Whether this is Debian or a descendant.
pub(super) fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

fn words(needs: &[Need], of: impl Fn(&Need) -> &'static str) -> String {
    let mut words: Vec<&str> = needs.iter().map(of).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// Debian's packages for these needs.
pub(super) fn debian_packages(needs: &[Need]) -> String {
    words(needs, |need| need.debian)
}

/// The command for the system that this looks like.
fn install_command(needs: &[Need]) -> String {
    let wanted = if cfg!(target_os = "macos") {
        "macOS"
    } else if Path::new("/usr/bin/dnf").exists() {
        "Fedora"
    } else {
        "Debian"
    };
    let found = commands(needs).into_iter().find(|(system, _)| *system == wanted);
    found.map_or_else(|| format!("{wanted} has no package for it"), |(_, command)| command)
}

/// The commands of every system that has packages for at least one of these needs.
pub(super) fn commands(needs: &[Need]) -> Vec<(&'static str, String)> {
    let all = [
        ("Debian", "sudo apt-get update && sudo apt-get install -y --no-install-recommends", debian_packages(needs)),
        ("Fedora", "sudo dnf install", words(needs, |need| need.fedora)),
        ("macOS", "brew install", words(needs, |need| need.macos)),
    ];
    let known = all.into_iter().filter(|(_, _, packages)| !packages.is_empty());
    known.map(|(system, command, packages)| (system, format!("{command} {packages}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_once() {
        assert_eq!(debian_packages(&EMULATORS), "qemu-system-arm qemu-system-ppc");
    }

    #[test]
    fn every_system_gets_its_command() {
        let commands = commands(&[EMULATORS[0], DISASSEMBLER, UBOOT]);
        let of = |system: &str| commands.iter().find(|(name, _)| *name == system).unwrap().1.clone();
        assert!(of("Debian").ends_with("binutils-powerpc-linux-gnu qemu-system-ppc u-boot-qemu"));
        assert_eq!(of("Fedora"), "sudo dnf install binutils-powerpc64-linux-gnu qemu-system-ppc");
        assert_eq!(of("macOS"), "brew install binutils qemu");
    }

    #[test]
    fn a_line_names_the_thing_and_the_mend() {
        let line = DISASSEMBLER.line();
        assert!(line.starts_with("objdump for PowerPC: ") && line.contains("binutils"), "{line}");
    }
}
