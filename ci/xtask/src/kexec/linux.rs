// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Linux says on its console about its cores.

use anyhow::{Result, bail};

use crate::outcome::unusable;

/// Which processor a kernel is for, by the magic number in its header (Linux, `Documentation/arm/booting.rst` and
/// `Documentation/arm64/booting.rst`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `zImage`.
    A32,
    /// `Image`, not compressed.
    A64,
}

impl Kind {
    /// Looks at a kernel's first bytes.
    pub(super) fn of(kernel: &[u8]) -> Result<Self> {
        let word = |at: usize| kernel.get(at..at + 4);
        if word(0x24) == Some(&0x016f_2818_u32.to_le_bytes()) {
            return Ok(Self::A32);
        }
        if word(0x38) == Some(b"ARM\x64") {
            return Ok(Self::A64);
        }
        bail!(unusable("the kernel is neither a zImage for ARM nor an uncompressed Image for AArch64"))
    }
}

/// How far the kernel came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Boot {
    /// "Linux version …".
    pub(super) version: Option<String>,
    /// Cores that it brought up, from "smp: Brought up 1 node, N CPUs".
    pub(super) cores: Option<u32>,
    /// "All CPU(s) started in …": said only if every core arrived in the boot core's mode.
    pub(super) mode: Option<String>,
    /// It has come to look for its root file system, which is not there, and says so by a panic.
    pub(super) ended: bool,
    /// A complaint about a core, or a panic that is not the expected one.
    pub(super) complaint: Option<String>,
}

impl Boot {
    /// Takes in one line.
    pub(super) fn line(&mut self, line: &str) {
        // "[    0.813734] text"
        let text = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, text)| text);
        if text.starts_with("Linux version ") {
            self.version = Some(text.to_owned());
        } else if let Some(rest) = text.strip_prefix("smp: Brought up ") {
            let count =
                rest.split_once(", ").and_then(|(_, count)| count.strip_suffix(" CPUs").or(count.strip_suffix(" CPU")));
            self.cores = count.and_then(|count| count.parse().ok());
        } else if let Some(mode) = text.strip_prefix("CPU: All CPU(s) started ") {
            self.mode = Some(mode.to_owned());
        } else if text.starts_with("Kernel panic") && text.contains("Unable to mount root fs") {
            self.ended = true;
        } else if ["Kernel panic", "CPU: WARNING: CPU(s) started in"].iter().any(|bad| text.starts_with(bad))
            || text.ends_with("failed to come online")
            || text.ends_with("failed to boot")
        {
            self.complaint.get_or_insert_with(|| text.to_owned());
        }
    }

    /// What is missing, if anything, when `wanted` cores should be up.
    pub(super) fn lacks(&self, wanted: u32) -> Option<String> {
        match (&self.complaint, self.cores, &self.mode) {
            (Some(complaint), ..) => Some(format!("Linux: {complaint}")),
            (None, Some(cores), Some(_)) if cores == wanted => None,
            (None, Some(cores), _) if cores != wanted => Some(format!("Linux brought up {cores} of {wanted} cores")),
            (None, Some(_), _) => Some("Linux did not say in which mode the cores started".into()),
            _ if self.version.is_some() => Some("Linux started and did not say how many cores are up".into()),
            _ => Some("Linux did not start".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(lines: &[&str]) -> Boot {
        let mut boot = Boot::default();
        lines.iter().for_each(|line| boot.line(line));
        boot
    }

    const VERSION: &str = "[    0.000000] Linux version 6.1.0-50-armmp (x)";
    const UP: &str = "[    0.813734] smp: Brought up 1 node, 4 CPUs";
    const MODE: &str = "[    0.814194] CPU: All CPU(s) started in SVC mode.";

    #[test]
    fn all_cores_in_one_mode_are_what_is_wanted() {
        assert_eq!(boot(&[VERSION, UP, MODE]).lacks(4), None);
        assert_eq!(boot(&[UP, "[    0.596474] CPU: All CPU(s) started at EL1"]).lacks(4), None);
        assert_eq!(boot(&["[    0.1] smp: Brought up 1 node, 1 CPU", MODE]).lacks(1), None);
    }

    #[test]
    fn whatever_is_missing_is_named() {
        let text = |lines: &[&str], wanted| boot(lines).lacks(wanted).unwrap();
        assert!(text(&[VERSION, UP, MODE], 2).contains("4 of 2"));
        assert!(text(&[VERSION, UP], 4).contains("mode"));
        assert!(text(&[VERSION], 4).contains("how many"));
        assert!(text(&[], 4).contains("did not start"));
        assert!(text(&[UP, "[    1.5] CPU2: failed to come online", MODE], 4).contains("CPU2"));
        assert!(
            text(&[UP, "[  1.5] CPU: WARNING: CPU(s) started in wrong/inconsistent modes (primary CPU mode 0x13)"], 4)
                .contains("inconsistent")
        );
        assert!(text(&[UP, MODE, "[  3.0] Kernel panic - not syncing: Oops"], 4).contains("Oops"));
    }

    #[test]
    fn the_missing_root_file_system_is_the_expected_end() {
        let boot = boot(&[
            UP,
            MODE,
            "[   10.4] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        ]);
        assert!(boot.ended && boot.lacks(4).is_none());
    }

    #[test]
    fn kernels_are_told_apart_by_their_headers() {
        let with = |at: usize, word: [u8; 4]| {
            let mut bytes = vec![0; 64];
            bytes[at..at + 4].copy_from_slice(&word);
            Kind::of(&bytes)
        };
        assert_eq!(with(0x24, 0x016f_2818_u32.to_le_bytes()).unwrap(), Kind::A32);
        assert_eq!(with(0x38, *b"ARM\x64").unwrap(), Kind::A64);
        assert!(with(0, [1; 4]).is_err() && Kind::of(b"").is_err());
    }
}
