// SPDX-License-Identifier: MIT OR Apache-2.0
//! `setup`: brings in what this machine lacks, and does nothing where nothing is missing.
//!
//! Rust's targets come by rustup; where it cannot add them, the distribution's compiler and library source take over.
//! Everything else is a package of the distribution. With `apt-get` and the right to use it, packages are installed;
//! otherwise the commands are printed, and the person runs them.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::outcome::{Outcome, unusable};
use crate::progress::Progress;
use crate::toolchain::{self, TARGETS};

mod apt;
mod need;

use need::Need;

/// Tools of rustup that `test` uses; a compiler of the distribution does without.
const COMPONENTS: [(&str, &str); 2] = [("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")];

/// `setup [--check]`.
pub(crate) fn run(check: bool) -> Result<Outcome> {
    if check {
        let missing = missing();
        if missing.is_empty() {
            println!("nothing is missing; images are built with {}", toolchain::current().name());
            return Ok(Outcome::Well);
        }
        missing.iter().for_each(|line| println!("{line}"));
        return Err(unusable(format!("{} missing; cargo xtask setup brings them in", missing.len())));
    }
    ensure()?;
    println!("everything is there; images are built with {}", toolchain::current().name());
    Ok(Outcome::Well)
}

/// Sees to it that nothing is missing. Every command that builds or boots calls this first; it takes a moment if
/// nothing is to be done.
pub(crate) fn ensure() -> Result<()> {
    if missing().is_empty() {
        return Ok(());
    }
    let mut packages = need::missing();
    if !add_rust_parts() {
        packages.extend(need::distribution_rust());
    }
    if !packages.is_empty() {
        apt::install(&packages)?;
    }
    match missing().as_slice() {
        [] => Ok(()),
        [line] => Err(unusable(line.clone())),
        lines => Err(unusable(format!("still missing:\n{}", lines.join("\n")))),
    }
}

/// A line for each thing that is missing, with its mend.
fn missing() -> Vec<String> {
    let mut lines: Vec<String> = need::missing().iter().map(Need::line).collect();
    if toolchain::is_forced() {
        lines.extend(need::distribution_rust().iter().map(Need::line));
    } else if missing_targets().next().is_some() && !toolchain::has_distribution() {
        lines.extend(missing_targets().map(|target| format!("Rust target {target}: rustup target add {target}")));
    }
    if has_rustup() {
        let absent = missing_components();
        lines.extend(absent.iter().map(|name| format!("{name}: rustup component add {name}")));
    }
    lines
}

fn missing_targets() -> impl Iterator<Item = &'static str> {
    TARGETS.into_iter().filter(|target| !toolchain::has_target(target))
}

fn missing_components() -> Vec<&'static str> {
    let absent = COMPONENTS.into_iter().filter(|(_, program)| !answers(program, &["--version"]));
    absent.map(|(name, _)| name).collect()
}

fn has_rustup() -> bool {
    answers("rustup", &["--version"])
}

/// Whether a program is there and ends well.
fn answers(program: &str, args: &[&str]) -> bool {
    let status =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Adds targets and components by rustup. False if images cannot be built by the installed compiler after that, or
/// shall not be.
fn add_rust_parts() -> bool {
    let rustup = has_rustup();
    if rustup {
        add("component", &missing_components());
    }
    if toolchain::is_forced() {
        return false;
    }
    if rustup {
        add("target", &missing_targets().collect::<Vec<_>>());
    }
    missing_targets().next().is_none()
}

fn add(kind: &str, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let progress = Progress::start(format!("rustup {kind} add {}", names.join(" ")));
    let out = Command::new("rustup").args([kind, "add"]).args(names).stdin(Stdio::null()).output();
    // What rustup cannot add is looked for again afterwards, and has another way or a mend.
    match out {
        Ok(out) if out.status.success() => progress.note(&format!("added by rustup: {}", names.join(" "))),
        Ok(out) => progress.note(String::from_utf8_lossy(&out.stderr).trim()),
        Err(error) => progress.note(&format!("rustup: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_does_not_answer() {
        assert!(answers("true", &[]));
        assert!(!answers("false", &[]));
        assert!(!answers("there-is-no-such-program", &[]));
    }
}
