// SPDX-License-Identifier: MIT OR Apache-2.0
//! `test`: all checks, one line each with its time, and the sum.
//!
//! A module that has something to check writes `fn steps(&Wanted) -> Result<Vec<Step>>` and is named in [`SOURCES`].
//! A long-running command gives its short form when `wanted.full` is false and its whole form otherwise.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::outcome::{Outcome, unusable};
use crate::progress::Progress;
use crate::{
    boot_matrix, checks, count, cpu, crates, demo, dependencies, disasm, docs, emulated, golden, kexec, sockets, stamp,
    stop, sweep,
};

/// What a module has to check.
type Source = fn(&Wanted) -> Result<Vec<Step>>;

/// Where the checks come from, in the order in which they run.
const SOURCES: &[Source] = &[
    checks::steps,
    crates::steps,
    dependencies::steps,
    docs::steps,
    cpu::steps,
    emulated::build_steps,
    disasm::steps,
    sockets::steps,
    emulated::program_steps,
    demo::steps,
    sweep::steps,
    count::steps,
    stop::steps,
    boot_matrix::steps,
    kexec::steps,
];

/// What is to be checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only what needs no emulator.
    pub(crate) host: bool,
    /// Only what is built for the boards or runs on them.
    pub(crate) qemu: bool,
    /// The long forms.
    pub(crate) full: bool,
    /// Only steps whose name contains this.
    pub(crate) filter: Option<String>,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Only this computer.
    Host,
    /// Images for boards, or an emulator.
    Qemu,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// So many checks passed.
    Passed(usize),
    /// Some failed; what to show.
    Failed {
        /// Checks that passed.
        passed: usize,
        /// Checks that failed.
        failed: usize,
        /// The difference, the compiler's words, …
        text: String,
    },
    /// Could not be done here, and why that is no failure.
    Skipped(String),
}

impl Report {
    /// One failed check.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::Failed { passed: 0, failed: 1, text: text.into() }
    }

    /// One check that passes if nothing is wrong; otherwise one failure per line of `wrong`.
    pub(crate) fn from_list(wrong: &[String]) -> Self {
        if wrong.is_empty() { Self::Passed(1) } else { Self::failed(wrong.join("\n")) }
    }
}

type Work = Box<dyn Fn() -> Result<Report> + Send + Sync>;

/// One check or one batch of checks.
pub(crate) struct Step {
    name: String,
    group: Group,
    /// May run beside another step: an emulator uses one processor, cargo uses all of them.
    beside: bool,
    work: Work,
}

impl Step {
    /// A step that has the machine for itself.
    pub(crate) fn alone(
        group: Group,
        name: impl Into<String>,
        work: impl Fn() -> Result<Report> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), group, beside: false, work: Box::new(work) }
    }

    /// A step that boots a board; two of them run at a time.
    pub(crate) fn emulator(name: impl Into<String>, work: impl Fn() -> Result<Report> + Send + Sync + 'static) -> Self {
        Self { name: name.into(), group: Group::Qemu, beside: true, work: Box::new(work) }
    }
}

impl Wanted {
    fn wants(&self, step: &Step) -> bool {
        let group = match step.group {
            Group::Host => self.host || !self.qemu,
            Group::Qemu => self.qemu || !self.host,
        };
        group && self.filter.as_ref().is_none_or(|text| step.name.contains(text.as_str()))
    }
}

#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    names: Vec<String>,
    /// Steps that passed, and how many checks each had.
    well: BTreeMap<String, usize>,
}

impl Tally {
    /// A step that passed in this commit already.
    fn remember(&mut self, name: &str, count: usize) {
        self.passed += count;
        println!("ok    {name:<56} passed before");
    }

    fn add(&mut self, name: &str, report: Report, time: Duration) {
        let (word, text) = match report {
            Report::Passed(count) => {
                self.passed += count;
                self.well.insert(name.to_owned(), count);
                ("ok", None)
            }
            Report::Failed { passed, failed, text } => {
                self.passed += passed;
                self.failed += failed;
                self.names.push(name.to_owned());
                ("FAIL", Some(text))
            }
            Report::Skipped(reason) => {
                self.skipped += 1;
                ("skip", Some(reason))
            }
        };
        println!("{word:<4}  {name:<56} {:>7.1} s", time.as_secs_f64());
        for line in text.iter().flat_map(|text| text.lines()) {
            println!("      {line}");
        }
    }

    fn sum(&self) -> String {
        let skipped = if self.skipped == 0 { String::new() } else { format!(", {} skipped", self.skipped) };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }
}

/// Runs what is wanted.
pub(crate) fn run(wanted: &Wanted) -> Result<Outcome> {
    let mut steps = Vec::new();
    for source in SOURCES {
        steps.extend(source(wanted)?.into_iter().filter(|step| wanted.wants(step)));
    }
    if steps.is_empty() {
        return Err(unusable("no check has such a name; cargo xtask test without --filter prints them all"));
    }
    let mut tally = Tally::default();
    let everything = wanted.filter.is_none() && !wanted.host && !wanted.qemu && !golden::updating();
    if wanted.full && everything {
        let before = stamp::read();
        steps.retain(|step| match before.get(&step.name) {
            Some(count) => {
                tally.remember(&step.name, *count);
                false
            }
            None => true,
        });
    }
    let tally = Mutex::new(tally);
    // Golden files of a board's first configuration must be there before the others are compared with them.
    let at_once = if golden::updating() { 1 } else { 2 };
    for batch in steps.chunk_by(|a, b| a.beside && b.beside) {
        run_batch(batch, at_once.min(batch.len()), &tally);
    }
    let tally = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !tally.names.is_empty() {
        println!("failed: {}", tally.names.join(", "));
    }
    if everything && !wanted.full {
        stamp::write(&tally.well);
    }
    println!("{}", tally.sum());
    Ok(Outcome::of(tally.failed == 0))
}

fn run_batch(batch: &[Step], at_once: usize, tally: &Mutex<Tally>) {
    let next = AtomicUsize::new(0);
    let worker = || {
        while let Some(step) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
            let progress = Progress::quiet(&step.name);
            let started = Instant::now();
            let report = (step.work)().unwrap_or_else(|error| Report::failed(format!("{error:#}")));
            drop(progress);
            let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            tally.add(&step.name, report, started.elapsed());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_once {
            scope.spawn(worker);
        }
        worker();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_names_choose() {
        let host = Step::alone(Group::Host, "format", || Ok(Report::Passed(1)));
        let board = Step::emulator("run ppce500", || Ok(Report::Passed(1)));
        let chosen = |wanted: &Wanted| (wanted.wants(&host), wanted.wants(&board));
        assert_eq!(chosen(&Wanted::default()), (true, true));
        assert_eq!(chosen(&Wanted { host: true, ..Wanted::default() }), (true, false));
        assert_eq!(chosen(&Wanted { qemu: true, ..Wanted::default() }), (false, true));
        assert_eq!(chosen(&Wanted { filter: Some("ppce".into()), ..Wanted::default() }), (false, true));
    }

    #[test]
    fn every_report_counts() {
        let tally = Mutex::new(Tally::default());
        let batch = [
            Step::emulator("a", || Ok(Report::Passed(3))),
            Step::emulator("b", || Ok(Report::Failed { passed: 1, failed: 2, text: "x".into() })),
            Step::emulator("c", || anyhow::bail!("broken")),
            Step::emulator("d", || Ok(Report::Skipped("not emulated".into()))),
        ];
        run_batch(&batch, 2, &tally);
        let tally = tally.into_inner().unwrap();
        assert_eq!(tally.sum(), "4 passed, 3 failed, 1 skipped");
        assert_eq!(tally.names.len(), 2);
    }
}
