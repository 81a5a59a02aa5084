// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions of a stop: what the requester and each victim execute from the request to the evidence.
//!
//! Counted in the emulator's execution trace, one instruction per block. A victim counts from the vector of its interrupt to
//! the first turn of the pen's loop, in which it acknowledges; one that firmware switches off, up to the call. The
//! requester counts between two marks around the stop, its polling included. The times are of an ordinary run.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::json;

use super::trace::{Map, Reading, Watch};
use super::{Place, parameters};
use crate::build;
use crate::elf::Elf;
use crate::outcome::Outcome;
use crate::qemu::offer;
use crate::toolchain::AARCH64;

/// Where it is counted, and for how many cores.
const PLACES: &[(&str, &str, &[u32])] =
    &[("vexpress-a9", "cortex-a9", &[2, 4]), ("virt", "gicv2-a32", &[2, 4, 8]), ("virt", "gicv2-a64", &[2, 4, 8])];

/// What one victim does.
#[derive(Debug, Default)]
struct Victim {
    /// Since the last arrival at the vector.
    count: Option<usize>,
    /// Where it was in the pen.
    pen: BTreeSet<u64>,
    done: bool,
}

/// Counts the first stop.
#[derive(Debug)]
struct Counter {
    map: Map,
    /// Vector of the interrupt.
    vector: u64,
    victims: Vec<Victim>,
    requester: Option<usize>,
    /// The stop is over.
    over: bool,
}

impl Counter {
    fn new(map: Map, vector: u64, cores: u32) -> Self {
        let victims = (0..cores).map(|_| Victim::default()).collect();
        Self { map, vector, victims, requester: None, over: false }
    }
}

impl Watch for Counter {
    fn see(&mut self, cpu: usize, pc: u64) {
        if cpu == 0 {
            if pc == self.map.first_mark() {
                self.over |= self.requester.is_some();
                self.requester.get_or_insert(0);
            } else if let Some(count) = self.requester.as_mut().filter(|_| !self.over) {
                *count += 1;
            }
            return;
        }
        let Some(victim) = self.victims.get_mut(cpu).filter(|victim| !victim.done && !self.over) else { return };
        if pc == self.vector {
            victim.count = Some(0);
        }
        if let Some(count) = &mut victim.count {
            victim.done = self.map.in_pen(pc) && !victim.pen.insert(pc);
            *count += usize::from(!victim.done);
        }
    }
}

/// The figures of one number of cores.
#[derive(Clone, Copy, Debug)]
struct Figures {
    cores: u32,
    requester: usize,
    least: usize,
    most: usize,
    slowest_us: u64,
    sum_us: u64,
}

fn measure(place: &Place, cores: u32) -> Result<Figures> {
    let (map, run) = place.map(Some(cores))?;
    let elf = Elf::read(&build::image(place.program.package, place.config.target, &place.program.name)?)?;
    // IRQ from the current level with its own stack, or the sixth word.
    let offset = if place.config.target == AARCH64 { 0x280 } else { 0x18 };
    let vector = elf.symbol("arm_support_vectors")?.address + offset;
    let reading = Reading::start(Counter::new(map.clone(), vector, cores))?;
    let launch = place.launch(Some(cores), &parameters(Some(1), None))?;
    let launch = launch.one_instruction_per_block().options(map.options(reading.pipe(), true));
    let traced = place.run(&launch, Some(120), &mut |_| {});
    let counter = reading.finish()?;
    traced?;
    let victims: Vec<usize> = counter.victims.iter().filter_map(|victim| victim.count).collect();
    let times: Vec<u64> = run.cores.iter().map(|core| core.latency_us).collect();
    Ok(Figures {
        cores,
        requester: counter.requester.context("the trace shows no stop")?,
        least: *victims.iter().min().context("the trace shows no victim")?,
        most: *victims.iter().max().context("the trace shows no victim")?,
        slowest_us: times.iter().copied().max().unwrap_or(0),
        sum_us: times.iter().sum(),
    })
}

fn line(json: bool, board: &str, cpu: &str, figures: &Figures) -> String {
    let Figures { cores, requester, least, most, slowest_us, sum_us } = figures;
    if json {
        json!({"board": board, "cpu": cpu, "path": "stop", "cores": cores, "requester": requester, "victim_least": least,
            "victim_most": most, "slowest_us": slowest_us, "sum_us": sum_us})
        .to_string()
    } else {
        format!(
            "{board:<11} {cpu:<9} stop, {cores} cores: victims {least} to {most} instructions, requester {requester} with \
             polling; last evidence after {slowest_us} µs, the victims' times add up to {sum_us} µs"
        )
    }
}

/// Whether something is counted on that board.
pub(crate) fn applies(board: Option<&str>) -> bool {
    PLACES.iter().any(|(name, ..)| board.is_none_or(|wanted| wanted == *name))
}

/// Counts and prints.
pub(crate) fn run(board: Option<&str>, json: bool) -> Result<Outcome> {
    let places = Place::all(board, "restart")?;
    for (name, label, numbers) in PLACES {
        let Some(place) = places.iter().find(|place| place.board.name == *name && place.config.label == *label) else {
            continue;
        };
        for &cores in *numbers {
            if let Some(lack) = offer::lacks(place.config, cores) {
                eprintln!("{name} {label}: not emulated: {lack}");
                continue;
            }
            println!("{}", line(json, name, label, &measure(place, cores)?));
        }
    }
    Ok(Outcome::Well)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Record;

    #[test]
    fn victims_count_from_vector_to_the_pens_second_turn() {
        let map =
            "@ restart-map image=0x1000 end=0x2000 overwrite=0x3000 release=0x1800 step=0x4 pen=0x4000 pen-end=0x4400";
        let map = Map::of(&Record::parse(map).unwrap()).unwrap();
        let mut counter = Counter::new(map, 0x1018, 3);
        let seen: [(usize, u64); 16] = [
            (1, 0x1100), // work
            (0, 0x1800), // mark: the stop begins
            (0, 0x1200),
            (1, 0x1018), // vector
            (1, 0x1400),
            (2, 0x1018), // an interrupt that is not the stop, and then the stop
            (2, 0x1018),
            (1, 0x4000),
            (1, 0x4008),
            (1, 0x4008), // second turn
            (1, 0x400c),
            (2, 0x1400),
            (0, 0x1204),
            (0, 0x1800), // the stop is over
            (0, 0x1208),
            (2, 0x1404),
        ];
        seen.iter().for_each(|(cpu, pc)| counter.see(*cpu, *pc));
        assert_eq!(counter.requester, Some(2));
        assert_eq!((counter.victims[1].count, counter.victims[2].count), (Some(4), Some(2)));
    }
}
