// SPDX-License-Identifier: MIT OR Apache-2.0
//! Golden files: the text that a program or a disassembly is expected to print.
//!
//! `ci/golden/<board>/<program>.txt`, or `ci/golden/<board>-<label>/<program>.txt` where the CPU changes the text; the more
//! specific one wins. `UPDATE_GOLDEN=1` rewrites them, and the change shows in review.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::qemu::session::is_volatile;
use crate::workspace;

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Equal.
    Same,
    /// Written anew on request.
    Updated(PathBuf),
    /// The differing lines, or what is missing.
    Differs(String),
}

/// Whether golden files are to be rewritten.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

/// The folder of all golden files.
pub(crate) fn folder() -> PathBuf {
    workspace::root().join("ci/golden")
}

/// The lines of a console that are compared: no notes, no records, no trailing blanks.
pub(crate) fn comparable(lines: &[String]) -> String {
    let kept = lines.iter().filter(|line| !is_volatile(line)).map(|line| format!("{}\n", line.trim_end()));
    kept.collect()
}

/// Compares a program's text. `first` says that this is the board's first configuration: when rewriting, its text
/// becomes the board's, and the others get a file of their own only where they differ from it.
pub(crate) fn program(board: &str, label: &str, program: &str, first: bool, text: &str) -> Result<Comparison> {
    program_in(&folder(), board, label, program, first, text, updating())
}

fn program_in(
    folder: &Path,
    board: &str,
    label: &str,
    program: &str,
    first: bool,
    text: &str,
    update: bool,
) -> Result<Comparison> {
    let common = folder.join(board).join(format!("{program}.txt"));
    let special = folder.join(format!("{board}-{label}")).join(format!("{program}.txt"));
    let chosen = if special.exists() { &special } else { &common };
    let comparison = file(chosen, text, false)?;
    if !update || comparison == Comparison::Same {
        return Ok(comparison);
    }
    let target = if chosen == &common && !first && common.exists() { &special } else { chosen };
    file(target, text, true)
}

/// Compares `text` with a file, or rewrites the file.
pub(crate) fn file(path: &Path, text: &str, update: bool) -> Result<Comparison> {
    let golden = std::fs::read_to_string(path).ok();
    if golden.as_deref() == Some(text) {
        return Ok(Comparison::Same);
    }
    if update {
        std::fs::create_dir_all(path.parent().context("a golden file has a folder")?)?;
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
        return Ok(Comparison::Updated(path.to_path_buf()));
    }
    let shown = path.strip_prefix(workspace::root()).unwrap_or(path).display();
    Ok(Comparison::Differs(match golden {
        None => format!("there is no {shown}; UPDATE_GOLDEN=1 writes it:\n{}", indent(text, '+')),
        Some(golden) => format!("differs from {shown} (- expected, + found):\n{}", diff(&golden, text)),
    }))
}

fn indent(text: &str, mark: char) -> String {
    text.lines().map(|line| format!("{mark} {line}\n")).collect()
}

/// The differing lines with two lines around them, by the longest common subsequence.
pub(crate) fn diff(expected: &str, found: &str) -> String {
    let old: Vec<&str> = expected.lines().collect();
    let new: Vec<&str> = found.lines().collect();
    // What is equal at both ends needs no table.
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let marked = subsequence(&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let before = old[..head].iter().map(|line| (' ', *line));
    let after = old[old.len() - tail..].iter().map(|line| (' ', *line));
    let all: Vec<(char, &str)> = before.chain(marked).chain(after).collect();
    let near =
        |index: usize| all[index.saturating_sub(2)..(index + 3).min(all.len())].iter().any(|(mark, _)| *mark != ' ');
    let mut text = String::new();
    let mut gap = false;
    for (index, (mark, line)) in all.iter().enumerate() {
        if near(index) {
            text.push_str(&format!("{mark} {line}\n"));
            gap = false;
        } else if !gap {
            text.push_str("  …\n");
            gap = true;
        }
    }
    text
}

fn subsequence<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    // Beyond this the table would not be worth its memory; whole blocks say as much.
    if old.len() * new.len() > 4_000_000 {
        return old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    let mut length = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            length[i * width + j] = if old[i] == new[j] {
                length[(i + 1) * width + j + 1] + 1
            } else {
                length[(i + 1) * width + j].max(length[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && length[(i + 1) * width + j] >= length[i * width + j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_records_are_not_compared() {
        let lines = ["a ", "# time 3", "@ irq source=uart", "result: pass"].map(String::from);
        assert_eq!(comparable(&lines), "a\nresult: pass\n");
    }

    #[test]
    fn a_difference_shows_its_surroundings() {
        let text = diff("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nfour\n5\n6\n7\n8\n");
        assert_eq!(text, "  …\n  2\n  3\n- 4\n+ four\n  5\n  6\n  7\n+ 8\n");
    }

    #[test]
    fn a_program_without_golden_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let result = program_in(dir.path(), "b", "cpu", "p", true, "x\n", false).unwrap();
        assert!(matches!(result, Comparison::Differs(text) if text.contains("there is no") && text.contains("+ x")));
    }

    #[test]
    fn the_more_specific_file_wins_and_is_made_only_where_needed() {
        let dir = tempfile::tempdir().unwrap();
        let run = |label, first, text, update| program_in(dir.path(), "b", label, "p", first, text, update).unwrap();
        assert!(matches!(run("one", true, "x\n", true), Comparison::Updated(path) if path.ends_with("b/p.txt")));
        assert_eq!(run("two", false, "x\n", true), Comparison::Same);
        assert!(matches!(run("two", false, "y\n", true), Comparison::Updated(path) if path.ends_with("b-two/p.txt")));
        assert_eq!(run("one", true, "x\n", false), Comparison::Same);
        assert_eq!(run("two", false, "y\n", false), Comparison::Same);
        assert!(matches!(run("two", false, "x\n", false), Comparison::Differs(_)));
    }
}
