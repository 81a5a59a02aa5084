// SPDX-License-Identifier: MIT OR Apache-2.0
//! `gic-dispatch`: acknowledge, dispatch through a table and end of one interrupt, by `pic-gic` and by `arm-gic`.
//!
//! The guest calls a function for each driver. It is stepped from the function's first instruction to its return, without
//! the handler's own instructions; the emulator's execution trace must have the same addresses. The same trace has the
//! accesses to the controller as the emulator saw them, and so the code is measured as it is.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::dispatch::go_to;
use super::{Counted, Figures, Reference, instruction, trace_address};
use crate::boards::{Board, Config};
use crate::build;
use crate::elf::Elf;
use crate::gdb::{Gdb, Stop};
use crate::qemu::Launch;
use crate::sockets::Driven;
use crate::toolchain::AARCH64;

/// Package of the program: what the other driver depends on is long to compile.
const PACKAGE: &str = "gic-compare";
const PROGRAM: &str = "gic-count";
const REFERENCE: &str = "arm-gic 0.10.0";
const LIFE: Duration = Duration::from_secs(240);
/// More than any path has.
const MANY: usize = 1000;

/// What cannot be left out, if the handler is a function in a table of all ids.
///
/// | what | instructions |
/// |---|---|
/// | acknowledge | read, order, compare with the special numbers, branch: 4; on GICv2 the address: 1 |
/// | dispatch | the table's address: 2; load, id as argument, call: 3 |
/// | end | order, write: 2; on GICv2 the address: 1 |
/// | a function that calls | return address and id to and from the stack: 2; answer and return: 2 |
fn floor(version: u32) -> usize {
    4 + 5 + 2 + 4 + if version == 2 { 2 } else { 0 }
}

/// Whether it can be counted there.
pub(super) fn applies(board: &Board) -> bool {
    board.name == "virt"
}

/// What one driver did.
struct Pass {
    figures: Figures,
    /// Addresses of the whole path, the handler's included.
    addresses: Vec<u64>,
}

/// The figures of our driver, beside those of the other.
pub(super) fn count(config: &Config) -> Result<Vec<Counted>> {
    let version = if config.machine.contains("gic-version=3") { 3 } else { 2 };
    let image = build::image(PACKAGE, config.target, PROGRAM)?;
    let elf = Elf::read(&image)?;
    let folder = tempfile::tempdir().context("a folder for the trace")?;
    let log = folder.path().join("trace");
    let traced = ["-d", "exec,nochain,trace:gic_*,trace:gicv3_*", "-D"].map(String::from);
    let launch =
        Launch::image(*config, &image).smp(Some(1)).options(traced.into_iter().chain([log.display().to_string()]));
    let mut machine = Driven::start_impatiently(&launch, LIFE, LIFE)?;
    let handler = elf.symbol("count_handler")?.address;
    let mut passes = Vec::new();
    for driver in ["ours", "armgic"] {
        let start = elf.symbol(&format!("count_{driver}_v{version}"))?.address;
        go_to(&mut machine.gdb, start)?;
        passes.push(step_through(&mut machine.gdb, handler, config.target == AARCH64).context(driver)?);
    }
    drop(machine);
    let [ours, theirs] = passes.as_slice() else { unreachable!("two drivers") };
    let device = [device_accesses(&log, ours)?, device_accesses(&log, theirs)?];
    ensure!(device[0] <= device[1], "{} accesses to the controller, {REFERENCE} has {}", device[0], device[1]);
    let instructions = theirs.figures.entry + theirs.figures.exit;
    // Not more on any: and the other has work that is not needed, so less.
    let reference = Reference { instructions, name: REFERENCE, most: instructions - 1 };
    let counted =
        Counted { path: "gic-dispatch", figures: ours.figures, floor: floor(version), reference, device: Some(device) };
    Ok(vec![counted])
}

/// Loads and stores of an instruction.
type Accesses = fn(u32) -> (usize, usize);

/// Steps from the first instruction of a function to its return.
fn step_through(gdb: &mut Gdb, handler: u64, wide: bool) -> Result<Pass> {
    let (link, accesses): (_, Accesses) =
        if wide { ("x30", instruction::accesses_a64) } else { ("lr", instruction::accesses_a32) };
    let back = gdb.read(link)?;
    let stack = gdb.read("sp")?;
    let (mut figures, mut addresses, mut lowest) = (Figures::default(), Vec::new(), stack);
    let (mut called, mut inside) = (false, None);
    for _ in 0..MANY {
        let pc = gdb.read("pc")?;
        if pc == back {
            ensure!(called, "the handler was not called");
            figures.frame = u32::try_from(stack - lowest)?;
            return Ok(Pass { figures, addresses });
        }
        addresses.push(pc);
        if pc == handler {
            (called, inside) = (true, Some(gdb.read(link)?));
        }
        if inside == Some(pc) {
            inside = None;
        }
        if inside.is_none() {
            let (loads, stores) = accesses(gdb.read_word(pc)?);
            figures.loads += loads;
            figures.stores += stores;
            *(if called { &mut figures.exit } else { &mut figures.entry }) += 1;
            lowest = lowest.min(gdb.read("sp")?);
        }
        ensure!(gdb.step()? == Stop::Signal(5), "the guest ended");
    }
    anyhow::bail!("the path does not come back")
}

/// Register accesses that the emulator's controller saw during a pass; checks that the trace has the pass.
fn device_accesses(log: &Path, pass: &Pass) -> Result<usize> {
    let text = std::fs::read_to_string(log).context("the emulator's trace")?;
    let mut lines = text.lines().skip_while(|line| trace_address(line) != pass.addresses.first().copied());
    let (mut executed, mut accesses) = (Vec::new(), 0);
    for line in lines.by_ref() {
        if let Some(pc) = trace_address(line) {
            if executed.len() == pass.addresses.len() {
                break;
            }
            executed.push(pc);
        } else if is_access(line) {
            accesses += 1;
        }
    }
    ensure!(executed == pass.addresses, "stepping and the emulator's trace differ: {executed:x?}");
    Ok(accesses)
}

/// A line such as `gic_cpu_read cpu 0 iface read at 0x0000000c: 0x0000003c` or `gicv3_icc_iar1_read …`.
fn is_access(line: &str) -> bool {
    let event = line.split(' ').next().unwrap_or_default();
    event.starts_with("gic") && (event.ends_with("_read") || event.ends_with("_write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_are_told_from_other_events() {
        assert!(is_access("gic_cpu_read cpu 0 iface read at 0x0000000c: 0x0000003c"));
        assert!(is_access("gicv3_icc_eoir_write GICv3 ICC_EOIR1 write cpu 0x0 value 0x3c"));
        assert!(!is_access("gicv3_cpuif_update GICv3 CPU i/f 0x0 HPPI update irq 1023 group 0 prio 255"));
        assert!(!is_access("gic_acknowledge_irq cpu 0 acknowledged irq 60"));
    }

    #[test]
    fn a_pass_is_found_in_the_trace() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let line = |pc: u32| format!("Trace 0: 0x7f0000 [00000400/{pc:016x}/00000110/ff000201] f\n");
        let text = format!("{}{}gic_cpu_read x\n{}{}", line(0x40), line(0x80), line(0x84), line(0x44));
        std::fs::write(&log, text).unwrap();
        let pass = |addresses: &[u64]| Pass { figures: Figures::default(), addresses: addresses.to_vec() };
        assert_eq!(device_accesses(&log, &pass(&[0x80, 0x84])).unwrap(), 1);
        assert!(device_accesses(&log, &pass(&[0x80, 0x88])).is_err());
    }
}
