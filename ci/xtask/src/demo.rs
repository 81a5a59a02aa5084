// SPDX-License-Identifier: MIT OR Apache-2.0
//! `demo`: boots the boards and shows what was recognised, taken and handled.

use anyhow::Result;

use crate::boards::{self, Board, Config};
use crate::diff;
use crate::outcome::{Outcome, unusable};
use crate::programs::Program;
use crate::progress::Progress;
use crate::qemu::offer;
use crate::qemu::session::{Transcript, Verdict};
use crate::records::{self, Record};
use crate::table::Table;
use crate::test::{Report, Step, Wanted};
use crate::uboot;
use crate::{kexec, run, stop};

/// A board that has a demo, and a way to start it.
#[derive(Debug)]
struct Show {
    board: &'static Board,
    config: &'static Config,
    program: Program,
    from_uboot: bool,
}

impl Show {
    fn name(&self) -> String {
        let way = if self.from_uboot { " from U-Boot" } else { "" };
        format!("{} {}{way}", self.board.name, self.config.label)
    }

    fn run(&self) -> Result<Transcript> {
        if self.from_uboot { uboot::run(self.config, &self.program) } else { run::program(self.config, &self.program) }
    }
}

fn shows() -> Result<Vec<Show>> {
    let mut shows = Vec::new();
    for board in boards::present() {
        let Some(program) = run::own_program(board, "demo")? else {
            continue;
        };
        for config in board.configs.iter().filter(|config| program.suits(config)) {
            shows.push(Show { board, config, program: program.clone(), from_uboot: false });
        }
        if uboot::firmware(board.name).is_some() {
            shows.push(Show { board, config: &board.configs[0], program, from_uboot: true });
        }
    }
    Ok(shows)
}

/// Shows every board that has a demo.
pub(crate) fn run() -> Result<Outcome> {
    let shows = shows()?;
    if shows.is_empty() {
        return Err(unusable("no board has a program `demo`: examples/<board>/src/bin/demo.rs"));
    }
    let mut good = true;
    for show in &shows {
        let smp = show.program.wishes.smp.unwrap_or(show.config.smp);
        if let Some(lack) = offer::lacks(show.config, smp) {
            println!("{}: not emulated: {lack}\n", show.name());
            continue;
        }
        let progress = Progress::start(format!("booting {}", show.name()));
        let transcript = show.run();
        drop(progress);
        let transcript = transcript?;
        println!("{}\n{}", show.name(), present(&records::all(&transcript.lines)));
        match transcript.verdict() {
            Verdict::Pass => println!("result: pass\n"),
            Verdict::Fail(reason) => {
                good = false;
                println!("result: fail: {reason}\n");
                transcript.lines.iter().for_each(|line| eprintln!("    {line}"));
            }
        }
    }
    good &= kexec::show()?;
    good &= stop::demo()?;
    Ok(Outcome::of(good))
}

/// The tables of one board.
fn present(records: &[Record]) -> String {
    let mut text = String::new();
    for cpu in of_kind(records, "cpu") {
        text.push_str(&format!(
            "  CPU {} (PVR {}), family {}, interrupt controller {}\n",
            cpu.get("model"),
            cpu.get("pvr"),
            cpu.get("family"),
            cpu.get("controller")
        ));
    }
    let mut exceptions = Table::new(&["exception", "taken from", "what was done"]);
    of_kind(records, "exception")
        .for_each(|one| exceptions.row(&[one.get("name"), one.get("from"), one.get("action")]));
    let mut interrupts = Table::new(&["interrupt source", "count"]);
    of_kind(records, "irq").for_each(|one| interrupts.row(&[one.get("source"), one.get("count")]));
    text + &exceptions.text() + &interrupts.text()
}

fn of_kind<'a>(records: &'a [Record], kind: &'a str) -> impl Iterator<Item = &'a Record> {
    records.iter().filter(move |record| record.kind == kind)
}

/// What the table says about kinds and names, without places and numbers that the way of starting changes.
fn essence(records: &[Record]) -> Vec<String> {
    let mut list: Vec<String> = records
        .iter()
        .filter_map(|one| match one.kind.as_str() {
            "cpu" => Some(format!("cpu {} {} {}", one.get("model"), one.get("family"), one.get("controller"))),
            "exception" => Some(format!("exception {} {}", one.get("name"), one.get("action"))),
            "irq" => Some(format!("irq {}", one.get("source"))),
            _ => None,
        })
        .collect();
    list.sort();
    list
}

/// The demo from U-Boot must take and handle the same as from the emulator's own loader.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let steps = shows()?.into_iter().filter(|show| show.from_uboot).map(|show| {
        Step::emulator(format!("demo {}", show.name()), move || {
            if let Some(lack) = offer::lacks(show.config, 1) {
                return Ok(Report::Skipped(format!("not emulated: {lack}")));
            }
            let from_uboot = show.run()?;
            if let Verdict::Fail(reason) = from_uboot.verdict() {
                return Ok(Report::failed(format!("{reason}\n{}", from_uboot.lines.join("\n"))));
            }
            let direct = run::program(show.config, &show.program)?;
            let (direct, from_uboot) = (records::all(&direct.lines), records::all(&from_uboot.lines));
            let (direct, from_uboot) = (essence(&direct), essence(&from_uboot));
            if direct == from_uboot {
                return Ok(Report::Passed(1));
            }
            let (direct, from_uboot) = (direct.join("\n"), from_uboot.join("\n"));
            let difference = diff::show(&diff::lines(&direct, &from_uboot));
            Ok(Report::failed(format!("the table differs (- loaded by QEMU, + from U-Boot):\n{difference}")))
        })
    });
    Ok(steps.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_what_the_program_recorded() {
        let lines = [
            "hello",
            "@ cpu board=b model=e500v2 pvr=80210022 family=e500 controller=mpic",
            "@ exception name=Program from=0x1000 action=\"skipped the instruction\"",
            "@ irq source=uart count=12",
        ]
        .map(String::from);
        let text = present(&records::all(&lines));
        for part in ["e500v2 (PVR 80210022), family e500", "Program", "0x1000", "skipped the instruction", "uart", "12"]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn places_and_counts_do_not_belong_to_the_essence() {
        let of = |line: &str| essence(&[Record::parse(line).unwrap()]);
        assert_eq!(of("@ exception name=P from=1 action=a"), of("@ exception name=P from=2 action=a"));
        assert_ne!(of("@ exception name=P from=1 action=a"), of("@ exception name=P from=1 action=b"));
        assert_eq!(of("@ irq source=uart count=1"), of("@ irq source=uart count=2"));
    }
}
