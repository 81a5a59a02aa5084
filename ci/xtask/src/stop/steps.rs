// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `test` checks of it: faults, restart rounds, the trace, and mutants that must not pass.

use anyhow::Result;

use super::trace::{Oracle, Reading};
use super::{Place, Run, faults, parameters};
use crate::qemu::offer;
use crate::test::{Report, Step, Wanted};

/// Restart rounds of the long form.
const ROUNDS: u32 = 1000;
/// Rounds under the emulator's trace, which makes everything slow.
const TRACED: u32 = 4;
/// Victims that do not keep the protocol: the acknowledgement comes from the old image, and the core goes to the pen later.
const MUTANT: &str = "early-ack";
/// The fault that the second rung answers.
const SECOND_RUNG: &str = "masked-forever";

/// The steps of this module.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for place in Place::all(None, "stop")? {
        // A variant differs in its second rung only, which a core that hears no IRQ takes.
        let short = |fault: &faults::Fault| fault.short && (!place.is_variant() || fault.name == SECOND_RUNG);
        let suits = |fault: &&faults::Fault| {
            (short(fault) || wanted.full) && fault.unsuited(place.board.name, place.config.label).is_none()
        };
        for fault in faults::FAULTS.iter().filter(suits) {
            let place = place.clone();
            steps.push(step(format!("stop {} {}", place.name(), fault.name), place, move |place| {
                let parameters = parameters(Some(1), Some(fault.name));
                if !fault.must_fail() {
                    return Ok(judge(&place.with(parameters, Some(1))?));
                }
                Ok(judge_mutant(&place.hurried().with(parameters, Some(1))?))
            }));
        }
    }
    for (index, place) in Place::all(None, "restart")?.into_iter().enumerate() {
        if wanted.full && !place.is_variant() {
            steps.push(step(format!("restart {} {ROUNDS} rounds", place.name()), place.clone(), |place| {
                let launch = place.launch(place.fewest(), &parameters(Some(ROUNDS), None))?;
                Ok(judge(&place.run(&launch, Some(ROUNDS), &mut |_| {})?))
            }));
        }
        // One board shows that the checks notice; the long form asks all.
        if wanted.full || index == 0 {
            steps.push(step(format!("restart {} mutant {MUTANT}", place.name()), place.clone(), is_caught));
        }
        if wanted.full || !place.is_variant() {
            steps.push(step(format!("restart {} trace", place.name()), place, trace));
        }
    }
    Ok(steps)
}

fn step(name: String, place: Place, work: impl Fn(&Place) -> Result<Report> + Send + Sync + 'static) -> Step {
    Step::emulator(name, move || match offer::lacks(place.config, place.smp(None)) {
        Some(lack) => Ok(Report::Skipped(format!("not emulated: {lack}"))),
        None => work(&place),
    })
}

fn judge(run: &Run) -> Report {
    match run.shortfall() {
        None => Report::Passed(1),
        Some(reason) => Report::failed(format!("{reason}\n{}", run.transcript.lines.join("\n"))),
    }
}

fn judge_mutant(run: &Run) -> Report {
    match run.caught() {
        Some(_) => Report::Passed(1),
        None => Report::failed(format!("not noticed:\n{}", run.transcript.lines.join("\n"))),
    }
}

impl Place {
    /// The fewest cores with which a round has all that belongs to it: two take a fourth of the time of four. On virt the
    /// first other core leaves by firmware and only the second one by the pen; raspi3b always has four.
    fn fewest(&self) -> Option<u32> {
        match self.board.name {
            "raspi3b" => None,
            "virt" => Some(3),
            _ => Some(2),
        }
    }

    /// A quiet run with these parameters.
    fn with(&self, parameters: Vec<String>, rounds: Option<u32>) -> Result<Run> {
        self.run(&self.launch(None, &parameters)?, rounds, &mut |_| {})
    }

    /// A run under the emulator's trace.
    fn traced(&self, mut parameters: Vec<String>) -> Result<(Run, Oracle)> {
        let (map, _) = self.map(None)?;
        let cores = self.smp(None);
        let reading = Reading::start(Oracle::new(map.clone(), cores))?;
        parameters.push(format!("rounds={TRACED}"));
        let launch =
            self.launch(None, &parameters)?.options(map.options(reading.pipe(), false)).until_seen(reading.settled());
        // The trace costs about a factor of ten.
        let run = self.run(&launch, Some(20 * TRACED), &mut |_| {});
        let oracle = reading.finish()?;
        Ok((run?, oracle))
    }
}

/// No core is seen in the image from the beginning of the overwrite to its release.
fn trace(place: &Place) -> Result<Report> {
    let (run, oracle) = place.traced(Vec::new())?;
    if let Some(reason) = run.shortfall() {
        return Ok(Report::failed(format!("{reason}\n{}", run.transcript.lines.join("\n"))));
    }
    if oracle.overwrites < TRACED as usize {
        return Ok(Report::failed(format!("{} overwrites seen in {TRACED} rounds", oracle.overwrites)));
    }
    Ok(Report::from_list(&oracle.wrong))
}

/// A victim that breaks the protocol: the program does not pass, and the trace shows the victim.
fn is_caught(place: &Place) -> Result<Report> {
    let (run, oracle) = place.traced(vec![format!("mutant={MUTANT}")])?;
    let mut missed = Vec::new();
    if run.shortfall().is_none() {
        missed.push(format!("the program passes with the mutant {MUTANT}"));
    }
    if oracle.strays == 0 {
        missed.push(format!("the trace shows no core in the old image with the mutant {MUTANT}"));
    }
    Ok(Report::from_list(&missed))
}
