// SPDX-License-Identifier: MIT OR Apache-2.0
//! `count`: instructions, loads and stores on each exception path, beside the floor and the reference figure.
//!
//! The guest of the sweep is stepped through a path once; what is counted is what the emulator executed. A second count
//! comes from the emulator's own execution trace (`-d exec,nochain`) of another run and must agree.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use hal_exc_api::cpu::VectorBase;
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Class;
use serde_json::json;

use crate::boards::{self, Board, Config};
use crate::outcome::{Outcome, unusable};
use crate::progress::Progress;
use crate::qemu::offer;
use crate::stop;
use crate::sweep::{Guest, Lower, trace};
use crate::test::{Report, Step, Wanted};

mod dispatch;
mod floor;
mod gic;
mod instruction;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) board: Option<String>,
    pub(crate) json: bool,
}

/// Where it counts.
const PLACES: &[(&str, &str)] = &[
    ("ppce500", "e500v2"),
    ("ppce500", "e500mc"),
    ("ref405ep", "405ep"),
    ("bamboo", "440ep"),
    ("mac99", "g4"),
    ("mac99", "g2le"),
    ("virt", "gicv2-a32"),
    ("virt", "gicv3-a32"),
    ("virt", "gicv2-a64"),
    ("virt", "gicv3-a64"),
];

const PATHS: &[(&str, Exception)] = &[
    ("external", Exception::ExternalInput),
    ("critical", Exception::CriticalInput),
    ("machine-check", Exception::MachineCheck),
    ("debug", Exception::Debug),
    ("synchronous", Exception::SystemCall),
];

/// The figures of one path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Figures {
    entry: usize,
    exit: usize,
    loads: usize,
    stores: usize,
    frame: u32,
}

/// A figure to compare with, and the most that is acceptable.
#[derive(Clone, Copy)]
struct Reference {
    instructions: usize,
    name: &'static str,
    most: usize,
}

fn reference(class: Class, synchronous: bool, classic: bool) -> Reference {
    let new = |instructions, name, most| Reference { instructions, name, most };
    match (class, synchronous, classic) {
        (Class::Standard, false, false) => new(81, "RTEMS fixed path", 74),
        (Class::Standard, false, true) => new(146, "RTEMS README design", 84),
        (Class::Standard, true, false) => new(85, "RTEMS README design", 80),
        (Class::Standard, true, true) => new(111, "RTEMS README design", 95),
        (Class::Critical, ..) => new(134, "RTEMS README design, with dispatching", 90),
        (Class::MachineCheck | Class::Debug, _, false) => new(104, "RTEMS README design", 92),
        (Class::MachineCheck | Class::Debug, _, true) => new(126, "RTEMS README design", 92),
    }
}

/// Executed addresses of a path, split at the call of the handler and at its return.
fn measure(guest: &mut Guest, addresses: &[u32], handler: u32) -> Result<Figures> {
    let call = addresses.iter().position(|pc| *pc == handler).context("the handler was not called")?;
    let back = addresses[call - 1].wrapping_add(4);
    let returned = addresses.iter().skip(call).position(|pc| *pc == back).context("the handler did not return")? + call;
    let mut figures = Figures { entry: call, exit: addresses.len() - returned, ..Figures::default() };
    for address in addresses[..call].iter().chain(&addresses[returned..]) {
        let (loads, stores) = instruction::accesses(guest.word(*address)?);
        figures.loads += loads;
        figures.stores += stores;
    }
    Ok(figures)
}

/// A line of the output, and whether the figures are within what is acceptable.
struct Counted {
    path: &'static str,
    figures: Figures,
    floor: usize,
    reference: Reference,
    /// Accesses to the interrupt controller: this path's, the reference's.
    device: Option<[usize; 2]>,
}

fn handler_symbol(class: Class, synchronous: bool) -> &'static str {
    match class {
        Class::Standard if synchronous => "sweep_synchronous",
        Class::Standard | Class::Critical => "sweep_interrupt",
        Class::Debug | Class::MachineCheck => "sweep_isolated",
    }
}

fn count_place(board: &Board, config: &Config) -> Result<Vec<Counted>> {
    if gic::applies(board) {
        return gic::count(config);
    }
    let folder = tempfile::tempdir().context("a folder for the trace")?;
    let log = folder.path().join("exec");
    let options = ["-d", "exec,nochain", "-D"].map(String::from).into_iter().chain([log.display().to_string()]);
    let mut guest = Guest::start(board, config, &options.collect::<Vec<_>>())?;
    let classic = guest.cpu.core().vector_base == VectorBase::MsrIp;
    let mut counted = Vec::new();
    for &(path, exception) in PATHS {
        let Ok(entry) = guest.entry(exception) else { continue };
        let (class, synchronous) = (entry.class(), !entry.asynchronous);
        let lower = Lower { name: path, exception, dispatches: false };
        let (boundaries, _) = trace(&mut guest, &lower).with_context(|| format!("{} {path}", board.name))?;
        let stepped: Vec<u32> = boundaries.iter().map(|boundary| boundary.pc).collect();
        let handler = guest.elf.symbol(handler_symbol(class, synchronous))?.address as u32;
        let mut figures = measure(&mut guest, &stepped, handler)?;
        figures.frame = floor::frame(class, synchronous);
        // The independent count: the last pass through the vector in the emulator's trace.
        let mut executed = last_pass(&log, stepped[0], guest.here)?;
        if let Some(last) = stepped.last().filter(|last| executed.last() != Some(last) && guest.lacks_return_at(**last))
        {
            // A return that the emulator lacks was done by the debugger and not executed.
            executed.push(*last);
        }
        ensure!(
            measure(&mut guest, &executed, handler)?.entry == figures.entry && executed.len() == stepped.len(),
            "{path}: stepping counts {} instructions, the emulator's trace {}",
            stepped.len(),
            executed.len()
        );
        counted.push(Counted {
            path,
            figures,
            floor: floor::instructions(class, synchronous, classic),
            reference: reference(class, synchronous, classic),
            device: None,
        });
    }
    guest.stop();
    if dispatch::applies(board) {
        counted.extend(dispatch::count(board, config)?);
    }
    Ok(counted)
}

/// The addresses in the trace from the last visit of `vector` until `here`.
fn last_pass(log: &Path, vector: u32, here: u32) -> Result<Vec<u32>> {
    let text = std::fs::read_to_string(log).context("the emulator's trace")?;
    let mut pass = Vec::new();
    for pc in text.lines().filter_map(trace_address) {
        let pc = u32::try_from(pc)?;
        if pc == vector {
            pass.clear();
        }
        if pc != here {
            pass.push(pc);
        }
    }
    Ok(pass)
}

/// The address in a line `Trace 0: 0x7f… [cs_base/pc/flags/cflags] symbol`.
fn trace_address(line: &str) -> Option<u64> {
    let fields = line.strip_prefix("Trace ")?;
    fields.split(['[', '/', ']']).nth(2).and_then(|pc| u64::from_str_radix(pc, 16).ok())
}

fn line(json: bool, board: &str, cpu: &str, counted: &Counted) -> String {
    let Counted { path, figures, floor, reference, device } = counted;
    if json {
        let mut object = json!({"board": board, "cpu": cpu, "path": path, "entry": figures.entry, "exit": figures.exit,
            "loads": figures.loads, "stores": figures.stores, "frame": figures.frame, "floor": floor,
            "reference": reference.instructions, "reference_name": reference.name, "most": reference.most});
        if let Some([own, other]) = device {
            object["device"] = (*own).into();
            object["reference_device"] = (*other).into();
        }
        object.to_string()
    } else {
        format!(
            "{board:<9} {cpu:<9} {path:<14} {:>3} + {:>3} = {:>3} instructions, {:>3} loads, {:>3} stores, frame {:>3}, \
             floor {floor}, at most {}, {} {}{}",
            figures.entry,
            figures.exit,
            figures.entry + figures.exit,
            figures.loads,
            figures.stores,
            figures.frame,
            reference.most,
            reference.name,
            reference.instructions,
            device.map_or(String::new(), |[own, other]| format!("; device accesses {own}, {other}"))
        )
    }
}

fn too_many(counted: &[Counted]) -> Vec<String> {
    let sum = |figures: &Figures| figures.entry + figures.exit;
    counted
        .iter()
        .filter(|counted| sum(&counted.figures) > counted.reference.most)
        .map(|counted| {
            format!(
                "{}: {} instructions, {} are acceptable",
                counted.path,
                sum(&counted.figures),
                counted.reference.most
            )
        })
        .collect()
}

fn places(board: Option<&str>) -> Result<Vec<(&'static Board, Config, &'static str)>> {
    let mut found = Vec::new();
    for &(name, label) in PLACES.iter().filter(|(name, _)| board.is_none_or(|wanted| wanted == *name)) {
        let known = boards::find(name)?;
        found.push((known, known.config(Some(label)), label));
    }
    if found.is_empty() {
        return Err(unusable(format!("nothing is counted on {}; there is {PLACES:?}", board.unwrap_or("this board"))));
    }
    Ok(found)
}

/// The command.
pub(crate) fn run(request: &Request) -> Result<Outcome> {
    let mut good = true;
    let board = request.board.as_deref();
    let stops = stop::count::applies(board);
    let others = match places(board) {
        Err(_) if stops => Vec::new(),
        places => places?,
    };
    for (board, config, cpu) in others {
        if let Some(lack) = offer::lacks(&config, 1) {
            eprintln!("{} {cpu}: not emulated: {lack}", board.name);
            continue;
        }
        let progress = Progress::start(format!("count {} {cpu}", board.name));
        let counted = count_place(board, &config)?;
        for counted in &counted {
            println!("{}", line(request.json, board.name, cpu, counted));
        }
        for text in too_many(&counted) {
            progress.note(&text);
            good = false;
        }
    }
    if stops {
        stop::count::run(board, request.json)?;
    }
    Ok(Outcome::of(good))
}

/// One check per place: no path has more instructions than is acceptable, and both counts agree.
pub(crate) fn steps(wanted: &Wanted) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for (board, config, cpu) in places(None)? {
        if !boards::present().any(|present| present.name == board.name) || (gic::applies(board) && !wanted.full) {
            continue;
        }
        steps.push(Step::emulator(format!("count {} {cpu}", board.name), move || {
            if let Some(lack) = offer::lacks(&config, 1) {
                return Ok(Report::Skipped(format!("not emulated: {lack}")));
            }
            let counted = count_place(board, &config)?;
            Ok(match too_many(&counted) {
                wrong if wrong.is_empty() => Report::Passed(counted.len()),
                wrong => Report::from_list(&wrong),
            })
        }));
    }
    Ok(steps)
}
