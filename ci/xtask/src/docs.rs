// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the documentation as docs.rs will, from the `package.metadata.docs.rs` of every crate, with warnings denied.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::checks::judge;
use crate::test::{Group, Report, Step, Wanted};
use crate::toolchain::{self, TARGETS, Toolchain};
use crate::workspace::{self, Metadata, Package};

/// The targets that a crate's documentation is built for.
pub(crate) fn targets(package: &Package) -> Vec<String> {
    strings(&settings(package)["targets"])
}

fn settings(package: &Package) -> &Value {
    &package.metadata["docs"]["rs"]
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The feature options that docs.rs uses for a crate.
fn features(package: &Package) -> Vec<String> {
    let settings = settings(package);
    let mut options = Vec::new();
    if settings["all-features"] == true {
        options.push("--all-features".to_owned());
    }
    if settings["no-default-features"] == true {
        options.push("--no-default-features".to_owned());
    }
    let named = strings(&settings["features"]);
    if !named.is_empty() {
        options.extend(["--features".to_owned(), named.join(",")]);
    }
    options
}

/// One run of `cargo doc`: crates that agree in target and features go together. A target that is none of the boards'
/// stands for the host.
type Runs = BTreeMap<(Option<&'static str>, Vec<String>), Vec<String>>;

fn runs(members: &[Package]) -> Runs {
    let mut runs = Runs::new();
    for package in members.iter().filter(|package| package.published) {
        for target in targets(package) {
            let cross = TARGETS.into_iter().find(|known| *known == target);
            runs.entry((cross, features(package))).or_default().push(package.name.clone());
        }
    }
    runs
}

/// A step per target and feature set.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let steps = runs(&Metadata::read()?.members).into_iter().map(|((target, features), packages)| {
        let name = format!("docs {} {}", target.unwrap_or("host"), features.join(" "));
        Step::alone(Group::Host, name.trim_end().to_owned(), move || build(target, &features, &packages))
    });
    Ok(steps.collect())
}

fn build(target: Option<&str>, features: &[String], packages: &[String]) -> Result<Report> {
    let mut doc = match target {
        Some(target) if !toolchain::has_target(target) => {
            return Ok(Report::Skipped(format!("the installed Rust has no {target}")));
        }
        Some(target) => Toolchain::Installed.cargo("doc", target),
        None => {
            let mut doc = Command::new(workspace::cargo());
            doc.current_dir(workspace::root()).arg("doc");
            doc
        }
    };
    doc.args(["--quiet", "--no-deps"]).args(features).env("RUSTDOCFLAGS", "-D warnings");
    for package in packages {
        doc.args(["--package", package]);
    }
    judge(&mut doc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn package(name: &str, settings: Value) -> Package {
        Package {
            name: name.into(),
            dir: PathBuf::new(),
            published: true,
            readme: None,
            metadata: serde_json::json!({"docs": {"rs": settings}}),
        }
    }

    #[test]
    fn the_readme_shows_lines_of_a_program_that_is_built() {
        let read = |path: &str| std::fs::read_to_string(workspace::root().join(path)).unwrap();
        let readme = read("README.md");
        let block = readme.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
        let program = read("examples/ppce500/src/bin/trap.rs");
        let mut rest = program.lines();
        let shown: Vec<_> = block.lines().filter(|line| !line.is_empty()).collect();
        assert!(shown.len() >= 8);
        for line in shown {
            assert!(rest.any(|other| other == line), "not in trap.rs, or not in this order: {line}");
        }
    }

    #[test]
    fn crates_that_agree_are_built_together() {
        let list = ["x86_64-unknown-linux-gnu", "powerpc-unknown-linux-gnu"];
        let members = [
            package("a", serde_json::json!({"targets": list, "all-features": true})),
            package("b", serde_json::json!({"targets": [list[1]], "all-features": true})),
            package("c", serde_json::json!({"targets": [list[1]], "features": ["x", "y"]})),
        ];
        let runs = runs(&members);
        let all = vec!["--all-features".to_owned()];
        assert_eq!(runs[&(Some("powerpc-unknown-linux-gnu"), all.clone())], ["a", "b"]);
        assert_eq!(runs[&(None, all)], ["a"]);
        assert_eq!(runs[&(Some("powerpc-unknown-linux-gnu"), vec!["--features".into(), "x,y".into()])], ["c"]);
    }
}
