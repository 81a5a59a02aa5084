// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hand-over as `test` checks it: to Linux on every board, under the emulator's trace, and where it must not happen.

use anyhow::{Context, Result, ensure};

use super::{Job, Take, Traced, Until};
use crate::boards::{self, Board, Config};
use crate::golden;
use crate::qemu::offer;
use crate::test::{Report, Step, Wanted};

/// Boards, their configurations and numbers of cores. The first one is the short form.
const PLACES: &[(&str, &str, u32)] = &[
    ("vexpress-a9", "cortex-a9", 2),
    ("vexpress-a9", "cortex-a9", 4),
    ("vexpress-a15", "cortex-a15", 2),
    ("virt", "gicv2-a32", 4),
    ("virt", "gicv3-a32", 4),
    ("virt", "gicv2-a64", 4),
    ("virt", "gicv3-a64", 4),
];

/// The steps of this module.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    // A place that is lost must be noticed, and a board that has the program must have a place.
    for board in boards::present() {
        let has_place = PLACES.iter().any(|place| place.0 == board.name);
        let has_program = crate::run::own_program(board, "kexec")?.is_some();
        ensure!(has_place == has_program, "{}: program `kexec`: {has_program}, in the table: {has_place}", board.name);
    }
    for (index, &(name, label, cores)) in PLACES.iter().enumerate() {
        if index > 0 && !wanted.full {
            continue;
        }
        let board = boards::find(name)?;
        let config = board.configs.iter().find(|config| config.label == label).copied();
        let config = config.with_context(|| format!("{name} has no configuration {label}"))?;
        let place = format!("kexec {name} {label} {cores}");
        steps.push(step(place.clone(), board, config, cores, |job| linux(job, false)));
        if wanted.full {
            steps.push(step(format!("{place} trace"), board, config, cores, |job| linux(job, true)));
        }
        if index == 0 {
            steps.push(step(format!("{place} left-out"), board, config, cores, refusal));
            steps.push(step(format!("{place} mutant stays"), board, config, cores, mutant));
        }
    }
    Ok(steps)
}

fn step(
    name: String,
    board: &'static Board,
    config: Config,
    cores: u32,
    work: impl Fn(&Job) -> Result<Report> + Send + Sync + 'static,
) -> Step {
    Step::emulator(name, move || match offer::lacks(&config, cores) {
        Some(lack) => Ok(Report::Skipped(format!("not emulated: {lack}"))),
        None => work(&Job::debian(board, config, cores)),
    })
}

/// Linux must bring up all cores, and the program's own text is the golden one. Under the trace no other core may be seen
/// in the image from the overwrite on.
fn linux(job: &Job, traced: bool) -> Result<Report> {
    let Traced { take, trace } = if traced { job.traced(&[], Until::Judged)? } else { job.brief(&[])? };
    let mut wrong: Vec<String> = take.lacks(job.cores).into_iter().collect();
    if let Some(trace) = trace {
        wrong.extend(trace.wrong);
        if trace.overwrites != 1 {
            wrong.push(format!("the trace shows {} overwrites", trace.overwrites));
        }
    }
    let program = format!("kexec-linux-{}", job.cores);
    let text = golden::comparable(&take.own);
    let first = job.config.label == job.board.configs[0].label;
    if let golden::Comparison::Differs(difference) =
        golden::program(job.board.name, job.config.label, &program, first, &text)?
    {
        wrong.push(difference);
    }
    Ok(report(&take, &wrong))
}

/// With a core left out of the stop there is no evidence for it, and no hand-over.
fn refusal(job: &Job) -> Result<Report> {
    let take = job.brief(&["fault=left-out"])?.take;
    let refused = take.failure.as_deref().is_some_and(|reason| reason.starts_with("hand-over refused"));
    let wrong = (!refused || take.entered).then(|| "the hand-over was not refused".to_owned());
    Ok(report(&take, &wrong.into_iter().collect::<Vec<_>>()))
}

/// A core that claims to be parked and stays in the image: the trace must show it there.
fn mutant(job: &Job) -> Result<Report> {
    let Traced { take, trace } = job.traced(&["mutant=stays"], Until::Entered)?;
    let seen = trace.is_some_and(|trace| trace.strays > 0);
    let wrong = (!seen).then(|| "nobody noticed the core that stayed".to_owned());
    Ok(report(&take, &wrong.into_iter().collect::<Vec<_>>()))
}

fn report(take: &Take, wrong: &[String]) -> Report {
    if wrong.is_empty() {
        return Report::Passed(1);
    }
    let heard: Vec<&str> = take.own.iter().chain(&take.heard).map(String::as_str).collect();
    Report::failed(format!("{}\n{}", wrong.join("\n"), heard.join("\n")))
}
