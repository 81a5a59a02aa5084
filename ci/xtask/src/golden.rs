// SPDX-License-Identifier: MIT OR Apache-2.0
//! Golden files: the text that a program or a disassembly is expected to print.
//!
//! `ci/golden/<board>/<program>.txt`, or `ci/golden/<board>-<label>/<program>.txt` where the CPU changes the text; the more
//! specific one wins. `UPDATE_GOLDEN=1` rewrites them, and the change shows in review. Eight question marks in a golden file
//! stand for any eight hexadecimal digits; rewriting keeps them where they still fit.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::diff;
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
    let lines = golden.as_deref().map(|golden| diff::lines(golden, text)).unwrap_or_default();
    if golden.is_some() && lines.iter().all(|(mark, _)| *mark == ' ') {
        return Ok(Comparison::Same);
    }
    if update {
        std::fs::create_dir_all(path.parent().context("a golden file has a folder")?)?;
        let kept = lines.iter().filter(|(mark, _)| *mark != '-').map(|(_, line)| format!("{line}\n"));
        let merged = if golden.is_some() { kept.collect() } else { text.to_owned() };
        std::fs::write(path, merged).with_context(|| path.display().to_string())?;
        return Ok(Comparison::Updated(path.to_path_buf()));
    }
    let shown = path.strip_prefix(workspace::root()).unwrap_or(path).display();
    Ok(Comparison::Differs(match golden {
        None => format!("there is no {shown}; UPDATE_GOLDEN=1 writes it:\n{}", indent(text, '+')),
        Some(_) => format!("differs from {shown} (- expected, + found):\n{}", diff::show(&lines)),
    }))
}

fn indent(text: &str, mark: char) -> String {
    text.lines().map(|line| format!("{mark} {line}\n")).collect()
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

    #[test]
    fn question_marks_stand_for_digits_and_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("g.txt");
        std::fs::write(&path, "PC ????????\nold\n").unwrap();
        assert_eq!(file(&path, "PC 0010095c\nold\n", false).unwrap(), Comparison::Same);
        assert!(matches!(file(&path, "PC none\nold\n", false).unwrap(), Comparison::Differs(_)));
        assert!(matches!(file(&path, "PC 0010095c\nnew\n", true).unwrap(), Comparison::Updated(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "PC ????????\nnew\n");
    }

    #[test]
    fn an_empty_text_is_not_what_some_lines_say() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("g.txt");
        std::fs::write(&path, "line\n").unwrap();
        assert!(matches!(file(&path, "", false).unwrap(), Comparison::Differs(_)));
    }
}
