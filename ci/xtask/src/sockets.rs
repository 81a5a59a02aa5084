// SPDX-License-Identifier: MIT OR Apache-2.0
//! A machine that is driven through its gdb and qtest sockets, and a check that both clients agree with this QEMU.
//!
//! Sweeps and counts build on [`Driven`]. The check is worth its second: register numbers and packets are QEMU's
//! affair, and a newer one may change them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::boards::{self, Board, Config};
use crate::build;
use crate::elf::Elf;
use crate::gdb::{Gdb, Stop};
use crate::qemu::session::{Session, Transcript, Verdict};
use crate::qemu::{Launch, offer};
use crate::qtest::Qtest;
use crate::run;
use crate::test::{Report, Step, Wanted};
use crate::toolchain::POWERPC;

/// A machine that stands before its first instruction, and the two sockets. Its console goes on in the background.
#[derive(Debug)]
pub(crate) struct Driven {
    /// The debug socket.
    pub(crate) gdb: Gdb,
    /// Pins and device registers.
    pub(crate) qtest: Qtest,
    session: Session,
    _folder: TempDir,
}

impl Driven {
    /// Starts it; it gets `limit` for its whole life, and every answer a tenth of it.
    pub(crate) fn start(launch: &Launch, limit: Duration) -> Result<Self> {
        Self::start_impatiently(launch, limit, limit / 10)
    }

    /// Starts it; no answer may take longer than `patience`.
    pub(crate) fn start_impatiently(launch: &Launch, limit: Duration, patience: Duration) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for sockets")?;
        let (debug, pins) = (folder.path().join("gdb"), folder.path().join("qtest"));
        let session = Session::start(&launch.clone().gdb(&debug).qtest(&pins), limit)?;
        let connected = Gdb::connect(&debug, patience).and_then(|gdb| Ok((gdb, Qtest::connect(&pins, patience)?)));
        match connected {
            Ok((gdb, qtest)) => Ok(Self { gdb, qtest, session, _folder: folder }),
            Err(error) => {
                let said = session.abandon();
                Err(error.context(format!("{}: {}", launch.emulator(), said.trim())))
            }
        }
    }

    /// Lets the machine run to its end; its console from the beginning.
    pub(crate) fn finish(mut self) -> Result<Transcript> {
        // An error means that the machine is off already; the transcript tells.
        let _ = self.gdb.go_on();
        let mut lines = Vec::new();
        while let Some(line) = self.session.next_line() {
            lines.push(line);
        }
        self.session.finish(lines)
    }
}

/// One check per PowerPC board and CPU, with the board's demo.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for board in boards::present() {
        let Some(program) = run::own_program(board, "demo")? else {
            continue;
        };
        for config in board.configs.iter().filter(|config| config.target == POWERPC) {
            let program = program.clone();
            steps.push(Step::emulator(format!("sockets {} {}", board.name, config.label), move || {
                if let Some(lack) = offer::lacks(config, 1) {
                    return Ok(Report::Skipped(format!("not emulated: {lack}")));
                }
                let image = build::image(program.package, config.target, &program.name)?;
                check(board, config, &image).map(|()| Report::Passed(1))
            }));
        }
    }
    Ok(steps)
}

fn check(board: &Board, config: &Config, image: &Path) -> Result<()> {
    let elf = Elf::read(image)?;
    let launch = Launch::image(*config, image).smp(Some(1));
    let mut machine = Driven::start(&launch, Duration::from_secs(600))?;
    let gdb = &mut machine.gdb;
    let name = format!("{} {}", board.name, config.label);

    let entry = elf.entry();
    ensure!(gdb.read("pc")? == entry, "{name}: PC is {:#x} before the first instruction", gdb.read("pc")?);
    let symbol = elf.symbol_at(entry).context("no symbol at the entry")?;
    ensure!(elf.symbol(&symbol.name)?.address <= entry, "{name}: {} is not at the entry", symbol.name);
    gdb.select_core(0)?;
    ensure!(gdb.has("srr1") && !gdb.has("srr9"), "{name}: wrong register names");
    ensure!(gdb.read("pvr")? != 0, "{name}: the register numbered as pvr is 0");
    ensure!(gdb.read_memory(entry, 16)? == elf.bytes(entry, 16)?, "{name}: the memory at the entry is not the image's");

    // A value written must be read back, and only there.
    gdb.write("r14", 0x1234_5678)?;
    gdb.write("srr0", 0x9abc_def0)?;
    ensure!(gdb.read("r14")? == 0x1234_5678 && gdb.read("srr0")? == 0x9abc_def0, "{name}: a register was not written");

    ensure!(gdb.step()? == Stop::Signal(5), "{name}: a step does not stop");
    ensure!(gdb.read("pc")? == entry + 4, "{name}: PC is {:#x} after one step", gdb.read("pc")?);
    gdb.set_breakpoint(entry + 8)?;
    ensure!(gdb.go()? == Stop::Signal(5), "{name}: a breakpoint does not stop");
    ensure!(gdb.read("pc")? == entry + 8, "{name}: PC is {:#x} at the breakpoint", gdb.read("pc")?);
    gdb.clear_breakpoint(entry + 8)?;
    ensure!(gdb.step_with_interrupts()? == Stop::Signal(5), "{name}: a step with interrupts does not stop");

    // The same word by both sockets, written by one and read by the other; it lies where no image and no table is.
    let scratch = 0x00e0_0000;
    machine.qtest.command(&format!("write {scratch:#x} 4 0xdeadbeef"))?;
    machine.gdb.physical(true)?;
    let word = machine.gdb.read_word(scratch)?;
    ensure!(word == 0xdead_beef, "{name}: qtest wrote deadbeef, gdb reads {word:08x}");
    machine.gdb.write_memory(scratch, &[1, 2, 3, 4])?;
    machine.gdb.physical(false)?;
    let bytes = machine.qtest.command(&format!("read {scratch:#x} 4"))?;
    ensure!(bytes == "0x01020304", "{name}: gdb wrote 01020304, qtest reads {bytes}");

    // Stopped in full run, and then left to itself, the program must still come to its end.
    machine.gdb.go_on()?;
    let stop = machine.gdb.interrupt()?;
    ensure!(matches!(stop, Stop::Signal(2) | Stop::Off), "{name}: a request to stop ends in {stop:?}");
    let transcript = machine.finish()?;
    match transcript.verdict() {
        Verdict::Pass => Ok(()),
        Verdict::Fail(reason) => anyhow::bail!("{name}: {reason}\n{}", transcript.lines.join("\n")),
    }
}
