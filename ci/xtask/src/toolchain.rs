// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which Rust builds the images: the installed one with the targets' precompiled `core`, or the distribution's
//! compiler, which builds `core` from the packaged library source.
//!
//! The second way is for machines whose rustup cannot add a target. It is chosen by itself when only it is there, and
//! on request by `--distro-rust` or `XTASK_DISTRO_RUST=1`, so that it can be tested where both work.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::workspace;

/// Bare-metal PowerPC images use this target for its `core` only.
pub(crate) const POWERPC: &str = "powerpc-unknown-linux-gnu";
/// 32-bit ARM boards.
pub(crate) const ARMV7A: &str = "armv7a-none-eabi";
/// 64-bit ARM boards.
pub(crate) const AARCH64: &str = "aarch64-unknown-none";

/// Every target that images are built for.
pub(crate) const TARGETS: [&str; 3] = [POWERPC, ARMV7A, AARCH64];

/// Where Debian's packages `rustc-web`, `cargo-web`, `rust-web-src` and `lld` put what we use.
const DISTRO_FILES: [(&str, &str); 4] = [
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/lib/rustlib/src/rust/library/core/src/lib.rs", "rust-web-src"),
    ("/usr/bin/ld.lld", "lld"),
];

/// The first release with stable PowerPC assembly.
const OLDEST: (u32, u32) = (1, 95);
/// What is missing then, and where Debian has it.
const TOO_OLD: &str =
    "the distribution's Rust in version 1.95 or newer (Debian 12: add bookworm-security to the sources of apt)";

/// The Rust that builds images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo that runs this tool, and its targets.
    Installed,
    /// The distribution's compiler and library source.
    Distribution,
}

static FORCED: OnceLock<()> = OnceLock::new();

/// Asks for the distribution's compiler, whatever else is there.
pub(crate) fn force_distribution() {
    FORCED.get_or_init(|| ());
}

/// Whether the distribution's compiler was asked for.
pub(crate) fn is_forced() -> bool {
    FORCED.get().is_some() || std::env::var_os("XTASK_DISTRO_RUST").is_some_and(|value| value == "1")
}

/// The way that images are built on this machine. Call `setup::ensure` before, which sees to it that there is one.
pub(crate) fn current() -> Toolchain {
    static CHOSEN: OnceLock<Toolchain> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let installed = || TARGETS.iter().all(|target| has_target(target));
        if is_forced() || (!installed() && has_distribution()) { Toolchain::Distribution } else { Toolchain::Installed }
    })
}

/// Whether the installed compiler brings `core` for `target`.
pub(crate) fn has_target(target: &str) -> bool {
    let Ok(out) = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output() else {
        return false;
    };
    let dir = PathBuf::from(String::from_utf8_lossy(&out.stdout).trim());
    std::fs::read_dir(dir).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
    })
}

/// Whether the distribution's compiler, cargo, library source and linker are all there, and new enough.
pub(crate) fn has_distribution() -> bool {
    missing_distribution().is_empty()
}

/// What of the distribution's Rust is not there, or too old, and the package that brings it.
pub(crate) fn missing_distribution() -> Vec<(&'static str, &'static str)> {
    let absent = DISTRO_FILES.iter().filter(|(file, _)| !Path::new(file).exists());
    let mut missing: Vec<_> = absent.map(|&(_, package)| (package, package)).collect();
    let version = Command::new("/usr/bin/rustc").arg("--version").output();
    let version = version.ok().and_then(|out| release(&String::from_utf8_lossy(&out.stdout)));
    if version.is_some_and(|version| version < OLDEST) {
        missing.retain(|(_, package)| *package == "lld");
        missing.extend(["rustc-web", "cargo-web", "rust-web-src"].map(|package| (TOO_OLD, package)));
    }
    missing
}

/// Major and minor version from `rustc 1.96.0 (…)`.
fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("rustc ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

impl Toolchain {
    /// `cargo SUBCOMMAND --target TARGET`, at the root of the workspace.
    pub(crate) fn cargo(self, subcommand: &str, target: &str) -> Command {
        let mut cargo = match self {
            Self::Installed => Command::new(workspace::cargo()),
            Self::Distribution => distribution_cargo(target),
        };
        cargo.current_dir(workspace::root()).arg(subcommand).args(["--target", target]);
        if self == Self::Distribution {
            cargo.arg("-Zbuild-std=core");
            // Two compilers in one folder would rebuild everything at each change of hands.
            cargo.arg("--target-dir").arg(workspace::root().join("target/distro"));
        }
        cargo
    }

    /// A folder name for what it built.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Distribution => "distribution",
        }
    }

    /// For messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed Rust",
            Self::Distribution => "the distribution's Rust",
        }
    }
}

fn distribution_cargo(target: &str) -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    cargo
        .env("RUSTC", "/usr/bin/rustc")
        // `-Zbuild-std` is a nightly option; this lets a stable compiler accept it.
        .env("RUSTC_BOOTSTRAP", "1")
        // The packages have no rust-lld.
        .env(linker, "ld.lld")
        // Set by the rustup proxies that run this tool; they would lead back to rustup's compiler.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("CARGO");
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_builds_core_from_source_in_its_own_folder() {
        let cargo = Toolchain::Distribution.cargo("build", POWERPC);
        let args: Vec<_> = cargo.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert!(args.contains(&"-Zbuild-std=core".to_owned()));
        assert!(args.iter().any(|arg| arg.ends_with("target/distro")));
        let linker = cargo.get_envs().find(|(key, _)| *key == "CARGO_TARGET_POWERPC_UNKNOWN_LINUX_GNU_LINKER");
        assert_eq!(linker.and_then(|(_, value)| value), Some(std::ffi::OsStr::new("ld.lld")));
    }

    #[test]
    fn releases_compare_as_numbers() {
        assert_eq!(release("rustc 1.96.0 (ac68faa20 2026-05-25)\n"), Some((1, 96)));
        assert!(release("rustc 1.100.0").unwrap() > OLDEST);
        assert_eq!(release("cargo 1.96.0"), None);
    }

    #[test]
    fn a_target_that_does_not_exist_is_not_there() {
        assert!(!has_target("pdp11-unknown-none"));
    }
}
