// SPDX-License-Identifier: MIT OR Apache-2.0
//! A run in which the debugger executes `rfci`.
//!
//! While QEMU counts instructions (`-icount`), it ends with "Raised interrupt while not in I/O function" at an `rfci`: its translator
//! forgets there what it does for `rfi`. So the `rfci` of the critical wrapper is a breakpoint, at which MSR and PC are loaded
//! from the save/restore pair, as the instruction does. Only that one: the emulator is slow in the page of a breakpoint.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Launch;
use super::session::{Session, Transcript};
use crate::elf::Elf;
use crate::gdb::{Gdb, Stop};

/// The instruction.
const RFCI: [u8; 4] = 0x4C00_0066_u32.to_be_bytes();

/// Addresses of `rfci` in a wrapper.
fn places(elf: &Elf, wrapper: &str) -> Result<Vec<u64>> {
    let symbol = elf.symbol(wrapper)?;
    let bytes = elf.bytes(symbol.address, symbol.size as usize)?;
    let words = bytes.chunks_exact(4).zip((symbol.address..).step_by(4));
    Ok(words.filter(|(word, _)| *word == RFCI).map(|(_, address)| address).collect())
}

/// Runs a machine to its end; its console lines go to `each` when it is over.
pub(crate) fn run(
    launch: &Launch,
    image: &Path,
    wrapper: &str,
    limit: Duration,
    each: &mut dyn FnMut(&str),
) -> Result<Transcript> {
    let folder = tempfile::tempdir().context("a folder for the socket")?;
    let socket = folder.path().join("gdb");
    let mut session = Session::start(&launch.clone().debugger(&socket), limit)?;
    let done = match Gdb::connect(&socket, limit) {
        Ok(mut gdb) => returns(&mut gdb, &places(&Elf::read(image)?, wrapper)?, limit),
        Err(error) => Err(error),
    };
    let mut lines = Vec::new();
    match done {
        Ok(count) => lines.push(format!("# {count} returns from critical interrupts by the debugger")),
        Err(error) => lines.push(format!("# the debugger: {error:#}")),
    }
    while let Some(line) = session.next_line() {
        lines.push(line);
    }
    lines.iter().for_each(|line| each(line));
    session.finish(lines)
}

/// Goes on from return to return until the machine is off; how many there were.
fn returns(gdb: &mut Gdb, places: &[u64], limit: Duration) -> Result<usize> {
    let pair = if gdb.has("csrr0") { ("csrr0", "csrr1") } else { ("srr2", "srr3") };
    ensure!(!places.is_empty(), "the wrapper has no `rfci`");
    for place in places {
        gdb.set_breakpoint(*place)?;
    }
    let deadline = Instant::now() + limit;
    let mut count = 0;
    while gdb.go()? == Stop::Signal(5) {
        ensure!(Instant::now() < deadline, "{} s are over", limit.as_secs());
        let (to, msr) = (gdb.read(pair.0)?, gdb.read(pair.1)?);
        gdb.write("msr", msr)?;
        gdb.write("pc", to)?;
        count += 1;
    }
    Ok(count)
}
