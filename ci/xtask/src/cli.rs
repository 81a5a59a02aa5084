// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::outcome::Outcome;
use crate::{boot_matrix, count, cpu, demo, kexec, run, setup, stop, sweep, test, toolchain};

/// Set-up, demo, tests, race sweeps and counts of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Build images with the distribution's Rust and its library source (also XTASK_DISTRO_RUST=1)
    #[arg(long, global = true)]
    distro_rust: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring in what is missing: Rust targets, QEMU, a disassembler, U-Boot
    Setup {
        /// Only look; status 2 and a line per missing thing with its mend
        #[arg(long)]
        check: bool,
    },
    /// Build the boards, boot them and show what was recognised, taken and handled
    Demo,
    /// All checks
    Test(TestArgs),
    /// Run one program on one board; its exit status is the verdict
    Run(RunArgs),
    /// The one PowerPC image on every CPU model that each emulated board accepts
    BootMatrix(BootMatrixArgs),
    /// Which CPU is this, which crate serves it, what are its vectors
    Cpu(CpuArgs),
    /// The race sweeps: an upper exception at every instruction boundary of a lower path
    Sweep(SweepArgs),
    /// Instructions, loads and stores on each exception path, beside the floor and the reference figure
    Count(CountArgs),
    /// Stop and restart the other cores, with an injected fault if named
    Stop(StopArgs),
    /// Our image runs on all cores, stops the others and hands over to a Linux kernel; status 0 when all cores are up in it
    Kexec(KexecArgs),
}

#[derive(Debug, Args)]
struct StopArgs {
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Only this board
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
    /// Number of cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=8))]
    smp: Option<u32>,
    /// Inject this fault
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
    /// Stop and restart so often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

#[derive(Debug, Args)]
struct KexecArgs {
    /// A zImage for ARM or an uncompressed Image for AArch64; Debian's kernel if not named
    #[arg(long, value_name = "FILE")]
    kernel: Option<PathBuf>,
    /// Its device tree; Debian's, or on virt the emulator's, if not named
    #[arg(long, value_name = "FILE")]
    dtb: Option<PathBuf>,
    /// The board
    #[arg(long, value_name = "BOARD", default_value = "vexpress-a9")]
    board: String,
    /// CPU model, or the name of a variant of the board; else the first one that suits the kernel
    #[arg(long, value_name = "MODEL")]
    cpu: Option<String>,
    /// Number of cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8))]
    smp: Option<u32>,
    /// Words for the kernel's command line
    #[arg(long, value_name = "TEXT")]
    append: Option<String>,
}

#[derive(Debug, Args)]
struct CountArgs {
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Only this board
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
}

#[derive(Debug, Args)]
struct SweepArgs {
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Only this board
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
    /// Run every mutant too and demand that it is caught
    #[arg(long)]
    mutants: bool,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// Only what needs no emulator
    #[arg(long)]
    host: bool,
    /// Only what is built for the boards or runs on them
    #[arg(long)]
    qemu: bool,
    /// The long forms too
    #[arg(long)]
    full: bool,
    /// Only the checks whose name contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

#[derive(Debug, Args)]
struct CpuArgs {
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Processor version registers, in hexadecimal
    #[arg(required = true, value_name = "PVR")]
    pvrs: Vec<String>,
}

#[derive(Debug, Args)]
struct BootMatrixArgs {
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Only this board
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// The board
    board: String,
    /// CPU model, or the name of a variant of the board
    #[arg(long, value_name = "MODEL")]
    cpu: Option<String>,
    /// Number of cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    smp: Option<u32>,
    /// Program, `demo` if not named
    #[arg(long, value_name = "NAME")]
    program: Option<String>,
    /// Boot this image instead of building a program
    #[arg(long, value_name = "FILE", conflicts_with = "program")]
    image: Option<PathBuf>,
    /// Seconds after which the run counts as hung
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// A parameter of the program, as `KEY=VALUE`; ARM boards
    #[arg(long = "arg", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// Options passed to QEMU
    #[arg(last = true, value_name = "QEMU ARGS")]
    options: Vec<String>,
}

/// Does what the command line asks for.
pub(crate) fn dispatch() -> Result<Outcome> {
    let cli = Cli::parse();
    if cli.distro_rust {
        toolchain::force_distribution();
    }
    if !matches!(cli.command, Command::Setup { .. }) {
        setup::ensure()?;
    }
    match cli.command {
        Command::Setup { check } => setup::run(check),
        Command::Demo => demo::run(),
        Command::Test(args) => {
            test::run(&test::Wanted { host: args.host, qemu: args.qemu, full: args.full, filter: args.filter })
        }
        Command::Run(args) => run::run(&run::Request {
            board: args.board,
            cpu: args.cpu,
            smp: args.smp,
            program: args.program,
            image: args.image,
            timeout: args.timeout,
            parameters: args.parameters,
            options: args.options,
        }),
        Command::Sweep(args) => {
            sweep::run(&sweep::Request { board: args.board, mutants: args.mutants, json: args.json })
        }
        Command::Count(args) => count::run(&count::Request { board: args.board, json: args.json }),
        Command::Stop(args) => stop::run(&stop::Request {
            board: args.board,
            smp: args.smp,
            fault: args.fault,
            rounds: args.rounds,
            json: args.json,
        }),
        Command::Kexec(args) => kexec::run(&kexec::Request {
            board: args.board,
            cpu: args.cpu,
            smp: args.smp,
            kernel: args.kernel,
            dtb: args.dtb,
            append: args.append,
        }),
        Command::BootMatrix(args) => boot_matrix::run(&boot_matrix::Request { json: args.json, board: args.board }),
        Command::Cpu(args) => cpu::run(&cpu::Request { pvrs: args.pvrs, json: args.json }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_after_the_dashes_go_to_qemu() {
        let cli = Cli::parse_from(["cargo xtask", "run", "ppce500", "--smp", "2", "--", "-d", "int"]);
        let Command::Run(args) = cli.command else { panic!("not run") };
        assert_eq!((args.smp, args.options), (Some(2), vec!["-d".to_owned(), "int".to_owned()]));
    }
}
