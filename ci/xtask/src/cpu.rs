// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cpu`: which CPU is this, which crate serves it, what are its vectors.

use std::io::{ErrorKind, Write};

use anyhow::Result;
use hal_exc_api::cpu::{Cpu, Group, Pvr, identify};
use hal_exc_api::flavor::Flavor;
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};
use serde_json::Value;

use crate::outcome::{Outcome, unusable};
use crate::table::Table;

mod models;

pub(crate) use models::{listed, steps};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// PVRs as they were typed.
    pub(crate) pvrs: Vec<String>,
    /// One JSON object per line instead of text.
    pub(crate) json: bool,
}

/// A family crate.
struct Family {
    name: &'static str,
    claims: fn(&Cpu) -> bool,
    table: fn(&Cpu) -> Option<&'static VectorTable>,
}

const FAMILIES: &[Family] = &[
    Family {
        name: "hal-exc-ppc-classic",
        claims: hal_exc_ppc_classic::cpu::claims,
        table: hal_exc_ppc_classic::vectors::table,
    },
    Family { name: "hal-exc-booke", claims: hal_exc_booke::cpu::claims, table: hal_exc_booke::vectors::table },
    Family { name: "hal-exc-e500", claims: hal_exc_e500::cpu::claims, table: hal_exc_e500::vectors::table },
];

/// A CPU and who serves it.
struct Served {
    cpu: Cpu,
    crate_name: &'static str,
    table: &'static VectorTable,
}

/// Why there is no answer.
struct Lack {
    /// The model, where it is known but not served.
    model: Option<&'static str>,
    text: String,
}

fn look_up(pvr: Pvr) -> Result<Served, Lack> {
    let cpu = identify(pvr).map_err(|error| Lack { model: None, text: error.to_string() })?;
    let lack = |text| Lack { model: Some(cpu.model().name), text };
    cpu.supported().map_err(|error| lack(error.to_string()))?;
    let mut claiming = FAMILIES.iter().filter(|family| (family.claims)(&cpu));
    let (Some(family), None) = (claiming.next(), claiming.next()) else {
        return Err(lack(format!("{cpu} is claimed by no crate or by several")));
    };
    let table = (family.table)(&cpu).ok_or_else(|| lack(format!("{} has no vectors for {cpu}", family.name)))?;
    Ok(Served { cpu, crate_name: family.name, table })
}

/// The family of the CPU with this PVR, as people name it; `unknown` where no crate serves it.
pub(crate) fn family_of(pvr: u32) -> &'static str {
    look_up(Pvr(pvr)).map_or("unknown", |served| family(&served.cpu))
}

/// The family as people name it; the 405 and the e200 share a crate with others.
fn family(cpu: &Cpu) -> &'static str {
    match cpu.group() {
        Group::Ppc403 | Group::Ppc405 => "405",
        Group::Ppc440 => "booke",
        Group::E200 => "e200",
        Group::E500 | Group::E500mc | Group::E6500 => "e500",
        _ => "classic",
    }
}

/// `ivorN`, or the offset as `0x500`.
fn address(address: VectorAddress) -> String {
    match address {
        VectorAddress::Offset(offset) => format!("{offset:#x}"),
        VectorAddress::Ivor(n) => format!("ivor{n}"),
    }
}

/// The rows as they lie in memory.
fn by_address(table: &VectorTable) -> Vec<&'static VectorEntry> {
    let mut rows: Vec<&VectorEntry> = table.entries().iter().collect();
    rows.sort_by_key(|entry| VectorTable::offset_of(entry));
    rows
}

/// A PVR as it is typed: up to eight hexadecimal digits, with or without `0x`.
fn parse(text: &str) -> Result<Pvr> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = if hexadecimal { u32::from_str_radix(digits, 16).ok() } else { None };
    value
        .map(Pvr)
        .ok_or_else(|| unusable(format!("`{text}` is no 32-bit hexadecimal number; a PVR looks like 80210030")))
}

/// A JSON object with its fields in this order.
fn object(fields: &[(&str, Value)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("{{{}}}", fields.join(","))
}

/// What entry code and installation depend on, in words.
fn core_facts(cpu: &Cpu) -> [(&'static str, Value); 8] {
    let core = cpu.core();
    [
        ("cache_line", core.cache_line.into()),
        ("bats", core.bats.into()),
        ("vector_base", core.vector_base.name().into()),
        ("tick", core.tick.name().into()),
        ("critical", core.critical.map(Flavor::name).into()),
        ("critical_enable", format!("{:08x}", core.critical_enable).into()),
        ("machine_check", core.machine_check.name().into()),
        ("debug", core.debug.map(Flavor::name).into()),
    ]
}

fn json(pvr: Pvr, found: &Result<Served, Lack>) -> String {
    let pvr = ("pvr", Value::from(pvr.to_string()));
    match found {
        Ok(Served { cpu, crate_name, table }) => {
            let features: Vec<&str> = cpu.features().names().collect();
            let vectors: Vec<String> = by_address(table)
                .iter()
                .map(|entry| {
                    object(&[
                        ("exception", entry.exception.ident().into()),
                        ("address", address(entry.address).into()),
                        ("flavor", entry.flavor.name().into()),
                        ("asynchronous", entry.asynchronous.into()),
                    ])
                })
                .collect();
            let head = object(&[
                pvr,
                ("model", cpu.model().name.into()),
                ("family", family(cpu).into()),
                ("crate", (*crate_name).into()),
                ("features", features.into()),
            ]);
            let head = head.trim_end_matches('}');
            format!("{head},\"core\":{},\"vectors\":[{}]}}", object(&core_facts(cpu)), vectors.join(","))
        }
        Err(Lack { model: Some(model), text }) => {
            object(&[pvr, ("model", (*model).into()), ("error", text.clone().into())])
        }
        Err(Lack { model: None, text }) => object(&[pvr, ("error", text.clone().into())]),
    }
}

fn text(Served { cpu, crate_name, table }: &Served) -> String {
    let mut vectors = Table::new(&["address", "exception", "flavor", "kind"]);
    for entry in by_address(table) {
        let kind = if entry.asynchronous { "asynchronous" } else { "synchronous" };
        vectors.row(&[&address(entry.address), entry.exception.name(), entry.flavor.name(), kind]);
    }
    let word = |value: Value| match value {
        Value::String(word) => word,
        Value::Null => "none".to_owned(),
        number => number.to_string(),
    };
    let facts = core_facts(cpu).map(|(name, value)| format!("{}: {}", name.replace('_', " "), word(value))).join(", ");
    format!(
        "{} (PVR {})\n  family {}, crate {crate_name}\n  features: {}\n  {facts}\n  vectors ({}):\n{}",
        cpu.model().name,
        cpu.pvr(),
        family(cpu),
        cpu.features(),
        table.name(),
        vectors.text(),
    )
}

/// Prints an answer per PVR.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    if request.pvrs.is_empty() {
        return Err(unusable("which PVR? cargo xtask cpu 80210030"));
    }
    // All are read before the first is answered, so that wrong use prints nothing else.
    let pvrs = request.pvrs.iter().map(|text| parse(text)).collect::<Result<Vec<Pvr>>>()?;
    let mut all = true;
    for pvr in pvrs {
        let found = look_up(pvr);
        all &= found.is_ok();
        let line = match &found {
            _ if request.json => json(pvr, &found),
            Ok(served) => text(served),
            Err(lack) => {
                eprintln!("error: {}", lack.text);
                continue;
            }
        };
        match writeln!(std::io::stdout(), "{line}") {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            other => other?,
        }
    }
    Ok(Outcome::of(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hal_exc_api::cpu::models;

    fn answer(pvr: u32) -> Value {
        serde_json::from_str(&json(Pvr(pvr), &look_up(Pvr(pvr)))).unwrap()
    }

    #[test]
    fn every_model_is_served_by_exactly_one_crate_or_refused() {
        for model in models() {
            let cpu = identify(Pvr(model.value)).unwrap();
            let claiming: Vec<_> = FAMILIES.iter().filter(|family| (family.claims)(&cpu)).collect();
            assert_eq!(claiming.len(), usize::from(cpu.supported().is_ok()), "{}", model.name);
            assert_eq!(look_up(Pvr(model.value)).is_ok(), cpu.supported().is_ok(), "{}", model.name);
        }
    }

    #[test]
    fn the_fields_of_the_contract() {
        let answer = answer(0x8021_0030);
        assert_eq!(answer["pvr"], "80210030");
        assert_eq!(answer["model"], "e500v2");
        assert_eq!(answer["family"], "e500");
        assert_eq!(answer["crate"], "hal-exc-e500");
        assert!(answer["features"].as_array().unwrap().contains(&"spe".into()));
        let external = answer["vectors"].as_array().unwrap().iter().find(|row| row["exception"] == "ExternalInput");
        let expected = r#"{"exception":"ExternalInput","address":"ivor4","flavor":"classic","asynchronous":true}"#;
        assert_eq!(external, Some(&serde_json::from_str(expected).unwrap()));
        assert_eq!(answer["core"]["vector_base"], "ivpr");
        assert_eq!(answer["core"]["critical_enable"], "00020000");
        assert_eq!(answer["core"]["cache_line"], 32);
        assert_eq!(answer.as_object().unwrap().len(), 7);
    }

    #[test]
    fn the_fields_stand_in_the_order_of_the_contract() {
        let line = json(Pvr(0x8001_0201), &look_up(Pvr(0x8001_0201)));
        let head = r#"{"pvr":"80010201","model":"7445/7455","family":"classic","crate":"hal-exc-ppc-classic","features":["fpu","#;
        assert!(line.starts_with(head), "{line}");
        assert!(
            line.contains(r#"{"exception":"ExternalInput","address":"0x500","flavor":"classic","asynchronous":true}"#)
        );
        let place = |address| line.find(&format!("\"address\":\"{address}\"")).unwrap();
        assert!(line.contains(r#"{"exception":"AltivecUnavailable","address":"0xf20""#));
        assert!(place("0xf00") < place("0xf20") && place("0xf20") < place("0x1000"));
    }

    #[test]
    fn families_are_named_as_people_name_them() {
        for (pvr, name) in [
            (0x0008_0301, "classic"),
            (0x5121_0950, "405"),
            (0x0020_1400, "405"),
            (0x4222_18D3, "booke"),
            (0x8112_0000, "e200"),
            (0x8040_0020, "e500"),
        ] {
            assert_eq!(answer(pvr)["family"], name);
        }
    }

    #[test]
    fn an_unknown_pvr_is_an_error_as_often_as_it_is_asked() {
        for _ in 0..2 {
            let answer = answer(0xDEAD_BEEF);
            assert_eq!(answer["pvr"], "deadbeef");
            assert!(answer["error"].as_str().unwrap().contains("deadbeef"));
            assert_eq!(answer.as_object().unwrap().len(), 2);
        }
        let twice = Request { pvrs: vec!["deadbeef".into(), "deadbeef".into()], json: true };
        assert_eq!(run(&twice).unwrap(), Outcome::Short);
        let known = Request { pvrs: vec!["80210030".into()], json: true };
        assert_eq!(run(&known).unwrap(), Outcome::Well);
    }

    #[test]
    fn a_64_bit_cpu_is_refused_by_name() {
        let answer = answer(0x0039_0202);
        assert_eq!(answer["model"], "970");
        assert!(answer["error"].as_str().unwrap().contains("64-bit"));
    }

    #[test]
    fn what_is_no_number_is_wrong_use() {
        for good in ["80210030", "0x80210030", "0X80210030"] {
            assert_eq!(parse(good).unwrap(), Pvr(0x8021_0030));
        }
        assert_eq!(parse("1").unwrap(), Pvr(1));
        for bad in ["", "0x", "e500v2", "180210030", "+1", "-1", "8021_0030", " 1"] {
            let request = Request { pvrs: vec!["80210030".into(), bad.into()], json: false };
            assert!(run(&request).unwrap_err().is::<crate::outcome::Unusable>(), "{bad}");
        }
        assert!(run(&Request { pvrs: vec![], json: false }).is_err());
    }
}
