// SPDX-License-Identifier: MIT OR Apache-2.0
//! `run`: one board, one program, the console on standard output.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::boards::{self, Board, Config};
use crate::build;
use crate::outcome::{Outcome, unusable};
use crate::programs::{self, Program, Wishes};
use crate::qemu::session::{self, Transcript, Verdict};
use crate::qemu::{Launch, offer, returns};

/// What `run` is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// Name of the board.
    pub(crate) board: String,
    /// CPU model or label.
    pub(crate) cpu: Option<String>,
    /// Cores.
    pub(crate) smp: Option<u32>,
    /// Program; `demo` if none is named.
    pub(crate) program: Option<String>,
    /// A ready image instead of a program.
    pub(crate) image: Option<PathBuf>,
    /// Seconds instead of the program's own limit.
    pub(crate) timeout: Option<u32>,
    /// Parameters of the program, `key=value`.
    pub(crate) parameters: Vec<String>,
    /// Options for QEMU.
    pub(crate) options: Vec<String>,
}

/// Runs it; the outcome is the verdict.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let board = boards::find(&request.board)?;
    let config = board.config(request.cpu.as_deref());
    let (image, mut wishes) = match &request.image {
        Some(image) => (image.clone(), Wishes::default()),
        None => {
            let program = programs::find(board, request.program.as_deref().unwrap_or("demo"))?;
            (build::image(program.package, config.target, &program.name)?, program.wishes)
        }
    };
    wishes.smp = request.smp.or(wishes.smp);
    wishes.parameters.extend(request.parameters.iter().cloned());
    wishes.timeout = request.timeout.unwrap_or(wishes.timeout);
    if let Some(lack) = offer::lacks(&config, wishes.smp.unwrap_or(config.smp)) {
        return Err(unusable(format!("not emulated: {lack}")));
    }
    let mut out = std::io::stdout().lock();
    let transcript = boot(&config, &image, &wishes, &request.options, &mut |line| {
        // A closed pipe is the reader's business; the verdict stays.
        let _ = writeln!(out, "{line}");
    })?;
    match transcript.verdict() {
        Verdict::Pass => Ok(Outcome::Well),
        Verdict::Fail(reason) => {
            eprintln!("{} ({}): {reason}", board.name, config.label);
            Ok(Outcome::Short)
        }
    }
}

/// Boots an image on a board and sees it through to its end.
pub(crate) fn boot(
    config: &Config,
    image: &Path,
    wishes: &Wishes,
    options: &[String],
    each: &mut dyn FnMut(&str),
) -> Result<Transcript> {
    let launch = Launch::image(*config, image)
        .smp(wishes.smp)
        .options(wishes.args.iter().cloned())
        .parameters(wishes.parameters.iter().cloned())
        .options(options.iter().cloned());
    let limit = Duration::from_secs(wishes.timeout.into());
    if let Some(wrapper) = &wishes.rfci {
        return returns::run(&launch, image, wrapper, limit, each);
    }
    session::run(&launch, limit, wishes.qtest, each)
}

/// Builds a program of a board and boots it, quietly.
pub(crate) fn program(config: &Config, program: &Program) -> Result<Transcript> {
    let image = build::image(program.package, config.target, &program.name)?;
    boot(config, &image, &program.wishes, &[], &mut |_| {})
}

/// The program named `name` of the board itself, if it has one.
pub(crate) fn own_program(board: &Board, name: &str) -> Result<Option<Program>> {
    Ok(programs::of(board)?.into_iter().find(|program| program.package == board.package && program.name == name))
}
