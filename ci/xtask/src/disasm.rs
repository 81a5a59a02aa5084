// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of the PowerPC images' instructions: none that a family lacks, and entry stubs as reviewed.
//!
//! One image serves every family, so it may hold only what all of them execute. The emulator would not notice: it
//! accepts `lwsync` on every CPU.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::boards;
use crate::build;
use crate::golden::{self, Comparison};
use crate::programs;
use crate::test::{Group, Report, Step, Wanted};
use crate::toolchain::POWERPC;

mod forbidden;
mod listing;
mod stubs;

pub(crate) use listing::find_objdump;

/// The steps of this module: a scan per package, golden stubs per package.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let mut packages = BTreeSet::new();
    for board in boards::present().filter(|board| board.configs.iter().any(|config| config.target == POWERPC)) {
        packages.extend(programs::of(board)?.into_iter().map(|program| program.package));
    }
    let mut steps = Vec::new();
    for package in packages {
        steps.push(Step::alone(Group::Qemu, format!("instructions {package}"), move || scan(package)));
        steps.push(Step::alone(Group::Qemu, format!("stubs {package}"), move || compare_stubs(package)));
    }
    Ok(steps)
}

fn scan(package: &str) -> Result<Report> {
    let images = build::images(package, POWERPC)?;
    let mut wrong = Vec::new();
    for (program, image) in images.iter() {
        let found = forbidden::find(&listing::of(image)?);
        wrong.extend(found.into_iter().map(|line| format!("{package} {program}: {line}")));
    }
    Ok(if wrong.is_empty() { Report::Passed(images.len()) } else { Report::from_list(&wrong) })
}

/// The stubs of a package's `demo`, which installs all of them; of its first program if it has no demo.
fn compare_stubs(package: &str) -> Result<Report> {
    let images = build::images(package, POWERPC)?;
    let Some((program, image)) = images.get_key_value("demo").or_else(|| images.first_key_value()) else {
        return Ok(Report::Skipped(format!("{package} has no programs")));
    };
    compare_image(&format!("{package}-{program}"), image)
}

fn compare_image(name: &str, image: &Path) -> Result<Report> {
    let text = stubs::text(&listing::of(image)?);
    let path = golden::folder().join("stubs").join(format!("{name}.txt"));
    if text.is_empty() && !path.exists() {
        return Ok(Report::Skipped(format!("{name} has no symbol {}…", stubs::PREFIXES.join("… or "))));
    }
    Ok(match golden::file(&path, &text, golden::updating())? {
        Comparison::Same | Comparison::Updated(_) => Report::Passed(1),
        Comparison::Differs(difference) => Report::failed(difference),
    })
}
