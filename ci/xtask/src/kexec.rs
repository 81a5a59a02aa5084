// SPDX-License-Identifier: MIT OR Apache-2.0
//! `kexec`: our image runs on all cores, stops the others and hands the machine over to somebody else's Linux kernel.
//!
//! Kernel and device tree are put high into memory; the program `kexec` of the board does the rest and copies the kernel
//! over itself. Linux' console is the judge: it must bring up every core, all of them in one mode.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::boards::{self, Board, Config};
use crate::debian;
use crate::elf::Elf;
use crate::outcome::{Outcome, Unusable, unusable};
use crate::progress::Progress;
use crate::qemu::session::{Session, is_volatile};
use crate::qemu::{Boot as What, Launch, offer};
use crate::toolchain::AARCH64;
use crate::{build, run};

mod linux;
mod steps;
mod tree;

use crate::stop::trace::{Map, Oracle, Reading};
use linux::{Boot, Kind};
pub(crate) use steps::steps;

/// The kernel's command line: the board's UART, and an end to the run when there is no root file system.
fn command_line(board: &Board) -> String {
    // A device tree that names no console leaves an early one to the command line.
    let early = match board.name {
        "vexpress-a9" => "earlycon=pl011,mmio32,0x10009000",
        "vexpress-a15" => "earlycon=pl011,mmio32,0x1c090000",
        _ => "earlycon",
    };
    format!("console=ttyAMA0 {early} panic=-1")
}

/// Distances from the start of memory at which the kernel waits to be copied, and at which the device tree stays.
const KERNEL_AT: u64 = 0x0400_0000;
const TREE_AT: u64 = 0x0800_0000;

/// Time for all of it. Linux alone takes 20 s on a busy machine, and ten times that under the trace.
const LIMIT: Duration = Duration::from_secs(400);

/// How far a run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The first words of Linux, or the end of the program.
    Entered,
    /// Linux has said what is wanted of its cores, or something worse.
    Judged,
    /// The machine is off: Linux has found no root file system.
    Off,
}

/// The program's last line before it enters the kernel.
const LAST_LINE: &str = "entering the kernel";

/// What `kexec` is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Name of the board.
    pub(crate) board: String,
    /// CPU model or label.
    pub(crate) cpu: Option<String>,
    /// Cores.
    pub(crate) smp: Option<u32>,
    /// The kernel; Debian's if none is named.
    pub(crate) kernel: Option<PathBuf>,
    /// Its device tree; Debian's or the emulator's own if none is named.
    pub(crate) dtb: Option<PathBuf>,
    /// Words behind the kernel's command line.
    pub(crate) append: Option<String>,
}

/// Runs it, the console on standard output.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let board = boards::find(&request.board)?;
    let kernel = request.kernel.as_deref().map(read).transpose()?;
    let config = choose(board, request.cpu.as_deref(), kernel.as_deref())?;
    let cores = request.smp.unwrap_or(config.smp);
    if let Some(lack) = offer::lacks(&config, cores) {
        return Err(unusable(format!("not emulated: {lack}")));
    }
    let command_line = match &request.append {
        Some(words) => format!("{} {words}", command_line(board)),
        None => command_line(board),
    };
    let job = Job { board, config, cores, kernel, tree: request.dtb.as_deref().map(read).transpose()?, command_line };
    let mut out = std::io::stdout().lock();
    let take = job.take(&mut |line| {
        // A closed pipe is the reader's business; the verdict stays.
        let _ = writeln!(out, "{line}");
    })?;
    match take.lacks(cores) {
        None => Ok(Outcome::Well),
        Some(lack) => {
            eprintln!("{} ({}): {lack}", board.name, config.label);
            Ok(Outcome::Short)
        }
    }
}

/// For `demo`: the short form, with the lines that tell what happened. False if it fell short.
pub(crate) fn show() -> Result<bool> {
    let board = boards::find("vexpress-a9")?;
    let config = board.configs[0];
    println!("{}: hand-over to Linux on 2 cores", board.name);
    if let Some(lack) = offer::lacks(&config, 2) {
        println!("  not emulated: {lack}\n");
        return Ok(true);
    }
    let progress = Progress::start("booting vexpress-a9, then Linux");
    let take = Job::debian(board, config, 2).brief(&[]);
    drop(progress);
    let take = match take {
        Ok(traced) => traced.take,
        // The demo goes on without; `test` does not.
        Err(error) if error.is::<Unusable>() => {
            println!("  not shown: {error:#}\n");
            return Ok(true);
        }
        Err(error) => return Err(error),
    };
    let own = take.own.iter().filter(|line| !is_volatile(line));
    let linux = take
        .heard
        .iter()
        .filter(|line| ["Linux version", "Brought up", "All CPU(s)"].iter().any(|part| line.contains(part)));
    own.chain(linux).for_each(|line| println!("  {line}"));
    let lack = take.lacks(2);
    println!("result: {}\n", lack.as_ref().map_or("pass".to_owned(), |lack| format!("fail: {lack}")));
    Ok(lack.is_none())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unusable(format!("{}: {error}", path.display())))
}

/// The configuration: as named, else the first one whose processor the kernel is for.
fn choose(board: &Board, cpu: Option<&str>, kernel: Option<&[u8]>) -> Result<Config> {
    if run::own_program(boards::find(board.name)?, "kexec")?.is_none() {
        return Err(unusable(format!("board `{}` has no program `kexec`", board.name)));
    }
    let kind = kernel.map(Kind::of).transpose()?;
    let suits = |config: &Config| kind.is_none_or(|kind| kind == kind_for(config));
    let config = match cpu {
        Some(cpu) => Some(board.config(Some(cpu))).filter(suits),
        None => board.configs.iter().copied().find(suits),
    };
    config.ok_or_else(|| unusable(format!("this kernel is not for the processor of board `{}`", board.name)))
}

fn kind_for(config: &Config) -> Kind {
    if config.target == AARCH64 { Kind::A64 } else { Kind::A32 }
}

/// A hand-over to be done.
#[derive(Clone, Debug)]
struct Job {
    board: &'static Board,
    config: Config,
    cores: u32,
    kernel: Option<Vec<u8>>,
    tree: Option<Vec<u8>>,
    command_line: String,
}

/// What came of it.
#[derive(Debug)]
struct Take {
    /// The program's lines, up to its last.
    own: Vec<String>,
    /// Whether the program said its last line.
    entered: bool,
    /// A failure that the program reported.
    failure: Option<String>,
    /// What Linux said of its cores.
    linux: Boot,
    /// All that it said.
    heard: Vec<String>,
    /// The emulator's words.
    emulator: String,
}

impl Take {
    /// What is missing to a hand-over to `cores` cores.
    fn lacks(&self, cores: u32) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        if !self.entered {
            let last = self.own.last().map_or("none", String::as_str);
            return Some(format!("the program did not come to the kernel; last line: {last} {}", self.emulator.trim()));
        }
        self.linux.lacks(cores)
    }
}

/// A take, and what the emulator's trace showed if there was one.
#[derive(Debug)]
struct Traced {
    take: Take,
    trace: Option<Oracle>,
}

impl Job {
    /// The board with Debian's kernel.
    fn debian(board: &'static Board, config: Config, cores: u32) -> Self {
        Self { board, config, cores, kernel: None, tree: None, command_line: command_line(board) }
    }

    /// Boots it and watches, to the end that Linux makes when it finds no root file system.
    fn take(&self, each: &mut dyn FnMut(&str)) -> Result<Take> {
        let machine = Machine::new(self)?;
        watch(&machine.launch, self.cores, Until::Off, each)
    }

    /// Boots it with these parameters for the program, until Linux has said what is wanted.
    fn brief(&self, parameters: &[&str]) -> Result<Traced> {
        let machine = Machine::new(self)?;
        let launch = machine.launch.clone().parameters(parameters.iter().copied());
        Ok(Traced { take: watch(&launch, self.cores, Until::Judged, &mut |_| {})?, trace: None })
    }

    /// The same under the emulator's trace.
    fn traced(&self, parameters: &[&str], until: Until) -> Result<Traced> {
        let machine = Machine::new(self)?;
        let reading = Reading::start(Oracle::new(machine.map.clone(), self.cores))?;
        let options = machine.map.options(reading.pipe(), false);
        let launch = machine
            .launch
            .clone()
            .options(options)
            .parameters(parameters.iter().copied())
            .until_seen(reading.settled());
        let take = watch(&launch, self.cores, until, &mut |_| {});
        let trace = reading.finish()?;
        Ok(Traced { take: take?, trace: Some(trace) })
    }

    /// The kernel and the device tree as they came.
    fn files(&self, folder: &Path, image: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
        let distribution =
            || debian::kernel(if kind_for(&self.config) == Kind::A64 { debian::ARM64 } else { debian::ARMHF });
        let kernel = match &self.kernel {
            Some(kernel) => kernel.clone(),
            None => read(&distribution()?.image())?,
        };
        let tree = match (&self.tree, tree_name(self.board)) {
            (Some(tree), _) => tree.clone(),
            (None, Some(name)) => read(&distribution()?.tree(name))?,
            (None, None) => self.emulators_tree(folder, image)?,
        };
        Ok((kernel, tree))
    }

    /// The device tree that the emulator makes for a machine of its own.
    fn emulators_tree(&self, folder: &Path, image: &Path) -> Result<Vec<u8>> {
        let file = folder.join("emulator.dtb");
        let machine = format!("{},dumpdtb={}", self.config.machine, file.display());
        let config = Config { machine: String::leak(machine), ..self.config };
        let out = Launch::new(config, What::Image(image.to_path_buf())).smp(Some(self.cores)).command().output()?;
        if !out.status.success() {
            anyhow::bail!("the emulator gave no device tree: {}", String::from_utf8_lossy(&out.stderr).trim());
        }
        read(&file)
    }
}

/// A machine with everything in its memory, ready to start.
struct Machine {
    launch: Launch,
    map: Map,
    /// Holds the files until the emulator has ended.
    _folder: tempfile::TempDir,
}

impl Machine {
    fn new(job: &Job) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for kernel and device tree")?;
        let image = build::image(job.board.package, job.config.target, "kexec")?;
        let elf = Elf::read(&image)?;
        let (kernel, tree) = job.files(folder.path(), &image)?;
        let reserved = words(&elf, "KEXEC_RESERVED")?;
        let facts = tree::Facts {
            command_line: &job.command_line,
            memory: u64::from(job.config.memory.context("the board's memory is not known")?) << 20,
            cores: job.cores,
            reserved,
        };
        let (base, patched) = tree::patch(&tree, &facts)?;
        let (kernel_at, tree_at) = (base + KERNEL_AT, base + TREE_AT);
        let mut options = Vec::new();
        for (name, bytes, at) in [("kernel", &kernel, kernel_at), ("tree", &patched, tree_at)] {
            let file = folder.path().join(name);
            std::fs::write(&file, bytes)?;
            options.push("-device".to_owned());
            options.push(format!("loader,file={},addr={at:#x},force-raw=on", file.display()));
        }
        let image_range = elf.symbol("__image_start")?.address..elf.symbol("__image_end")?.address;
        Ok(Self {
            launch: Launch::image(job.config, &image)
                .smp(Some(job.cores))
                .options(options)
                .parameters([format!("kernel={kernel_at}"), format!("tree={tree_at}")]),
            map: Map::for_good(image_range, words(&elf, "KEXEC_MOVER")?.0),
            _folder: folder,
        })
    }
}

/// The device tree of Debian's package for a board; none for a machine that only the emulator has.
fn tree_name(board: &Board) -> Option<&'static str> {
    match board.name {
        "vexpress-a9" => Some("vexpress-v2p-ca9.dtb"),
        "vexpress-a15" => Some("vexpress-v2p-ca15-tc1.dtb"),
        _ => None,
    }
}

/// Two 64-bit words of the program, base and length of a range.
fn words(elf: &Elf, symbol: &str) -> Result<(u64, u64)> {
    let bytes = elf.bytes(elf.symbol(symbol)?.address, 16)?;
    let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|n| bytes[at + n]));
    Ok((word(0), word(8)))
}

/// Runs the machine and sorts its lines.
fn watch(launch: &Launch, cores: u32, until: Until, each: &mut dyn FnMut(&str)) -> Result<Take> {
    let mut session = Session::start(launch, LIMIT)?;
    let mut take = Take {
        own: Vec::new(),
        entered: false,
        failure: None,
        linux: Boot::default(),
        heard: Vec::new(),
        emulator: String::new(),
    };
    while let Some(line) = session.next_line() {
        each(&line);
        if take.entered {
            take.linux.line(&line);
            take.heard.push(line);
        } else {
            take.failure = take.failure.or_else(|| line.strip_prefix("result: fail: ").map(str::to_owned));
            take.entered = line == LAST_LINE;
            take.own.push(line);
        }
        let linux = &take.linux;
        let enough = match until {
            Until::Entered => linux.version.is_some(),
            Until::Judged => linux.ended || linux.complaint.is_some() || take.entered && linux.lacks(cores).is_none(),
            Until::Off => false,
        };
        if enough {
            break;
        }
    }
    take.emulator = session.abandon();
    Ok(take)
}
