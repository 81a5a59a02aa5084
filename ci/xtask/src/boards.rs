// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board registry: which emulated machines there are, and how each is started.
//!
//! To add a board, add an entry to [`BOARDS`] and a folder `examples/<package>`. A board whose folder is not there is
//! left out by `test` and `demo`; a machine or CPU that this QEMU does not have is reported as not emulated.

use crate::outcome::unusable;
use crate::workspace;

mod table;

pub(crate) use table::{BOARDS, SUPPORT};

/// How the image gets into the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// `-kernel IMAGE`.
    Kernel,
    /// `-device loader,file=IMAGE,cpu-num=0`: the firmware stays, but is not run.
    Loader,
    /// `-kernel RAW`: the image's bytes without its headers, which the emulator boots as it boots a Linux kernel: core 0
    /// is entered, the others wait where the platform's boot protocol has them wait.
    Raw,
}

/// One way to start a board: a CPU model, or a variant of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// Names this way in reports and golden folders; the CPU model where there is one.
    pub(crate) label: &'static str,
    /// `-cpu`; none for the board's own.
    pub(crate) cpu: Option<&'static str>,
    /// `-M`, with its options.
    pub(crate) machine: &'static str,
    /// The emulator.
    pub(crate) qemu: &'static str,
    /// The emulator for more than one core, where it is another.
    pub(crate) qemu_smp: Option<&'static str>,
    /// Rust target of the image.
    pub(crate) target: &'static str,
    /// `-smp` unless the program or the caller says otherwise.
    pub(crate) smp: u32,
    /// `-m` in MiB; none for the board's own.
    pub(crate) memory: Option<u32>,
    /// How the image gets in.
    pub(crate) load: Load,
    /// Further options that this machine needs.
    pub(crate) options: &'static [&'static str],
    /// Only programs that ask for it (`//@ only=`) run on it.
    pub(crate) on_request: bool,
}

impl Config {
    /// The machine's name without its options.
    pub(crate) fn machine_name(&self) -> &'static str {
        self.machine.split(',').next().unwrap_or(self.machine)
    }

    /// The emulator for `smp` cores.
    pub(crate) fn emulator(&self, smp: u32) -> &'static str {
        self.qemu_smp.filter(|_| smp > 1).unwrap_or(self.qemu)
    }

    /// The same board with a CPU model that the registry does not list.
    pub(crate) fn with_cpu(self, cpu: &'static str) -> Self {
        Self { cpu: Some(cpu), label: cpu, ..self }
    }
}

/// An emulated board.
#[derive(Debug)]
pub(crate) struct Board {
    /// What people call it; QEMU's name of the machine.
    pub(crate) name: &'static str,
    /// Package under `examples/`.
    pub(crate) package: &'static str,
    /// Packages under `examples/` whose images also run here.
    pub(crate) guests: &'static [&'static str],
    /// The ways to start it; the first is the default. All are tested.
    pub(crate) configs: &'static [Config],
}

impl Board {
    /// The packages that are there and whose images run on this board.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &'static str> + '_ {
        std::iter::once(self.package)
            .chain(self.guests.iter().copied())
            .filter(|package| workspace::example(package).join("Cargo.toml").exists())
    }

    /// The configuration for a CPU model or label; any other CPU model is tried on the default machine.
    pub(crate) fn config(&self, cpu: Option<&str>) -> Config {
        let Some(cpu) = cpu else {
            return self.configs[0];
        };
        let listed = self.configs.iter().find(|config| config.label == cpu || config.cpu == Some(cpu));
        // The name lives as long as the process: there is one per command line.
        listed.copied().unwrap_or_else(|| self.configs[0].with_cpu(String::leak(cpu.to_owned())))
    }
}

/// The board of that name.
pub(crate) fn find(name: &str) -> anyhow::Result<&'static Board> {
    BOARDS.iter().find(|board| board.name == name).ok_or_else(|| {
        let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
        unusable(format!("no board `{name}`; the boards are {}", names.join(", ")))
    })
}

/// The boards whose folder is there.
pub(crate) fn present() -> impl Iterator<Item = &'static Board> {
    BOARDS.iter().filter(|board| board.packages().next().is_some())
}

/// The Rust targets of a package under `examples/`; none if the registry does not know it.
pub(crate) fn targets_of(package: &str) -> Vec<&'static str> {
    let of_boards = BOARDS
        .iter()
        .filter(|board| board.package == package)
        .flat_map(|board| board.configs.iter().map(|config| config.target));
    let of_support =
        SUPPORT.iter().filter(|(name, _)| *name == package).flat_map(|(_, targets)| targets.iter().copied());
    let mut targets: Vec<_> = of_boards.chain(of_support).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::TARGETS;

    #[test]
    fn names_and_labels_are_unique() {
        for (index, board) in BOARDS.iter().enumerate() {
            assert!(BOARDS[..index].iter().all(|other| other.name != board.name), "{} twice", board.name);
            assert!(!board.configs.is_empty());
            for (place, config) in board.configs.iter().enumerate() {
                assert!(board.configs[..place].iter().all(|other| other.label != config.label));
            }
        }
    }

    #[test]
    fn several_cores_on_powerpc_need_the_other_emulator() {
        let config = find("ppce500").unwrap().config(Some("e500v2"));
        assert_eq!(config.emulator(1), "qemu-system-ppc");
        assert_eq!(config.emulator(2), "qemu-system-ppc64");
    }

    #[test]
    fn an_unlisted_cpu_is_tried() {
        let config = find("mac99").unwrap().config(Some("7455"));
        assert_eq!((config.cpu, config.label, config.load), (Some("7455"), "7455", Load::Loader));
    }

    #[test]
    fn an_unknown_board_names_the_known_ones() {
        let error = find("pdp11").unwrap_err().to_string();
        assert!(error.contains("pdp11") && error.contains("ppce500"), "{error}");
    }

    #[test]
    fn every_target_is_one_that_setup_brings() {
        for config in BOARDS.iter().flat_map(|board| board.configs) {
            assert!(TARGETS.contains(&config.target));
        }
    }
}
