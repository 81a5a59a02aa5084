// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every crate of this repository must bring: a changelog, a readme, both licences, settings for docs.rs, the
//! licence line; and every folder under `examples/` must be one that the board registry knows.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::test::{Group, Report, Step, Wanted};
use crate::workspace::{self, Metadata, Package};
use crate::{boards, docs};

const SPDX: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0";

/// The steps of this module.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    Ok(vec![
        Step::alone(Group::Host, "crate files", || {
            let members = Metadata::read()?.members;
            let wrong: Vec<_> = members.iter().flat_map(missing).collect();
            Ok(Report::from_list(&wrong))
        }),
        Step::alone(Group::Host, "licence lines", || licence_lines(workspace::root())),
        Step::alone(Group::Host, "board folders", || {
            let members = Metadata::read()?.members;
            let examples = workspace::root().join("examples");
            let unknown = members
                .iter()
                .filter(|package| package.dir.starts_with(&examples) && boards::targets_of(&package.name).is_empty());
            let wrong: Vec<_> =
                unknown.map(|package| format!("examples: the registry has no entry for {}", package.name)).collect();
            Ok(Report::from_list(&wrong))
        }),
    ])
}

/// What a published crate lacks.
fn missing(package: &Package) -> Vec<String> {
    if !package.published {
        return Vec::new();
    }
    let name = &package.name;
    let mut wrong = Vec::new();
    let changelog = std::fs::read_to_string(package.dir.join("CHANGELOG.md")).unwrap_or_default();
    if !changelog.lines().any(|line| matches!(line, "## Unreleased" | "## [Unreleased]")) {
        wrong.push(format!("{name}: CHANGELOG.md is missing or has no `## Unreleased`"));
    }
    if !package.readme.as_ref().is_some_and(|readme| package.dir.join(readme).exists()) {
        wrong.push(format!("{name}: no README.md that the manifest names"));
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        if !package.dir.join(licence).exists() {
            wrong.push(format!("{name}: no {licence}, which the licence wants in what is published"));
        }
    }
    let settings = &package.metadata["docs"]["rs"];
    let targets = docs::targets(package);
    if !settings["default-target"].as_str().is_some_and(|default| targets.iter().any(|target| target == default)) {
        wrong.push(format!("{name}: package.metadata.docs.rs lacks targets, or a default-target among them"));
    }
    wrong
}

fn licence_lines(root: &Path) -> Result<Report> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            collect(&path, &mut files)?;
        }
    }
    let mut wrong = Vec::new();
    for file in &files {
        if std::fs::read_to_string(file)?.lines().next() != Some(SPDX) {
            wrong
                .push(format!("{}: the first line is not `{SPDX}`", file.strip_prefix(root).unwrap_or(file).display()));
        }
    }
    Ok(Report::from_list(&wrong))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_crate_lacks_everything() {
        let dir = tempfile::tempdir().unwrap();
        let mut package = Package {
            name: "bare".into(),
            dir: dir.path().into(),
            published: true,
            readme: None,
            metadata: serde_json::Value::Null,
        };
        assert_eq!(missing(&package).len(), 5);
        package.published = false;
        assert!(missing(&package).is_empty());
    }

    #[test]
    fn a_file_without_the_licence_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("src")).unwrap();
        std::fs::write(dir.path().join("src/good.rs"), format!("{SPDX}\n")).unwrap();
        assert_eq!(licence_lines(dir.path()).unwrap(), Report::Passed(1));
        std::fs::write(dir.path().join("src/bad.rs"), "//! no\n").unwrap();
        assert!(matches!(licence_lines(dir.path()).unwrap(), Report::Failed { text, .. } if text.contains("bad.rs")));
    }
}
