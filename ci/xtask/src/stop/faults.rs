// SPDX-License-Identifier: MIT OR Apache-2.0
//! The faults that can be injected, by name. The program `stop` does it and judges; this list is for the command line.

use anyhow::Result;

use crate::outcome::unusable;

/// A fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Whether the short form of the checks injects it too.
    pub(crate) short: bool,
}

impl Fault {
    /// Why it makes no sense there; none if it does. Only `virt` has firmware, and not when the image has the secure state for
    /// itself; then all cores come to the image at reset, so none stays unstarted either.
    pub(crate) fn unsuited(&self, board: &str, config: &str) -> Option<&'static str> {
        let secure_virt = board == "virt" && config.ends_with("-secure");
        match self.name {
            "never-started" if secure_virt => Some("every core comes to the image at reset"),
            name if name.starts_with("psci-") && (board != "virt" || secure_virt) => Some("there is no firmware"),
            _ => None,
        }
    }

    /// Whether the program must fail with it: a victim that breaks the protocol must be noticed.
    pub(crate) fn must_fail(&self) -> bool {
        self.name == "early-ack"
    }
}

const fn fault(name: &'static str, short: bool) -> Fault {
    Fault { name, short }
}

/// Every fault, in the order of the programs' list.
pub(crate) const FAULTS: &[Fault] = &[
    fault("masked-1", false),
    fault("masked-50", true),
    fault("masked-500", false),
    fault("masked-forever", true),
    fault("masked-both", false),
    fault("never-started", false),
    fault("refuses", false),
    fault("dies-after-entered", false),
    fault("dies-after-parked", true),
    fault("early-ack", false),
    fault("stale-ack", false),
    fault("stale-release", false),
    fault("two-requesters", true),
    fault("bring-up", false),
    fault("sgi-storm", false),
    fault("nested", false),
    fault("corrupted-pen", true),
    fault("psci-denied", false),
    fault("psci-unsupported", false),
    fault("psci-pending", false),
];

/// The fault of that name.
pub(crate) fn find(name: &str) -> Result<&'static Fault> {
    FAULTS.iter().find(|fault| fault.name == name).ok_or_else(|| {
        let names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        unusable(format!("no fault `{name}`; the faults are {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Unusable;

    #[test]
    fn an_unknown_fault_names_the_known_ones_in_one_line() {
        let error = find("gremlin").unwrap_err();
        let text = error.to_string();
        assert!(error.is::<Unusable>() && !text.contains('\n'), "{text}");
        assert!(FAULTS.iter().all(|fault| text.contains(fault.name)), "{text}");
    }

    #[test]
    fn a_fault_says_where_it_makes_no_sense() {
        let denied = find("psci-denied").unwrap();
        assert_eq!(denied.unsuited("vexpress-a9", "cortex-a9"), Some("there is no firmware"));
        assert_eq!(denied.unsuited("virt", "gicv2-a32"), None);
        assert!(denied.unsuited("virt", "gicv2-a32-secure").is_some());
        assert_eq!(find("nested").unwrap().unsuited("raspi3b", "cortex-a53"), None);
    }

    #[test]
    fn names_are_unique() {
        for (place, fault) in FAULTS.iter().enumerate() {
            assert!(FAULTS[..place].iter().all(|other| other.name != fault.name), "{} twice", fault.name);
        }
    }
}
