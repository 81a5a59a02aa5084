// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sweep`: the race sweeps. An exception of a higher class is delivered at every instruction boundary of a lower path,
//! through the emulator's debug socket, and afterwards everything must be as if it had come at a harmless moment.
//!
//! Delivery writes the save/restore pair, MSR and PC as the hardware would: QEMU itself clears the critical enable at
//! every entry, so its own delivery never hits a prologue.

use std::sync::Arc;

use anyhow::{Result, ensure};
use hal_exc_api::cpu::VectorBase;
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Class;
use serde_json::json;

use crate::boards::{self, Board, Config};
use crate::outcome::{Outcome, unusable};
use crate::progress::Progress;
use crate::qemu::offer;
use crate::test::{Report, Step, Wanted};

mod guest;
mod mutants;
mod pair;
mod recoverable;
mod reservation;
mod stack;
mod two_cpus;

pub(crate) use guest::Guest;
use mutants::MUTANTS;
pub(crate) use pair::{Lower, trace};

const EXTERNAL: Lower = Lower { name: "external", exception: Exception::ExternalInput, dispatches: false };
const DECREMENTER: Lower = Lower { name: "decrementer", exception: Exception::Decrementer, dispatches: false };
const DISPATCH: Lower = Lower { name: "dispatch", exception: Exception::ExternalInput, dispatches: true };
const SYSTEM_CALL: Lower = Lower { name: "system-call", exception: Exception::SystemCall, dispatches: false };
const TLB_MISS: Lower = Lower { name: "data-tlb-miss", exception: Exception::DataTlbMiss, dispatches: false };
const STORAGE: Lower = Lower { name: "data-storage", exception: Exception::DataStorage, dispatches: false };
const ALIGNMENT: Lower = Lower { name: "alignment", exception: Exception::Alignment, dispatches: false };
const CRITICAL: Lower = Lower { name: "critical", exception: Exception::CriticalInput, dispatches: false };
const CRITICAL_DISPATCH: Lower = Lower { name: "crit-dispatch", exception: Exception::CriticalInput, dispatches: true };
const WATCHDOG: Lower = Lower { name: "watchdog", exception: Exception::Watchdog, dispatches: false };
const DEBUG: Lower = Lower { name: "debug", exception: Exception::Debug, dispatches: false };
const MACHINE_CHECK: Lower = Lower { name: "machine-check", exception: Exception::MachineCheck, dispatches: false };

/// Lower paths, in the order in which they are swept.
const LOWERS: &[Lower] = &[
    EXTERNAL,
    DECREMENTER,
    DISPATCH,
    SYSTEM_CALL,
    TLB_MISS,
    STORAGE,
    ALIGNMENT,
    CRITICAL,
    CRITICAL_DISPATCH,
    WATCHDOG,
    DEBUG,
    MACHINE_CHECK,
];

/// Upper exceptions and how the output names them.
const UPPERS: &[(&str, Exception)] = &[
    ("external", Exception::ExternalInput),
    ("critical", Exception::CriticalInput),
    ("debug", Exception::Debug),
    ("machine-check", Exception::MachineCheck),
    ("system-reset", Exception::SystemReset),
];

/// Where it runs: board and label of the configuration.
const PLACES: &[(&str, &str)] = &[
    ("ppce500", "e500v2"),
    ("ppce500", "e500mc"),
    ("ref405ep", "405ep"),
    ("bamboo", "440ep"),
    ("virtex-ml507", "440x5"),
    ("mac99", "g4"),
    ("mac99", "750"),
    ("mac99", "g2le"),
];

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) board: Option<String>,
    pub(crate) mutants: bool,
    pub(crate) json: bool,
}

/// A place to sweep.
#[derive(Clone, Copy)]
struct Place {
    board: &'static Board,
    config: Config,
    cpu: &'static str,
}

fn places(board: Option<&str>) -> Result<Vec<Place>> {
    let mut found = Vec::new();
    for &(name, label) in PLACES.iter().filter(|(name, _)| board.is_none_or(|wanted| wanted == *name)) {
        let known = boards::find(name)?;
        found.push(Place { board: known, config: known.config(Some(label)), cpu: label });
    }
    if found.is_empty() {
        return Err(unusable(format!("no sweep on {}; there is {PLACES:?}", board.unwrap_or("this board"))));
    }
    Ok(found)
}

impl Place {
    fn guest(&self) -> Result<Guest> {
        Guest::start(self.board, &self.config, &[])
    }

    /// Pairs that this CPU has.
    fn pairs(&self, guest: &Guest) -> Vec<(Lower, &'static str, Exception)> {
        let has = |exception| guest.entry(exception).is_ok();
        let mut pairs = Vec::new();
        for lower in LOWERS.iter().filter(|lower| has(lower.exception)) {
            // A data storage exception is swept only where there is no TLB miss to sweep.
            if *lower == STORAGE && has(Exception::DataTlbMiss) {
                continue;
            }
            let standard = guest.entry(lower.exception).is_ok_and(|entry| entry.class() == Class::Standard);
            if *lower == WATCHDOG && standard {
                continue;
            }
            for &(name, upper) in UPPERS.iter().filter(|(_, upper)| has(*upper)) {
                // Above a machine check comes a system reset, which nothing masks; to the others it is what that is.
                if (*lower == MACHINE_CHECK) != (upper == Exception::SystemReset) {
                    continue;
                }
                // Above a critical or debug one only these come; the others wait for its end.
                let waits = matches!(upper, Exception::ExternalInput | Exception::Debug);
                if !standard && waits {
                    continue;
                }
                pairs.push((*lower, name, upper));
            }
        }
        pairs
    }
}

/// A line of the output.
fn line(json: bool, place: &Place, lower: &str, upper: &str, boundaries: usize, failures: usize) -> String {
    if json {
        json!({"board": place.board.name, "cpu": place.cpu, "lower": lower, "upper": upper,
            "boundaries": boundaries, "failures": failures})
        .to_string()
    } else {
        let verdict = if failures == 0 { "ok" } else { "FAILED" };
        format!(
            "{:<9} {:<7} {lower:<13} x {upper:<13} {boundaries:>4} boundaries, {failures} failures {verdict}",
            place.board.name, place.cpu
        )
    }
}

/// Sweeps all pairs of a place; lines for output, and what went wrong.
fn sweep_place(place: &Place, json: bool, progress: &Progress, say: &dyn Fn(&str)) -> Result<Vec<String>> {
    let mut guest = place.guest()?;
    let mut wrong = reservation::check(&mut guest)?;
    wrong.extend(recoverable::check_all(&mut guest)?);
    wrong.extend(stack::bound(&mut guest)?);
    wrong.extend(stack::guard(&mut guest)?);
    if guest.cpu.core().critical.is_some()
        && let Some(text) = two_cpus::check(&mut guest, false)?
    {
        wrong.push(format!("two CPUs: {text}"));
    }
    for (lower, name, upper) in place.pairs(&guest) {
        progress.detail(&format!("{} {}: {} x {name}", place.board.name, place.cpu, lower.name));
        let swept = pair::sweep(&mut guest, &lower, upper, false)?;
        say(&line(json, place, lower.name, name, swept.boundaries, swept.failures.len()));
        wrong.extend(swept.failures.iter().map(|failure| format!("{} x {name}: {failure}", lower.name)));
    }
    if guest.cpu.core().critical.is_some() && guest.cpu.core().vector_base != VectorBase::MsrIp {
        // The cross-check: the emulator's own delivery, through the CPU's pin, which its G2 does not have.
        for lower in [EXTERNAL, SYSTEM_CALL, TLB_MISS] {
            progress.detail(&format!("{} {}: {} x critical by pin", place.board.name, place.cpu, lower.name));
            let swept = pair::sweep_by_pin(&mut guest, &lower)?;
            say(&line(json, place, lower.name, "critical-pin", swept.boundaries, swept.failures.len()));
            wrong.extend(swept.failures.iter().map(|failure| format!("{} x critical by pin: {failure}", lower.name)));
        }
    }
    guest.stop();
    Ok(wrong)
}

/// Hunts all mutants of a place; each on a fresh guest.
fn hunt_place(place: &Place, json: bool, progress: &Progress, say: &dyn Fn(&str)) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let cpu = {
        let guest = place.guest()?;
        let cpu = guest.cpu;
        guest.stop();
        cpu
    };
    for mutant in MUTANTS.iter().filter(|mutant| (mutant.applies)(&cpu)) {
        progress.detail(&format!("{} {}: mutant {}", place.board.name, place.cpu, mutant.name));
        let mut guest = place.guest()?;
        let caught = mutants::hunt(&mut guest, mutant)?;
        guest.stop();
        say(&match (&caught, json) {
            (by, true) => json!({"mutant": mutant.name, "board": place.board.name, "cpu": place.cpu,
                "caught": by.is_some(), "by": by})
            .to_string(),
            (Some(by), false) => {
                format!("{:<9} {:<7} mutant {} caught by {by}", place.board.name, place.cpu, mutant.name)
            }
            (None, false) => {
                format!("{:<9} {:<7} mutant {} NOT CAUGHT", place.board.name, place.cpu, mutant.name)
            }
        });
        if caught.is_none() {
            wrong.push(format!("mutant {} was not caught", mutant.name));
        }
    }
    Ok(wrong)
}

/// The command.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let mut good = true;
    for place in places(request.board.as_deref())? {
        if let Some(lack) = offer::lacks(&place.config, 1) {
            eprintln!("{} {}: not emulated: {lack}", place.board.name, place.cpu);
            continue;
        }
        let progress = Progress::start(format!("sweep {} {}", place.board.name, place.cpu));
        let say = |text: &str| println!("{text}");
        let mut wrong = sweep_place(&place, request.json, &progress, &say)?;
        if request.mutants {
            wrong.extend(hunt_place(&place, request.json, &progress, &say)?);
        }
        for text in &wrong {
            progress.note(text);
        }
        good &= wrong.is_empty();
    }
    Ok(Outcome::of(good))
}

/// Short form: external x critical (or what the CPU has), whole boundaries, on each place. Long form: everything and the
/// mutants.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let full = wanted.full;
    let mut steps = Vec::new();
    for place in places(None)? {
        if !boards::present().any(|board| board.name == place.board.name) {
            continue;
        }
        let whole_or_short = if full { "sweep whole" } else { "sweep" };
        let name = format!("{whole_or_short} {} {}", place.board.name, place.cpu);
        let place = Arc::new(place);
        steps.push(Step::emulator(name, move || {
            if let Some(lack) = offer::lacks(&place.config, 1) {
                return Ok(Report::Skipped(format!("not emulated: {lack}")));
            }
            if full { whole(&place) } else { short(&place) }
        }));
    }
    Ok(steps)
}

fn whole(place: &Place) -> Result<Report> {
    let progress = Progress::quiet(String::new());
    let lines = std::cell::Cell::new(0);
    let say = |_: &str| lines.set(lines.get() + 1);
    let mut wrong = sweep_place(place, false, &progress, &say)?;
    wrong.extend(hunt_place(place, false, &progress, &say)?);
    Ok(report(lines.get(), &wrong))
}

fn short(place: &Place) -> Result<Report> {
    let mut guest = place.guest()?;
    let mut wrong = reservation::check(&mut guest)?;
    wrong.extend(recoverable::check_all(&mut guest)?);
    let mut pairs = 0;
    for (lower, name, upper) in place.pairs(&guest) {
        let taken = match lower.name {
            "external" => name != "debug",
            "system-call" => name == "critical",
            "machine-check" => true,
            _ => false,
        };
        if taken {
            let swept = pair::sweep(&mut guest, &lower, upper, false)?;
            ensure!(swept.boundaries > 60, "{} has only {} boundaries", lower.name, swept.boundaries);
            wrong.extend(swept.failures.iter().map(|failure| format!("{} x {name}: {failure}", lower.name)));
            pairs += 1;
        }
    }
    guest.stop();
    Ok(report(pairs, &wrong))
}

fn report(checks: usize, wrong: &[String]) -> Report {
    if wrong.is_empty() {
        Report::Passed(checks)
    } else {
        Report::Failed { passed: 0, failed: wrong.len(), text: wrong.join("\n") }
    }
}
