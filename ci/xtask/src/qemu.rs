// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starts the emulator for a board.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};

use crate::boards::{Config, Load};
use crate::elf::Elf;

pub(crate) mod child;
pub(crate) mod offer;
pub(crate) mod returns;
pub(crate) mod session;

/// What boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// An image of ours, by the board's own way of loading.
    Image(PathBuf),
    /// Whatever the caller's options bring.
    Options,
}

/// A command line for the emulator.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    config: Config,
    boot: Boot,
    smp: u32,
    options: Vec<String>,
    parameters: Vec<String>,
    seen: Option<Arc<AtomicBool>>,
}

impl Launch {
    /// The board with an image of ours, on as many cores as the board has by default.
    pub(crate) fn new(config: Config, boot: Boot) -> Self {
        Self { config, boot, smp: config.smp, options: Vec::new(), parameters: Vec::new(), seen: None }
    }

    /// An image of ours.
    pub(crate) fn image(config: Config, image: &Path) -> Self {
        Self::new(config, Boot::Image(image.to_path_buf()))
    }

    /// As many cores as asked for, if asked.
    pub(crate) fn smp(mut self, smp: Option<u32>) -> Self {
        self.smp = smp.unwrap_or(self.smp);
        self
    }

    /// Further options, in order.
    pub(crate) fn options<S: Into<String>>(mut self, options: impl IntoIterator<Item = S>) -> Self {
        self.options.extend(options.into_iter().map(Into::into));
        self
    }

    /// Parameters `key=value` for the program itself; ARM images read them by semihosting.
    pub(crate) fn parameters<S: Into<String>>(mut self, parameters: impl IntoIterator<Item = S>) -> Self {
        self.parameters.extend(parameters.into_iter().map(Into::into));
        self
    }

    /// A run that has little time left once this is set: somebody outside has seen what there was to see.
    pub(crate) fn until_seen(mut self, seen: Arc<AtomicBool>) -> Self {
        self.seen = Some(seen);
        self
    }

    /// A gdb server on a unix socket, with the machine stopped before its first instruction, and every instruction a
    /// translation block of its own, so that a pending interrupt is taken at the very next boundary.
    pub(crate) fn gdb(self, socket: &Path) -> Self {
        self.one_instruction_per_block().debugger(socket)
    }

    /// Every instruction is a translation block of its own.
    pub(crate) fn one_instruction_per_block(self) -> Self {
        // QEMU 8.1 moved `-singlestep` into the accelerator's options; 10 dropped the old spelling.
        let step: &[&str] = if offer::version(self.emulator()) >= (8, 1) {
            &["-accel", "tcg,one-insn-per-tb=on"]
        } else {
            &["-accel", "tcg", "-singlestep"]
        };
        self.options(step.iter().copied())
    }

    /// A gdb server on a unix socket, with the machine stopped before its first instruction, at full speed.
    pub(crate) fn debugger(self, socket: &Path) -> Self {
        let gdb = ["-S".to_owned(), "-gdb".to_owned(), format!("unix:{},server=on,wait=off", socket.display())];
        self.options(gdb)
    }

    /// A qtest server on a unix socket, for pins and device registers.
    pub(crate) fn qtest(self, socket: &Path) -> Self {
        let listen = format!("unix:{},server=on,wait=off", socket.display());
        self.options(["-accel", "tcg", "-qtest", &listen, "-qtest-log", "none"])
    }

    /// The emulator's name.
    pub(crate) fn emulator(&self) -> &'static str {
        self.config.emulator(self.smp)
    }

    /// The arguments.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut args: Vec<String> = vec!["-M".into(), self.config.machine.into()];
        if let Some(cpu) = self.config.cpu {
            args.extend(["-cpu".into(), cpu.into()]);
        }
        if self.smp > 1 {
            args.extend(["-smp".into(), self.smp.to_string()]);
        }
        if let Some(memory) = self.config.memory {
            args.extend(["-m".into(), memory.to_string()]);
        }
        args.extend(self.config.options.iter().map(|&option| option.to_owned()));
        // Without `-nic none` the e500 boards look for the boot ROM of a network card and end when it is not packaged.
        args.extend(
            ["-nic", "none", "-display", "none", "-monitor", "none", "-no-reboot", "-serial", "stdio"]
                .map(String::from),
        );
        match &self.boot {
            Boot::Image(image) => match self.config.load {
                Load::Kernel => args.extend(["-kernel".into(), image.display().to_string()]),
                Load::Loader => {
                    args.extend(["-device".into(), format!("loader,file={},cpu-num=0", image.display())]);
                }
                Load::Raw => args.extend(["-kernel".into(), raw(image).display().to_string()]),
            },
            Boot::Options => {}
        }
        args.extend(self.options.iter().cloned());
        if !self.parameters.is_empty() {
            // The emulator joins this with the option that turns semihosting on. A comma ends a value unless doubled.
            let words = self.parameters.iter().map(|parameter| format!("arg={}", parameter.replace(',', ",,")));
            args.extend(["-semihosting-config".into(), words.collect::<Vec<_>>().join(",")]);
        }
        args
    }

    /// Makes what the emulator is to load and cargo has not made.
    pub(crate) fn prepare(&self) -> Result<()> {
        match &self.boot {
            Boot::Image(image) if self.config.load == Load::Raw => {
                let (_, bytes) = Elf::read(image)?.flat()?;
                std::fs::write(raw(image), bytes).with_context(|| raw(image).display().to_string())
            }
            _ => Ok(()),
        }
    }

    /// The command, with no input.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.emulator());
        command
            .args(self.arguments())
            // A sound card that cannot be opened makes noise on standard error.
            .env("QEMU_AUDIO_DRV", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Where the bytes of an image are, without its headers.
fn raw(image: &Path) -> PathBuf {
    image.with_extension("bin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards;

    fn arguments(board: &str, cpu: Option<&str>) -> String {
        let config = boards::find(board).unwrap().config(cpu);
        Launch::image(config, Path::new("/i.elf")).arguments().join(" ")
    }

    #[test]
    fn e500_boards_take_the_image_as_kernel() {
        assert_eq!(
            arguments("ppce500", Some("e500mc")),
            "-M ppce500 -cpu e500mc -m 128 -nic none -display none -monitor none -no-reboot -serial stdio -kernel /i.elf"
        );
    }

    #[test]
    fn the_macintosh_takes_it_from_the_loader() {
        let line = arguments("mac99", None);
        assert!(line.contains("-vga none") && line.ends_with("-device loader,file=/i.elf,cpu-num=0"), "{line}");
    }

    #[test]
    fn arm_boards_have_semihosting_and_their_cores() {
        let line = arguments("vexpress-a9", None);
        assert!(line.contains("-smp 4") && line.contains("-semihosting-config enable=on,target=native"), "{line}");
    }

    #[test]
    fn parameters_go_to_the_program() {
        let config = boards::find("virt").unwrap().config(None);
        let launch = Launch::image(config, Path::new("/i.elf")).parameters(["rounds=3", "list=1,2"]);
        let line = launch.arguments().join(" ");
        assert!(line.ends_with("-semihosting-config arg=rounds=3,arg=list=1,,2"), "{line}");
    }

    #[test]
    fn a_raw_image_is_the_file_beside_it() {
        let line = arguments("raspi3b", Some("raw"));
        assert!(line.ends_with("-kernel /i.bin"), "{line}");
    }

    #[test]
    fn the_fixed_machine_gets_no_memory_option() {
        assert!(!arguments("raspi3b", None).contains("-m "));
    }
}
