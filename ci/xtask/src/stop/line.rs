// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a program says about a core in a round, and how it is shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::records::Record;
use crate::table::Table;

/// A core in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Core {
    round: u32,
    cpu: u32,
    /// The signal that reached it; none if none was needed.
    rung: Option<String>,
    /// `parked`, `off`, or what is known instead.
    evidence: String,
    pub(super) latency_us: u64,
    /// Whether it came back.
    released: bool,
    fault: Option<String>,
}

impl Core {
    /// From `@ stop round=1 cpu=2 rung=irq evidence=parked latency_us=12 released=true fault=null`.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        if record.kind != "stop" {
            return None;
        }
        let text = |key| Some(record.get(key)).filter(|text| !matches!(*text, "" | "null")).map(str::to_owned);
        Some(Self {
            round: record.get("round").parse().ok()?,
            cpu: record.get("cpu").parse().ok()?,
            rung: text("rung"),
            evidence: text("evidence").unwrap_or_else(|| "none".into()),
            latency_us: record.get("latency_us").parse().ok()?,
            released: record.get("released") == "true",
            fault: text("fault"),
        })
    }

    /// The line of the contract.
    pub(crate) fn json(&self, board: &str, variant: &str, smp: u32) -> Value {
        json!({"board": board, "variant": variant, "smp": smp, "round": self.round, "cpu": self.cpu, "rung": self.rung,
            "evidence": self.evidence, "latency_us": self.latency_us, "released": self.released, "fault": self.fault})
    }
}

/// The last line of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) rounds: u32,
    pub(crate) violations: u32,
}

impl Summary {
    /// From `@ stop-sum rounds=10 violations=0`.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        if record.kind != "stop-sum" {
            return None;
        }
        Some(Self { rounds: record.get("rounds").parse().ok()?, violations: record.get("violations").parse().ok()? })
    }

    /// The line of the contract.
    pub(crate) fn json(&self, board: &str, variant: &str, smp: u32) -> Value {
        json!({"board": board, "variant": variant, "smp": smp, "rounds": self.rounds, "violations": self.violations})
    }
}

/// A row per core and way in which it was stopped.
pub(crate) fn table(cores: &[Core]) -> String {
    let mut ways: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for core in cores {
        let way = (core.cpu, core.rung.clone(), core.evidence.clone(), core.released);
        ways.entry(way).or_default().push(core.latency_us);
    }
    let mut table = Table::new(&["core", "rounds", "rung", "evidence", "µs least", "median", "most", "back at work"]);
    for ((cpu, rung, evidence, released), mut times) in ways {
        times.sort_unstable();
        let at = |place: usize| times[place].to_string();
        table.row(&[
            &cpu.to_string(),
            &times.len().to_string(),
            rung.as_deref().unwrap_or("–"),
            &evidence,
            &at(0),
            &at(times.len() / 2),
            &at(times.len() - 1),
            if released { "yes" } else { "no" },
        ]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core(line: &str) -> Core {
        Core::of(&Record::parse(line).unwrap()).unwrap()
    }

    #[test]
    fn the_line_is_the_one_of_the_contract() {
        let line = core("@ stop round=1 cpu=2 rung=irq evidence=parked latency_us=12 released=true fault=null");
        let mut json = line.json("vexpress-a9", "cortex-a9", 4);
        json.as_object_mut().unwrap().remove("variant");
        assert_eq!(
            json,
            json!({"board":"vexpress-a9","smp":4,"round":1,"cpu":2,"rung":"irq","evidence":"parked","latency_us":12,
                "released":true,"fault":null})
        );
        let other = core("@ stop round=1 cpu=2 rung=null evidence=off latency_us=0 released=false fault=never-started");
        assert_eq!((other.rung, other.fault), (None, Some("never-started".into())));
    }

    #[test]
    fn the_sum_is_the_one_of_the_contract() {
        let sum = Summary::of(&Record::parse("@ stop-sum rounds=1000 violations=0").unwrap()).unwrap();
        let mut json = sum.json("vexpress-a9", "cortex-a9", 4);
        json.as_object_mut().unwrap().remove("variant");
        assert_eq!(json, json!({"board":"vexpress-a9","smp":4,"rounds":1000,"violations":0}));
    }

    #[test]
    fn other_records_are_neither() {
        let record = Record::parse("@ irq source=uart count=1").unwrap();
        assert_eq!((Core::of(&record), Summary::of(&record)), (None, None));
        assert_eq!(Core::of(&Record::parse("@ stop round=x cpu=1").unwrap()), None);
    }

    #[test]
    fn the_table_has_least_median_and_most() {
        let lines = [5, 1, 9].map(|us| {
            core(&format!("@ stop round=1 cpu=1 rung=irq evidence=parked latency_us={us} released=true fault=null"))
        });
        let text = table(&lines);
        assert!(
            text.lines().last().unwrap().starts_with("  1     3       irq   parked    1         5       9"),
            "{text}"
        );
    }
}
