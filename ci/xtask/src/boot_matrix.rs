// SPDX-License-Identifier: MIT OR Apache-2.0
//! `boot-matrix`: the one PowerPC image on every CPU model that the emulator lists for each of its boards.
//!
//! A model that the emulator refuses, or that the machine replaces by its own CPU, is *not emulated*; what the emulator
//! said stands beside it. Everything else must pass, come up with the PVR that was asked for, and take the unavailable
//! exceptions of exactly the units that a list of names says it has: an instruction of every unit is tried on every
//! model, and table, probe, instruction and list must agree ([`units`]).

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;

use crate::boards::{self, Board, Config};
use crate::cpu::{family_of, listed};
use crate::outcome::{Outcome, unusable};
use crate::programs::Wishes;
use crate::progress::Progress;
use crate::qemu::offer;
use crate::qemu::session::{End, Transcript, Verdict};
use crate::records;
use crate::test::{Group, Report, Step, Wanted};
use crate::toolchain::POWERPC;
use crate::{build, run};

mod units;

/// The image.
const PACKAGE: &str = "ppc-universal";
const PROGRAM: &str = "demo";

/// The boards that it runs on, each with the models of the short form: one of every kind of core.
const BOARDS: &[(&str, &[&str])] = &[
    ("mac99", &["603", "604e_v2.4", "750_v3.1", "750fx_v2.3", "e300c3", "7400_v2.9", "7455_v3.2"]),
    ("ref405ep", &["405ep"]),
    ("bamboo", &["440epb"]),
    ("ppce500", &["e500_v20", "e500v2_v22", "e500mc", "e5500", "e6500"]),
];

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// One JSON object per line.
    pub(crate) json: bool,
    /// Only this board.
    pub(crate) board: Option<String>,
}

/// How a model did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Pass,
    Fail(String),
    NotEmulated(String),
}

impl Fate {
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Pass => ("pass", ""),
            Self::Fail(detail) => ("fail", detail),
            Self::NotEmulated(detail) => ("not-emulated", detail),
        }
    }
}

/// A model on a board.
#[derive(Clone, Debug)]
struct Row {
    board: &'static str,
    cpu: String,
    pvr: u32,
    result: Fate,
}

impl Row {
    fn json(&self) -> String {
        let (result, detail) = self.result.words();
        let (pvr, family) = (format!("{:08x}", self.pvr), family_of(self.pvr));
        json!({ "board": self.board, "cpu": self.cpu, "pvr": pvr, "family": family, "result": result, "detail": detail })
            .to_string()
    }

    fn text(&self) -> String {
        let (result, detail) = self.result.words();
        let line = format!(
            "{:<9} {:<18} {:08x}  {:<8} {result:<13} {detail}",
            self.board,
            self.cpu,
            self.pvr,
            family_of(self.pvr)
        );
        line.trim_end().to_owned()
    }
}

/// Boots all models and prints a line for each as it ends.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let wanted = |name: &str| request.board.as_deref().is_none_or(|board| board == name);
    let chosen: Vec<_> = BOARDS.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = BOARDS.iter().map(|(name, _)| *name).collect();
        return Err(unusable(format!("the image runs on {}", names.join(", "))));
    }
    let mut rows = Vec::new();
    for (name, _) in chosen {
        rows.extend(matrix(boards::find(name)?, None, &|row| {
            // A closed pipe is the reader's business; the verdict stays.
            let _ = writeln!(std::io::stdout().lock(), "{}", if request.json { row.json() } else { row.text() });
        })?);
    }
    if !request.json {
        println!("{}", sum(&rows));
    }
    Ok(Outcome::of(!rows.iter().any(|row| matches!(row.result, Fate::Fail(_)))))
}

/// The short form is a step for all boards, the long form a step for each.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    if !boards::find(BOARDS[0].0)?.packages().any(|package| package == PACKAGE) {
        return Ok(Vec::new());
    }
    let report = |rows: &[Row]| {
        let failed: Vec<_> = rows.iter().filter(|row| matches!(row.result, Fate::Fail(_))).map(Row::text).collect();
        let passed = rows.iter().filter(|row| row.result == Fate::Pass).count();
        match failed.len() {
            0 if passed == 0 => Report::failed("no model passed"),
            0 => Report::Passed(passed),
            failures => Report::Failed { passed, failed: failures, text: failed.join("\n") },
        }
    };
    if !wanted.full {
        return Ok(vec![Step::alone(Group::Qemu, "boot-matrix, a model of each kind", move || {
            let mut rows = Vec::new();
            for (name, models) in BOARDS {
                rows.extend(matrix(boards::find(name)?, Some(models), &|_| {})?);
            }
            Ok(report(&rows))
        })]);
    }
    let step = |&(name, _): &(&'static str, _)| {
        Step::alone(Group::Qemu, format!("boot-matrix {name}"), move || {
            Ok(report(&matrix(boards::find(name)?, None, &|_| {})?))
        })
    };
    Ok(BOARDS.iter().map(step).collect())
}

fn sum(rows: &[Row]) -> String {
    let count = |word| rows.iter().filter(|row| row.result.words().0 == word).count();
    format!("{} models pass, {} fail, {} not emulated", count("pass"), count("fail"), count("not-emulated"))
}

/// The models that the emulator lists for a board, with their PVRs; those of its second emulator that the first has not, too.
fn models(board: &Board) -> Result<Vec<(Config, String, u32)>> {
    let first = board.configs[0];
    let second = first.qemu_smp.map(|qemu| Config { qemu, ..first });
    let mut models: Vec<(Config, String, u32)> = Vec::new();
    for config in std::iter::once(first).chain(second) {
        if let Some(lack) = offer::lacks(&Config { cpu: None, ..config }, 1) {
            return Err(unusable(format!("{}: not emulated: {lack}", board.name)));
        }
        let mut more = listed(&offer::cpu_help(&config));
        more.retain(|(name, _)| models.iter().all(|(_, known, _)| known != name));
        models.extend(more.into_iter().map(|(name, pvr)| (config, name, pvr)));
    }
    Ok(models)
}

/// Boots the models of a board that are in `only`, or all, two at a time.
fn matrix(board: &'static Board, only: Option<&[&str]>, each: &(dyn Fn(&Row) + Sync)) -> Result<Vec<Row>> {
    let mut models = models(board)?;
    if let Some(only) = only {
        models.retain(|(_, name, _)| only.contains(&name.as_str()));
        anyhow::ensure!(models.len() == only.len(), "{}: QEMU lists not all of {}", board.name, only.join(", "));
    }
    anyhow::ensure!(!models.is_empty(), "{}: QEMU lists no CPU model", board.name);
    let image = build::image(PACKAGE, POWERPC, PROGRAM)?;
    let progress = Mutex::new(Progress::start(format!("booting {} models on {}", models.len(), board.name)));
    let (next, own) = (AtomicUsize::new(0), Mutex::new(None));
    let rows = Mutex::new(Vec::new());
    let worker = || -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((config, name, pvr)) = models.get(index) else { return Ok(()) };
            lock(&progress).detail(&format!("{} {name} ({} of {})", board.name, index + 1, models.len()));
            let known = *lock(&own);
            let result = match known.filter(|known| known != pvr) {
                Some(known) => own_cpu(known),
                None => boot(config, &image, name, *pvr, &own)?,
            };
            let row = Row { board: board.name, cpu: name.clone(), pvr: *pvr, result };
            each(&row);
            lock(&rows).push((index, row));
        }
    };
    std::thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(worker);
        worker()?;
        other.join().map_err(|_| anyhow::anyhow!("a run panicked"))?
    })?;
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(index, _)| *index);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The machine has one CPU, whatever it was asked for.
fn own_cpu(pvr: u32) -> Fate {
    Fate::NotEmulated(format!("the machine ignores -cpu: its CPU has PVR {pvr:08x}"))
}

fn boot(config: &Config, image: &std::path::Path, name: &str, pvr: u32, own: &Mutex<Option<u32>>) -> Result<Fate> {
    // The name lives as long as the process: there are some hundred.
    let config = config.with_cpu(String::leak(name.to_owned()));
    let transcript =
        run::boot(&config, image, &Wishes::default(), &[], &mut |_| {}).with_context(|| name.to_owned())?;
    let (result, found) = judge(name, pvr, &transcript);
    if let Some(found) = found.filter(|found| *found != pvr) {
        *lock(own) = Some(found);
    }
    Ok(result)
}

/// The result, and the PVR with which the image found itself running.
fn judge(name: &str, pvr: u32, transcript: &Transcript) -> (Fate, Option<u32>) {
    let said = said(&transcript.emulator);
    // The emulator ended by itself before the guest said anything.
    if transcript.lines.is_empty() && matches!(transcript.end, End::Off(code) if code != Some(0)) && !said.is_empty() {
        return (Fate::NotEmulated(said), None);
    }
    let records = records::all(&transcript.lines);
    let cpu = records.iter().find(|record| record.kind == "cpu");
    let found = cpu.and_then(|cpu| u32::from_str_radix(cpu.get("pvr"), 16).ok());
    if let Some(found) = found.filter(|found| *found != pvr) {
        return (own_cpu(found), Some(found));
    }
    let result = match transcript.verdict() {
        Verdict::Fail(reason) => Fate::Fail(reason),
        Verdict::Pass if found.is_none() => Fate::Fail("the program names no PVR".into()),
        Verdict::Pass => match units::wrong(name, pvr, &records) {
            None => Fate::Pass,
            Some(wrong) => Fate::Fail(wrong),
        },
    };
    (result, found)
}

/// The first line of the emulator's own words that is no warning, without its name.
fn said(emulator: &str) -> String {
    let lines = || emulator.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| !line.contains("warning:")).or_else(|| lines().next()).unwrap_or_default();
    line.split_once(": ").map_or(line, |(_, words)| words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(lines: &[&str], code: Option<i32>, emulator: &str) -> Transcript {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Transcript { lines, end: End::Off(code), emulator: emulator.into() }
    }

    const CPU: &str = "@ cpu board=mac99 model=7400 pvr=000c0209 family=classic controller=\"OpenPIC\"";
    const FP: &str = "@ exception name=\"floating-point unavailable\" from=0x1 action=\"skipped\"";
    const UNITS: [&str; 3] = [
        "@ unit name=FPU table=yes probe=yes instruction=yes",
        "@ unit name=AltiVec table=yes probe=yes instruction=yes",
        "@ unit name=SPE table=no probe=unasked instruction=no",
    ];
    const ALTIVEC: &str = "@ exception name=\"AltiVec unavailable\" from=0x1 action=\"skipped\"";

    #[test]
    fn refusals_are_in_the_words_of_the_emulator() {
        let refused = transcript(&[], Some(1), "qemu-system-ppc: MMU model 4 not supported by this machine\n");
        let words = "MMU model 4 not supported by this machine";
        assert_eq!(judge("405d4", 0x2001_0000, &refused), (Fate::NotEmulated(words.into()), None));
        let silent = transcript(&[], Some(1), "");
        assert!(matches!(judge("405d4", 0x2001_0000, &silent), (Fate::Fail(_), None)));
    }

    #[test]
    fn another_pvr_than_asked_for_is_not_the_model() {
        let run = transcript(&[CPU, FP, ALTIVEC, UNITS[0], UNITS[1], UNITS[2], "result: pass"], Some(0), "");
        assert_eq!(judge("7400_v2.9", 0x000C_0209, &run).0, Fate::Pass);
        let other = judge("7400_v2.8", 0x000C_0208, &run);
        assert!(matches!(other, (Fate::NotEmulated(text), Some(0x000C_0209)) if text.contains("000c0209")));
    }

    #[test]
    fn a_unit_too_few_fails() {
        let without = transcript(&[CPU, FP, UNITS[0], UNITS[1], UNITS[2], "result: pass"], Some(0), "");
        assert!(matches!(judge("7400_v2.9", 0x000C_0209, &without).0, Fate::Fail(text) if text.contains("AltiVec")));
    }

    #[test]
    fn a_run_that_fails_or_says_nothing_of_its_cpu_fails() {
        let failed = transcript(&[CPU, "result: fail: broken"], Some(0), "");
        assert_eq!(judge("7400_v2.9", 0x000C_0209, &failed).0, Fate::Fail("broken".into()));
        let nameless = transcript(&["result: pass"], Some(0), "");
        assert!(matches!(judge("7400_v2.9", 0x000C_0209, &nameless).0, Fate::Fail(_)));
    }
}
