// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of a board: the files of `examples/<package>/src/bin`.
//!
//! A program says in lines `//@ key=value` of its source what the emulator must offer it; `ci/README.md` lists the keys.

use std::path::Path;

use anyhow::{Context, Result};

use crate::boards::{Board, Config};
use crate::outcome::unusable;
use crate::workspace;

/// What a program's source asks of the emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// `smp=N`: cores.
    pub(crate) smp: Option<u32>,
    /// `timeout=N`: seconds after which the program counts as hung.
    pub(crate) timeout: u32,
    /// `only=LABEL,LABEL`: the configurations on which the program makes sense.
    pub(crate) only: Option<Vec<String>>,
    /// `full`: a long form, only for `test --full`.
    pub(crate) full: bool,
    /// `qtest`: the program asks for pin changes by lines `@ qtest COMMAND`.
    pub(crate) qtest: bool,
    /// `rfci=SYMBOL`: a debugger does the return of this critical wrapper, on which QEMU aborts while it counts instructions.
    pub(crate) rfci: Option<String>,
    /// `args=…`: further options for QEMU, separated by blanks.
    pub(crate) args: Vec<String>,
    /// `arg=KEY=VALUE`: a parameter of the program itself.
    pub(crate) parameters: Vec<String>,
}

/// Seconds. Long, for a loaded host: it costs time only when something is broken, and nothing is tried twice.
const TIMEOUT: u32 = 300;

impl Default for Wishes {
    fn default() -> Self {
        Self {
            smp: None,
            timeout: TIMEOUT,
            only: None,
            full: false,
            qtest: false,
            rfci: None,
            args: Vec::new(),
            parameters: Vec::new(),
        }
    }
}

impl Wishes {
    fn parse(source: &str) -> Result<Self> {
        let mut wishes = Self::default();
        for line in source.lines().filter_map(|line| line.strip_prefix("//@")) {
            let line = line.trim();
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let number = || value.parse().with_context(|| format!("`//@ {line}`: no number"));
            match key {
                "smp" => wishes.smp = Some(number()?),
                "timeout" => wishes.timeout = number()?,
                "only" => wishes.only = Some(value.split(',').map(|label| label.trim().to_owned()).collect()),
                "full" => wishes.full = true,
                "qtest" => wishes.qtest = true,
                "rfci" => wishes.rfci = Some(value.to_owned()),
                "args" => wishes.args.extend(value.split_whitespace().map(str::to_owned)),
                "arg" => wishes.parameters.push(value.to_owned()),
                _ => anyhow::bail!("`//@ {line}`: the keys are smp, timeout, only, full, qtest, rfci, args, arg"),
            }
        }
        Ok(wishes)
    }
}

/// A program of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// Package that holds it.
    pub(crate) package: &'static str,
    /// Name of the binary.
    pub(crate) name: String,
    /// What it needs.
    pub(crate) wishes: Wishes,
}

impl Program {
    /// Its name in goldens and reports: programs of another package than the board's carry that package's name.
    pub(crate) fn key(&self, board: &Board) -> String {
        if self.package == board.package { self.name.clone() } else { format!("{}-{}", self.package, self.name) }
    }

    /// Whether it is meant for this way of starting the board.
    pub(crate) fn suits(&self, config: &Config) -> bool {
        match &self.wishes.only {
            Some(only) => only.iter().any(|label| label == config.label),
            None => !config.on_request,
        }
    }
}

/// The programs that run on a board, by name.
pub(crate) fn of(board: &Board) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for package in board.packages() {
        let found = in_folder(&workspace::example(package).join("src/bin"))?;
        programs.extend(found.into_iter().map(|(name, wishes)| Program { package, name, wishes }));
    }
    Ok(programs)
}

/// The program of that name or key.
pub(crate) fn find(board: &Board, name: &str) -> Result<Program> {
    let programs = of(board)?;
    programs.iter().find(|program| program.name == name || program.key(board) == name).cloned().ok_or_else(|| {
        let names: Vec<_> = programs.iter().map(|program| program.key(board)).collect();
        unusable(match names.is_empty() {
            true => format!("board `{}` has no programs: there is no examples/{}/src/bin", board.name, board.package),
            false => format!("board `{}` has no program `{name}`; it has {}", board.name, names.join(", ")),
        })
    })
}

/// Whether a package has programs, and all of them are for the long form alone: then only that form builds it.
pub(crate) fn all_long(package: &str) -> Result<bool> {
    let programs = in_folder(&workspace::example(package).join("src/bin"))?;
    Ok(!programs.is_empty() && programs.iter().all(|(_, wishes)| wishes.full))
}

/// Names and wishes of the programs in a folder, by name.
fn in_folder(bin: &Path) -> Result<Vec<(String, Wishes)>> {
    let mut programs = Vec::new();
    let Ok(entries) = std::fs::read_dir(bin) else {
        return Ok(programs);
    };
    for entry in entries {
        let path = entry?.path();
        let source = if path.is_dir() { path.join("main.rs") } else { path.clone() };
        if source.extension().is_none_or(|ext| ext != "rs") || !source.exists() {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&source).with_context(|| source.display().to_string())?;
        let wishes = Wishes::parse(&text).with_context(|| source.display().to_string())?;
        programs.push((name, wishes));
    }
    programs.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_from_the_source() {
        let wishes = Wishes::parse("//@ arg=rounds=3\n//@ arg=fault=masked-1\n").unwrap();
        assert_eq!(wishes.parameters, ["rounds=3", "fault=masked-1"]);
        let wishes =
            Wishes::parse("// text\n//@ smp=2\n//@ timeout=5\n//@ only=e500v2, e500mc\n//@ qtest\n//@ full\n").unwrap();
        assert_eq!((wishes.smp, wishes.timeout, wishes.qtest, wishes.full), (Some(2), 5, true, true));
        assert_eq!(wishes.only, Some(vec!["e500v2".into(), "e500mc".into()]));
        assert!(Wishes::parse("//@ smp=two").is_err());
        assert!(Wishes::parse("//@ ram=2").unwrap_err().to_string().contains("ram=2"));
    }

    #[test]
    fn files_and_folders_are_programs() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("b.rs"), "").unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/main.rs"), "//@ smp=4\n").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "").unwrap();
        let names: Vec<_> =
            in_folder(dir.path()).unwrap().into_iter().map(|(name, wishes)| (name, wishes.smp)).collect();
        assert_eq!(names, [("a".to_owned(), Some(4)), ("b".to_owned(), None)]);
    }

    #[test]
    fn a_missing_folder_has_no_programs() {
        assert!(in_folder(Path::new("/nonexistent")).unwrap().is_empty());
    }
}
