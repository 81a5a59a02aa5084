// SPDX-License-Identifier: MIT OR Apache-2.0
//! What passed in this very commit: `test --full` after `test` need not do the short forms again.
//!
//! A stamp is written only by a run of everything, and counts only while the checkout is exactly the commit it was
//! written for.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::workspace;

fn path() -> PathBuf {
    workspace::root().join("target").join("xtask-passed")
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(workspace::root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The commit, if the checkout is exactly that.
fn commit() -> Option<String> {
    if !git(&["status", "--porcelain"])?.is_empty() {
        return None;
    }
    git(&["rev-parse", "HEAD"])
}

/// Checks that passed in this commit, and how many each step had.
pub(crate) fn read() -> BTreeMap<String, usize> {
    let (Ok(text), Some(commit)) = (fs::read_to_string(path()), commit()) else { return BTreeMap::new() };
    parse(&text, &commit)
}

fn parse(text: &str, commit: &str) -> BTreeMap<String, usize> {
    let mut lines = text.lines();
    if lines.next() != Some(commit) {
        return BTreeMap::new();
    }
    let entry = |line: &str| {
        let (count, name) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    lines.filter_map(entry).collect()
}

/// Remembers what passed.
pub(crate) fn write(passed: &BTreeMap<String, usize>) {
    if let Some(commit) = commit() {
        let lines: Vec<String> = passed.iter().map(|(name, count)| format!("{count} {name}\n")).collect();
        // Without it the long run takes longer, no more.
        let _ = fs::write(path(), format!("{commit}\n{}", lines.concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_stamp_counts_for_its_commit_only() {
        let text = "abc\n3 host tests\n1 run ppce500 e500v2 demo\n";
        let passed = parse(text, "abc");
        assert_eq!(passed.get("host tests"), Some(&3));
        assert_eq!(passed.get("run ppce500 e500v2 demo"), Some(&1));
        assert!(parse(text, "abd").is_empty());
        assert!(parse("", "abd").is_empty());
    }
}
