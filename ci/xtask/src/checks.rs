// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of the source itself: format, lints, host tests.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::test::{Group, Report, Step, Wanted};
use crate::toolchain::{self, TARGETS, Toolchain};
use crate::workspace::{self, Metadata, Package};
use crate::{boards, docs, programs};

/// The steps of this module.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut steps = vec![
        Step::alone(Group::Host, "format", || cargo(&["fmt", "--all", "--check", "--", "--color", "never"])),
        Step::alone(Group::Host, "lint host", || {
            cargo(&["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"])
        }),
    ];
    let members = Metadata::read()?.members;
    for target in TARGETS {
        steps.push(Step::alone(Group::Host, format!("lint {target}"), move || lint(target, false)));
        if wanted.full && !packages_for(target, &members, true)?.is_empty() {
            steps.push(Step::alone(Group::Host, format!("lint {target} long"), move || lint(target, true)));
        }
    }
    steps.push(Step::alone(Group::Host, "host tests", host_tests));
    Ok(steps)
}

fn output(command: &mut Command) -> Result<(bool, String)> {
    let out = command
        .env("CARGO_TERM_COLOR", "never")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    Ok((out.status.success(), text))
}

/// Runs a command; its words are the failure's text.
pub(crate) fn judge(command: &mut Command) -> Result<Report> {
    let (good, text) = output(command)?;
    Ok(if good { Report::Passed(1) } else { Report::failed(text) })
}

fn cargo(args: &[&str]) -> Result<Report> {
    judge(Command::new(workspace::cargo()).args(args).current_dir(workspace::root()))
}

/// The packages whose code exists for this target: boards and what they share, and the libraries whose documentation is
/// built for it. With `long`, those that only the long form builds; without, the others.
fn packages_for(target: &str, members: &[Package], long: bool) -> Result<BTreeSet<String>> {
    let named = members.iter().filter(|package| {
        docs::targets(package).iter().any(|name| name == target) || boards::targets_of(&package.name).contains(&target)
    });
    let mut packages = BTreeSet::new();
    for package in named {
        if programs::all_long(&package.name)? == long {
            packages.insert(package.name.clone());
        }
    }
    Ok(packages)
}

fn lint(target: &str, long: bool) -> Result<Report> {
    if !toolchain::has_target(target) {
        return Ok(Report::Skipped(format!("the installed Rust has no {target}; the distribution's has no clippy")));
    }
    let packages = packages_for(target, &Metadata::read()?.members, long)?;
    if packages.is_empty() {
        return Ok(Report::Skipped(format!("no package is built for {target}")));
    }
    let mut clippy = Toolchain::Installed.cargo("clippy", target);
    clippy.arg("--quiet");
    for package in packages {
        clippy.args(["--package", &package]);
    }
    judge(clippy.args(["--", "-D", "warnings"]))
}

fn host_tests() -> Result<Report> {
    let mut tests = Command::new(workspace::cargo());
    let (good, text) = output(tests.args(["test", "--no-fail-fast"]).current_dir(workspace::root()))?;
    let (passed, failed) = count(&text);
    Ok(match (good, failed) {
        (true, 0) => Report::Passed(passed.max(1)),
        // A crate that does not compile fails without a test that failed.
        _ => Report::Failed { passed, failed: failed.max(1), text: failures(&text) },
    })
}

/// Sums the lines `test result: ok. 3 passed; 0 failed; …`.
fn count(text: &str) -> (usize, usize) {
    let mut sum = (0, 0);
    for line in text.lines().filter(|line| line.starts_with("test result:")) {
        for part in line.split(['.', ';']) {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => sum.0 += number.parse().unwrap_or(0),
                Some((number, "failed")) => sum.1 += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    sum
}

/// The output without the tests that passed.
fn failures(text: &str) -> String {
    let kept = text.lines().filter(|line| {
        let line = line.trim();
        !(line.is_empty() || line.ends_with("... ok") || line.starts_with("running ") || line.starts_with("Compiling "))
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 3 tests\ntest a ... ok\ntest b ... FAILED\n\n\
        test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
        test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";

    #[test]
    fn results_of_all_crates_are_summed() {
        assert_eq!(count(OUTPUT), (6, 1));
    }

    #[test]
    fn what_passed_is_not_repeated() {
        let text = failures(OUTPUT);
        assert!(text.contains("test b ... FAILED") && !text.contains("test a"));
    }
}
