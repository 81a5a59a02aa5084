// SPDX-License-Identifier: MIT OR Apache-2.0
//! `stop`: stops and restarts the other cores of the ARM boards, with an injected fault if named.
//!
//! Without a fault the program `restart` runs: every round overwrites the image and enters the next one at the same
//! addresses. With a fault it is `stop`, which injects it, judges the outcome and says so. Both print `@ stop` records,
//! one per core and round, and `@ stop-sum` at the end.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::boards::{self, Board, Config};
use crate::build;
use crate::outcome::{Outcome, unusable};
use crate::programs::Program;
use crate::progress::Progress;
use crate::qemu::session::{self, Transcript, Verdict};
use crate::qemu::{Launch, offer};
use crate::records::{self, Record};
use crate::run::own_program;

pub(crate) mod count;
mod faults;
mod line;
mod steps;
pub(crate) mod trace;

use faults::Fault;
use line::{Core, Summary};
pub(crate) use steps::steps;
use trace::Map;

/// Seconds for a run that must not pass; one that passes takes three.
const MUTANT_LIMIT: u32 = 120;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) board: Option<String>,
    pub(crate) smp: Option<u32>,
    pub(crate) fault: Option<String>,
    pub(crate) rounds: Option<u32>,
    pub(crate) json: bool,
}

/// A way to start a board, with the program that it runs.
#[derive(Clone, Debug)]
struct Place {
    board: &'static Board,
    config: &'static Config,
    program: Program,
}

/// What a run came to.
#[derive(Debug)]
struct Run {
    cores: Vec<Core>,
    summary: Option<Summary>,
    transcript: Transcript,
}

impl Place {
    /// Every board and configuration with that program.
    fn all(board: Option<&str>, program: &str) -> Result<Vec<Self>> {
        let mut places = Vec::new();
        for board in boards::present().filter(|present| board.is_none_or(|name| name == present.name)) {
            let Some(program) = own_program(board, program)? else { continue };
            let suitable = board.configs.iter().filter(|config| program.suits(config));
            places.extend(suitable.map(|config| Self { board, config, program: program.clone() }));
        }
        Ok(places)
    }

    /// Whether it is a variant that only differs from another one of the board in its security state, which changes
    /// the second rung and nothing of the rounds.
    fn is_variant(&self) -> bool {
        self.config.label.contains("secure")
    }

    fn name(&self) -> String {
        format!("{} {}", self.board.name, self.config.label)
    }

    fn smp(&self, wanted: Option<u32>) -> u32 {
        wanted.or(self.program.wishes.smp).unwrap_or(self.config.smp)
    }

    /// The start of the program with these parameters.
    fn launch(&self, smp: Option<u32>, parameters: &[String]) -> Result<Launch> {
        let image = build::image(self.program.package, self.config.target, &self.program.name)?;
        Ok(Launch::image(*self.config, &image)
            .smp(Some(self.smp(smp)))
            .options(self.program.wishes.args.iter().cloned())
            .parameters(self.program.wishes.parameters.iter().chain(parameters).cloned()))
    }

    /// What a run may take: the program's own limit, and two seconds more for every round asked for.
    fn limit(&self, rounds: Option<u32>) -> Duration {
        Duration::from_secs(self.program.wishes.timeout.into()) + Duration::from_secs(2) * rounds.unwrap_or(0)
    }

    /// The same for a run that must not pass.
    fn hurried(&self) -> Self {
        let mut place = self.clone();
        place.program.wishes.timeout = MUTANT_LIMIT;
        place
    }

    /// Where things are in the guest, by a short run, which is returned too.
    fn map(&self, smp: Option<u32>) -> Result<(Map, Run)> {
        let run = self.run(&self.launch(smp, &parameters(Some(1), None))?, Some(1), &mut |_| {})?;
        let maps = records::all(&run.transcript.lines);
        let map = maps.iter().find(|record| record.kind == "restart-map").and_then(Map::of);
        let map = map.with_context(|| format!("no `@ restart-map` in\n{}", run.transcript.lines.join("\n")))?;
        Ok((map, run))
    }

    /// Runs it; every core's line goes to `each` as it comes.
    fn run(&self, launch: &Launch, rounds: Option<u32>, each: &mut dyn FnMut(&Core)) -> Result<Run> {
        let (mut cores, mut summary) = (Vec::new(), None);
        let transcript = session::run(launch, self.limit(rounds), false, &mut |line| {
            let Some(record) = Record::parse(line) else { return };
            if let Some(core) = Core::of(&record) {
                each(&core);
                cores.push(core);
            }
            summary = Summary::of(&record).or(summary);
        })?;
        Ok(Run { cores, summary, transcript })
    }
}

impl Run {
    /// Why it fell short; none if it did not.
    fn shortfall(&self) -> Option<String> {
        match (self.transcript.verdict(), self.summary) {
            (Verdict::Fail(reason), _) => Some(reason),
            (Verdict::Pass, None) => Some("the program printed no sum".into()),
            (Verdict::Pass, Some(Summary { violations: 0, .. })) => None,
            (Verdict::Pass, Some(Summary { violations, .. })) => Some(format!("{violations} violations")),
        }
    }

    /// How it was noticed that a victim breaks the protocol, in a run that must not pass after a round that did: by a check, by a
    /// fault in what the image was overwritten with, or, where the stray core has damaged the image itself, by its time.
    fn caught(&self) -> Option<String> {
        self.shortfall().filter(|_| !self.cores.is_empty())
    }
}

/// Parameters of the program.
fn parameters(rounds: Option<u32>, fault: Option<&str>) -> Vec<String> {
    let rounds = rounds.map(|rounds| format!("rounds={rounds}"));
    let fault = fault.map(|fault| format!("fault={fault}"));
    rounds.into_iter().chain(fault).collect()
}

/// The command.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let fault = request.fault.as_deref().map(faults::find).transpose()?;
    if let Some(name) = &request.board {
        boards::find(name)?;
    }
    let program = if request.fault.is_some() { "stop" } else { "restart" };
    let mut places = Place::all(request.board.as_deref(), program)?;
    places.retain(|place| !place.is_variant());
    if places.is_empty() {
        let board = request.board.as_deref().unwrap_or("no board");
        return Err(unusable(format!("{board} has no program `{program}`; the ARM boards have: {}", names(program)?)));
    }
    let (mut good, mut unsuited) = (true, None);
    let all = places.len();
    if let Some(fault) = fault {
        places.retain(|place| {
            let why = fault.unsuited(place.board.name, place.config.label);
            unsuited = why.map(|why| format!("{}: no fault `{}`: {why}", place.name(), fault.name)).or(unsuited.take());
            why.is_none()
        });
    }
    if let Some(why) = unsuited.filter(|_| places.is_empty()) {
        return Err(unusable(why));
    }
    if places.len() < all {
        eprintln!("{} of {all} places can have this fault", places.len());
    }
    for place in places {
        let smp = place.smp(request.smp);
        if let Some(lack) = offer::lacks(place.config, smp) {
            ensure!(request.board.is_none(), unusable(format!("{}: not emulated: {lack}", place.name())));
            eprintln!("{}: not emulated: {lack}", place.name());
            continue;
        }
        good &= show(&place, smp, request)?;
    }
    Ok(Outcome::of(good))
}

/// The short form of `demo`: a few restarts, and one core that does not hear for a while, on the first ARM board.
pub(crate) fn demo() -> Result<bool> {
    let mut good = true;
    for (program, request) in [
        ("restart", Request { rounds: Some(3), ..Request::default() }),
        ("stop", Request { fault: Some("masked-50".into()), ..Request::default() }),
    ] {
        let Some(place) = Place::all(None, program)?.into_iter().next() else { continue };
        match offer::lacks(place.config, place.smp(None)) {
            Some(lack) => println!("{}: not emulated: {lack}\n", place.name()),
            None => good &= show(&place, place.smp(None), &request)?,
        }
    }
    Ok(good)
}

fn names(program: &str) -> Result<String> {
    let mut names: Vec<_> = Place::all(None, program)?.iter().map(|place| place.board.name).collect();
    names.dedup();
    Ok(names.join(", "))
}

/// Runs one place and prints what it came to.
fn show(place: &Place, smp: u32, request: &Request) -> Result<bool> {
    let must_fail = request.fault.as_deref().is_some_and(|name| faults::find(name).is_ok_and(Fault::must_fail));
    let place = if must_fail { &place.hurried() } else { place };
    let launch = place.launch(request.smp, &parameters(request.rounds, request.fault.as_deref()))?;
    let progress = Progress::start(format!("stop {}", place.name()));
    let mut out = std::io::stdout().lock();
    let run = place.run(&launch, request.rounds, &mut |core| {
        if request.json {
            // A closed pipe is the reader's business; the verdict stays.
            let _ = writeln!(out, "{}", core.json(place.board.name, place.config.label, smp));
        }
    })?;
    drop(progress);
    let shortfall = run.shortfall();
    let summary = run.summary.unwrap_or(Summary { rounds: 0, violations: u32::from(shortfall.is_some()) });
    if request.json {
        let _ = writeln!(out, "{}", summary.json(place.board.name, place.config.label, smp));
    } else {
        let fault = request.fault.as_deref().map(|fault| format!(", fault {fault}")).unwrap_or_default();
        let _ = writeln!(out, "{}, {smp} cores{fault}", place.name());
        let _ = write!(out, "{}", line::table(&run.cores));
        let _ = writeln!(out, "  rounds {}, violations {}\n", summary.rounds, summary.violations);
    }
    if must_fail {
        let verdict = run.caught();
        eprintln!(
            "{}: {}",
            place.name(),
            verdict.as_deref().map_or("NOT noticed".into(), |how| format!("noticed, as it must be: {how}"))
        );
        return Ok(verdict.is_some());
    }
    if let Some(reason) = &shortfall {
        eprintln!("{}: {reason}", place.name());
        run.transcript.lines.iter().filter(|line| line.starts_with('#')).for_each(|line| eprintln!("    {line}"));
    }
    Ok(shortfall.is_none())
}
