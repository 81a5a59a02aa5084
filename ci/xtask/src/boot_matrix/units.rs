// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which units a CPU of each name has: written down by name, not made from the table under test.

use hal_exc_api::cpu::{self, Features};

use crate::records::Record;

struct Unit {
    name: &'static str,
    feature: Features,
    exception: &'static str,
    /// The emulator's names of the CPUs that have it, without revisions.
    owners: &'static str,
}

const UNITS: &[Unit] = &[
    Unit {
        name: "FPU",
        feature: Features::FPU,
        exception: "floating-point unavailable",
        owners: "603 604 603e 603p 603e7 603e7v 603e7v1 603e7v2 603e7t 604e 604r 740 740e 740p 750 750e 750p 750l 750cx 750cxe \
         750cxr 750cl 750fx 750fl 750gx 750gl 745 755 7400 7410 7441 7445 7447 7447a 7448 7450 7451 7455 7457 7457a e600 \
         mpc8610 mpc8641 mpc8641d g2 mpc603 g2hip3 g2hip4 g2h4 g2ls g2lels g2le g2gp g2legp g2legp1 g2legp3 mpc5200 mpc5200b \
         e300c1 e300c3 e300c4 mpc8343 mpc8343a mpc8343e mpc8343ea mpc8347ap mpc8347at mpc8347eap mpc8347eat mpc8347ep \
         mpc8347et mpc8347p mpc8347t mpc8349 mpc8349a mpc8349e mpc8349ea mpc8377 mpc8377e mpc8378 mpc8378e mpc8379 mpc8379e \
         440epa 440epb 440epx 460exb 440-xilinx-w-dfpu e500mc e5500 e6500",
    },
    Unit {
        name: "AltiVec",
        feature: Features::ALTIVEC,
        exception: "AltiVec unavailable",
        owners: "7400 7410 7441 7445 7447 7447a 7448 7450 7451 7455 7457 7457a e600 mpc8610 mpc8641 mpc8641d e6500",
    },
    Unit {
        name: "SPE",
        feature: Features::SPE,
        exception: "SPE unavailable",
        owners: "e500 e500v2 mpc8540 mpc8541 mpc8541e mpc8555 mpc8555e mpc8560 mpc8533 mpc8533e mpc8543 mpc8543e mpc8544 mpc8544e \
         mpc8545 mpc8545e mpc8547e mpc8548 mpc8548e mpc8567 mpc8567e mpc8568 mpc8568e mpc8572 mpc8572e e200z5 e200z6",
    },
];

/// The chip has no such unit and the table says so; the emulator's CPU of that name has one.
const EMULATOR_ONLY: (&str, &str) = ("e300c2", "FPU");

/// What is wrong with the units that a CPU of this name and PVR reports, if anything. The program says of each unit what
/// its table, its probe and an instruction of the unit say, and fails itself if these disagree; here the list of names and
/// this program's own look into the table are held against them, and the exceptions that were taken.
pub(super) fn wrong(name: &str, pvr: u32, records: &[Record]) -> Option<String> {
    let stem = name.rfind("_v").map_or(name, |at| &name[..at]);
    let features = match cpu::identify(cpu::Pvr(pvr)) {
        Ok(cpu) => cpu.features(),
        Err(error) => return Some(format!("{name}: {error}")),
    };
    UNITS.iter().find_map(|&Unit { name: unit, feature, exception, owners }| {
        let emulator_only = (stem, unit) == EMULATOR_ONLY;
        let has = emulator_only || owners.split_whitespace().any(|owner| owner == stem);
        let says = if has { "yes" } else { "no" };
        let taken = records.iter().any(|record| record.kind == "exception" && record.get("name") == exception);
        if taken != has {
            let (has, taken) = if has { ("has", "was not taken") } else { ("has no", "was taken") };
            return Some(format!("{name} {has} {unit}, but `{exception}` {taken}"));
        }
        let report: Vec<_> =
            records.iter().filter(|record| record.kind == "unit" && record.get("name") == unit).collect();
        let [report] = report[..] else { return Some(format!("{} reports of {unit}", report.len())) };
        let may_lack = feature == Features::FPU && features.contains(Features::FPU_OPTIONAL);
        let table = match (may_lack, features.contains(feature)) {
            (true, _) => "maybe",
            (false, true) => "yes",
            (false, false) => "no",
        };
        let right = report.get("table") == table
            && report.get("instruction") == says
            && (may_lack || (table == says) != emulator_only)
            && matches!((table, report.get("probe")), ("no", "unasked") | ("yes", "yes") | ("maybe", "maybe" | "no"));
        let [table, probe, instruction] = ["table", "probe", "instruction"].map(|source| report.get(source));
        (!right).then(|| {
            format!("{name}, {unit}: list of names {says}, table {table}, probe {probe}, instruction {instruction}")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records;

    const FP: &str = "@ exception name=\"floating-point unavailable\" from=0x1 action=\"skipped\"";
    const ALTIVEC: &str = "@ exception name=\"AltiVec unavailable\" from=0x1 action=\"skipped\"";
    const SPE: &str = "@ exception name=\"SPE unavailable\" from=0x1 action=\"skipped\"";

    fn check(name: &str, pvr: u32, exceptions: &[&str], units: [[&str; 3]; 3]) -> Option<String> {
        let units = ["FPU", "AltiVec", "SPE"].into_iter().zip(units);
        let units = units.map(|(unit, [table, probe, instruction])| {
            format!("@ unit name={unit} table={table} probe={probe} instruction={instruction}")
        });
        let lines: Vec<_> = exceptions.iter().map(|line| (*line).to_owned()).chain(units).collect();
        wrong(name, pvr, &records::all(&lines))
    }

    const YES: [&str; 3] = ["yes", "yes", "yes"];
    const NO: [&str; 3] = ["no", "unasked", "no"];

    #[test]
    fn units_are_told_by_name_without_revision() {
        assert_eq!(check("750_v3.1", 0x0008_0301, &[FP], [YES, NO, NO]), None);
        assert_eq!(check("7455_v3.2", 0x8001_0302, &[FP, ALTIVEC], [YES, YES, NO]), None);
        assert_eq!(check("e500v2_v22", 0x8021_0022, &[SPE], [NO, NO, YES]), None);
        assert_eq!(check("405ep", 0x5121_0950, &[], [NO, NO, NO]), None);
    }

    #[test]
    fn a_unit_too_many_or_too_few_is_found() {
        let few = check("7455_v3.2", 0x8001_0302, &[FP], [YES, YES, NO]);
        assert!(few.unwrap().contains("`AltiVec unavailable` was not taken"));
        let many = check("750_v3.1", 0x0008_0301, &[FP, ALTIVEC], [YES, NO, NO]);
        assert!(many.unwrap().contains("`AltiVec unavailable` was taken"));
    }

    #[test]
    fn a_source_that_disagrees_is_found() {
        for altivec in [["no", "unasked", "yes"], ["yes", "yes", "no"], ["yes", "yes", "yes"]] {
            let found = check("750_v3.1", 0x0008_0301, &[FP], [YES, altivec, NO]);
            assert!(found.unwrap().contains("AltiVec"));
        }
        let unreported = wrong("405ep", 0x5121_0950, &records::all(&[FP.to_owned()][..0]));
        assert!(unreported.unwrap().contains("0 reports of FPU"));
    }

    #[test]
    fn a_unit_that_only_the_emulator_has_is_in_no_table() {
        let e300c2 = |fpu| check("e300c2", 0x0084_0010, &[FP], [fpu, NO, NO]);
        assert_eq!(e300c2(["no", "unasked", "yes"]), None);
        assert!(e300c2(YES).is_some());
    }

    /// One PVR stands for both: the list of names decides, and the instruction must agree.
    #[test]
    fn an_optional_fpu_is_decided_by_the_instruction() {
        let (with, without) = (["maybe", "maybe", "yes"], ["maybe", "maybe", "no"]);
        assert_eq!(check("440epb", 0x4222_18D3, &[FP], [with, NO, NO]), None);
        assert!(check("440epb", 0x4222_18D3, &[], [without, NO, NO]).is_some());
        assert!(check("440epb", 0x4222_18D3, &[FP], [without, NO, NO]).is_some());
    }
}
