// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which units a CPU of each name has: written down by name, not made from the table under test.

/// Unit, its exception, and the emulator's names of the CPUs that have it, without revisions.
const UNITS: &[(&str, &str, &str)] = &[
    (
        "FPU",
        "floating-point unavailable",
        "603 604 603e 603p 603e7 603e7v 603e7v1 603e7v2 603e7t 604e 604r 740 740e 740p 750 750e 750p 750l 750cx 750cxe \
         750cxr 750cl 750fx 750fl 750gx 750gl 745 755 7400 7410 7441 7445 7447 7447a 7448 7450 7451 7455 7457 7457a e600 \
         mpc8610 mpc8641 mpc8641d g2 mpc603 g2hip3 g2hip4 g2h4 g2ls g2lels g2le g2gp g2legp g2legp1 g2legp3 mpc5200 mpc5200b \
         e300c1 e300c3 e300c4 mpc8343 mpc8343a mpc8343e mpc8343ea mpc8347ap mpc8347at mpc8347eap mpc8347eat mpc8347ep \
         mpc8347et mpc8347p mpc8347t mpc8349 mpc8349a mpc8349e mpc8349ea mpc8377 mpc8377e mpc8378 mpc8378e mpc8379 mpc8379e \
         440epa 440epb 440epx 460exb 440-xilinx-w-dfpu e500mc",
    ),
    (
        "AltiVec",
        "AltiVec unavailable",
        "7400 7410 7441 7445 7447 7447a 7448 7450 7451 7455 7457 7457a e600 mpc8610 mpc8641 mpc8641d",
    ),
    (
        "SPE",
        "SPE unavailable",
        "e500 e500v2 mpc8540 mpc8541 mpc8541e mpc8555 mpc8555e mpc8560 mpc8533 mpc8533e mpc8543 mpc8543e mpc8544 mpc8544e \
         mpc8545 mpc8545e mpc8547e mpc8548 mpc8548e mpc8567 mpc8567e mpc8568 mpc8568e mpc8572 mpc8572e e200z5 e200z6",
    ),
];

/// What is wrong with the exceptions that a CPU of this name took, if anything.
pub(super) fn wrong(name: &str, taken: &[&str]) -> Option<String> {
    let stem = name.rfind("_v").map_or(name, |at| &name[..at]);
    UNITS.iter().find_map(|(unit, exception, owners)| {
        let has = owners.split_whitespace().any(|owner| owner == stem);
        match (has, taken.contains(exception)) {
            (true, false) => Some(format!("{name} has {unit}, but `{exception}` was not taken")),
            (false, true) => Some(format!("{name} has no {unit}, but `{exception}` was taken")),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_name_without_revision() {
        let (fp, altivec, spe) = ("floating-point unavailable", "AltiVec unavailable", "SPE unavailable");
        assert_eq!(wrong("750_v3.1", &["program", fp]), None);
        assert_eq!(wrong("7455_v3.2", &[fp, altivec]), None);
        assert_eq!(wrong("e500v2_v22", &[spe]), None);
        assert_eq!(wrong("405ep", &["program"]), None);
        assert!(wrong("7455_v3.2", &[fp]).unwrap().contains("AltiVec"));
        assert!(wrong("e300c2", &[fp]).unwrap().contains("no FPU"));
    }
}
