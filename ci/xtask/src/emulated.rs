// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds of the boards, and every program of every board against its golden file.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::boards::{self, Board, Config};
use crate::programs::{self, Program};
use crate::qemu::offer;
use crate::qemu::session::Verdict;
use crate::test::{Group, Report, Step, Wanted};
use crate::toolchain::{self, Toolchain};
use crate::{build, golden, run};

/// A step per package and target; in the long form also with the distribution's compiler, where it is installed.
pub(crate) fn build_steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut images = BTreeSet::new();
    for board in boards::present() {
        for package in board.packages() {
            if !wanted.full && programs::all_long(package)? {
                continue;
            }
            images.extend(board.configs.iter().map(|config| (package, config.target)));
        }
    }
    let step = |(package, target): (&'static str, &'static str)| {
        Step::alone(Group::Qemu, format!("build {package} {target}"), move || {
            build::images(package, target).map(|_| Report::Passed(1))
        })
    };
    let again = |(package, target): (&'static str, &'static str)| {
        Step::alone(Group::Qemu, format!("build {package} {target} distribution"), move || {
            if !toolchain::has_distribution() {
                return Ok(Report::Skipped("cargo xtask setup --distro-rust brings the compiler".into()));
            }
            build::with(Toolchain::Distribution, package, target).map(|_| Report::Passed(1))
        })
    };
    let mut steps: Vec<Step> = images.iter().copied().map(step).collect();
    if wanted.full {
        steps.extend(images.iter().copied().map(again));
    }
    Ok(steps)
}

/// A step per board, configuration and program.
pub(crate) fn program_steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for board in boards::present() {
        for program in programs::of(board)?.into_iter().filter(|program| wanted.full || !program.wishes.full) {
            let suitable = board.configs.iter().filter(|config| program.suits(config));
            for (place, config) in suitable.enumerate() {
                let name = format!("run {} {} {}", board.name, config.label, program.key(board));
                let program = program.clone();
                steps.push(Step::emulator(name, move || check(board, config, &program, place == 0)));
            }
        }
    }
    Ok(steps)
}

fn check(board: &Board, config: &Config, program: &Program, first: bool) -> Result<Report> {
    if let Some(lack) = offer::lacks(config, program.wishes.smp.unwrap_or(config.smp)) {
        return Ok(Report::Skipped(format!("not emulated: {lack}")));
    }
    let transcript = run::program(config, program)?;
    let text = golden::comparable(&transcript.lines);
    let verdict = transcript.verdict();
    if golden::updating() && verdict != Verdict::Pass {
        // A failing run must not become what is expected.
        return Ok(Report::failed(format!("{verdict:?}\n{text}")));
    }
    let comparison = golden::program(board.name, config.label, &program.key(board), first, &text)?;
    Ok(match (verdict, comparison) {
        (Verdict::Pass, golden::Comparison::Differs(difference)) => Report::failed(difference),
        (Verdict::Fail(reason), golden::Comparison::Differs(difference)) => {
            Report::failed(format!("{reason}\n{difference}"))
        }
        (Verdict::Fail(reason), _) => Report::failed(reason),
        (Verdict::Pass, _) => Report::Passed(1),
    })
}
