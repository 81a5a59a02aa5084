// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every CPU that the installed emulators list with a PVR, against a list of our own of what each of them is.
//!
//! The emulator brings names and PVRs, the list here says what we call a CPU of that name. Neither is made
//! from the table under test.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use hal_exc_api::cpu::{Pvr, identify};

use super::{family, look_up};
use crate::test::{Group, Report, Step, Wanted};

/// Our model, its family, and the emulator's names for it without revisions.
const EXPECTED: &str = "
603          classic  603
603e         classic  603e
603ev        classic  603p 603e7 603e7v 603e7v1 603e7v2
603r         classic  603e7t
604          classic  604
604e         classic  604e
604r         classic  604r
740/750      classic  740 740e 750 750e
750CX        classic  750cx
750CXe       classic  750cxe
750CXR       classic  750cxr
745/755      classic  745 755
750CL        classic  750cl
750L         classic  750l
740P/750P    classic  740p 750p
750FX        classic  750fx 750fl
750GX        classic  750gx 750gl
7400         classic  7400
7410         classic  7410
7441/7450/7451 classic 7441 7450 7451
7445/7455    classic  7445 7455
7447/7457    classic  7447 7457
7447A/7457A  classic  7447a 7457a
7448         classic  7448
e600         classic  e600 mpc8610 mpc8641 mpc8641d
G2           classic  g2 mpc603 g2hip3 g2h4 g2hip4
G2ls         classic  g2ls
G2_LE        classic  g2le g2gp g2legp g2legp1 g2legp3 mpc5200 mpc5200b
G2lels       classic  g2lels
e300c1       classic  e300c1 mpc8343 mpc8343a mpc8343e mpc8343ea mpc8347ap mpc8347at mpc8347eap mpc8347eat
e300c1       classic  mpc8347ep mpc8347et mpc8347p mpc8347t mpc8349 mpc8349a mpc8349e mpc8349ea
e300c2       classic  e300c2
e300c3       classic  e300c3
e300c4       classic  e300c4 mpc8377 mpc8377e mpc8378 mpc8378e mpc8379 mpc8379e
405D2        405      405d2 x2vp4 x2vp20
405GP        405      405gpa 405gpb 405gpc 405gpd
405CR        405      405cra 405crb
405GP/CR     405      405crc
STB03        405      stb03
NPe4GS3      405      npe4gs3
NPe405H      405      npe405h npe405h2
405EZ        405      405ez
NPe405L      405      npe405l
STB04/405D4  405      stb04 405d4
405LP        405      405lp
405GPr       405      405gpr
405EP        405      405ep
STBx25       405      stb25
440EP/GR     booke    440epa 440epb
440EPx/GRx   booke    440epx
440x5        booke    440-xilinx 440-xilinx-w-dfpu
460EX        booke    460exb
e200z5       e200     e200z5
e200z6       e200     e200z6
e500v1       e500     e500 mpc8540 mpc8541 mpc8541e mpc8555 mpc8555e mpc8560
e500v2       e500     e500v2 mpc8533 mpc8533e mpc8543 mpc8543e mpc8544 mpc8544e mpc8545 mpc8545e mpc8547e
e500v2       e500     mpc8548 mpc8548e mpc8567 mpc8567e mpc8568 mpc8568e mpc8572 mpc8572e
e500mc       e500     e500mc
e5500        e500     e5500
e6500        e500     e6500
970          refused  970
970FX        refused  970fx
970MP        refused  970mp
-            unknown  power5+ power7 power7+ power8 power8e power8nvl power9 power10
";

/// The emulator's name without the suffix of a revision, `_v1.1` or `_v10`.
fn stem(name: &str) -> &str {
    name.rfind("_v").map_or(name, |at| &name[..at])
}

fn expected(name: &str) -> Option<(&'static str, &'static str)> {
    EXPECTED.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (model, family) = (words.next()?, words.next()?);
        words.any(|word| word == stem(name)).then_some((model, family))
    })
}

/// Names and PVRs in the text of `-cpu help`; aliases have none.
pub(crate) fn listed(help: &str) -> Vec<(String, u32)> {
    help.lines()
        .filter_map(|line| {
            let (name, pvr) = line.strip_prefix("PowerPC ")?.split_once(" PVR ")?;
            Some((name.trim().to_owned(), u32::from_str_radix(pvr.trim(), 16).ok()?))
        })
        .collect()
}

/// What is wrong with our answer for a CPU of the emulator, if anything.
fn wrong(name: &str, pvr: u32) -> Option<String> {
    let Some((model, kind)) = expected(name) else {
        return Some(format!("{name} ({pvr:08x}) is not in the list of expected CPUs"));
    };
    let answer = || match (identify(Pvr(pvr)), look_up(Pvr(pvr))) {
        (Err(_), _) => ("-", "unknown"),
        (Ok(cpu), Err(_)) => (cpu.model().name, "refused"),
        (Ok(cpu), Ok(_)) => (cpu.model().name, family(&cpu)),
    };
    // Twice: an answer must not depend on having been asked before.
    [answer(), answer()]
        .into_iter()
        .find(|answer| *answer != (model, kind))
        .map(|answer| format!("{name} ({pvr:08x}): expected {model} {kind}, found {} {}", answer.0, answer.1))
}

fn check(emulator: &str) -> Result<Report> {
    let output = Command::new(emulator)
        .args(["-cpu", "help"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{emulator} -cpu help"))?;
    let all = listed(&String::from_utf8_lossy(&output.stdout));
    ensure!(all.len() > 200, "{emulator} lists only {} CPUs with a PVR", all.len());
    let wrong: Vec<String> = all.iter().filter_map(|(name, pvr)| wrong(name, *pvr)).collect();
    Ok(if wrong.is_empty() { Report::Passed(all.len()) } else { Report::from_list(&wrong) })
}

/// A step per emulator.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let emulators = ["qemu-system-ppc", "qemu-system-ppc64"];
    Ok(emulators.map(|name| Step::alone(Group::Qemu, format!("cpu models of {name}"), move || check(name))).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn help_is_read_and_aliases_are_left_out() {
        let help = "PowerPC 603              PVR 00030100\nPowerPC vanilla          (alias for 603)\n\
                    PowerPC mpc8548e_v21     PVR 80210021\nother text\n";
        assert_eq!(listed(help), [("603".to_owned(), 0x0003_0100), ("mpc8548e_v21".to_owned(), 0x8021_0021)]);
    }

    #[test]
    fn revisions_are_cut_off() {
        for (name, model) in [("750cxe_v2.4b", "750cxe"), ("e500v2_v10", "e500v2"), ("power7+_v2.1", "power7+")] {
            assert_eq!(stem(name), model);
        }
        assert_eq!(stem("e500v2"), "e500v2");
    }

    #[test]
    fn right_wrong_and_missing_are_told_apart() {
        assert_eq!(wrong("750cxe_v2.4b", 0x0008_3214), None);
        assert_eq!(wrong("power9_v2.0", 0x004E_1200), None);
        assert_eq!(wrong("970fx_v1.0", 0x0039_1100), None);
        assert!(wrong("755_v2.4", 0x0008_3214).unwrap().contains("expected 745/755 classic, found 750CXe classic"));
        assert!(wrong("e500v2_v30", 0xDEAD_BEEF).unwrap().contains("found - unknown"));
        assert!(wrong("g9", 0x8021_0030).unwrap().contains("not in the list"));
    }

    #[test]
    fn the_list_names_a_cpu_once_and_models_that_exist() {
        let mut seen = BTreeSet::new();
        for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(words.len() >= 3, "{line}");
            assert!(words[0] == "-" || hal_exc_api::cpu::models().any(|model| model.name == words[0]), "{line}");
            for name in &words[2..] {
                assert!(seen.insert(name.to_owned()), "{name} stands twice");
            }
        }
    }
}
