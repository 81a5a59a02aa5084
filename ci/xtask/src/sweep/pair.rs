// SPDX-License-Identifier: MIT OR Apache-2.0
//! One pair of paths: the upper exception delivered at every instruction boundary of the lower one.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use hal_exc_api::cpu::FaultRegisters;
use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::{Class, Flavor};

use super::guest::{Guest, RI};
use crate::gdb::Stop;

/// A lower path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lower {
    /// As the output names it.
    pub(crate) name: &'static str,
    pub(crate) exception: Exception,
    /// Whether its handler asks for a dispatch, so that the path includes the scheduler and the other thread.
    pub(crate) dispatches: bool,
}

/// What the log's codes mean.
const BEGIN: u32 = 1;
const UPPER: u32 = 3;
const OTHER: u32 = 4;

/// Where the dispatch word lies, from r13.
const DISPATCH_WORD: u32 = 12;

/// Fault address and syndrome that a synchronous exception is delivered with.
const FAULT: u32 = 0x5A5A_1230;
const SYNDROME: u32 = 0x0080_0000;

/// One instruction boundary of the lower path.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    pub(crate) pc: u32,
    pub(super) msr: u32,
    /// Events that have happened before it.
    pub(super) events: usize,
}

/// What a pair came to.
#[derive(Clone, Debug)]
pub(super) struct Swept {
    pub(super) boundaries: usize,
    /// The boundaries at which something was wrong, each with what.
    pub(super) failures: Vec<String>,
}

/// Puts everything at rest and delivers the lower exception.
pub(super) fn begin(guest: &mut Guest, lower: &Lower, seed: u32) -> Result<super::guest::Registers> {
    let pattern = guest.rewind(seed)?;
    let entry = guest.entry(lower.exception)?;
    guest.set_variable("SWEEP_LOWER", entry.word().raw())?;
    guest.set_variable("SWEEP_REQUEST", u32::from(lower.dispatches))?;
    // Only a handler of standard class may open EE.
    guest.set_variable("SWEEP_OPEN", u32::from(entry.class() == Class::Standard))?;
    let (address, syndrome) = match guest.cpu.core().fault {
        FaultRegisters::DarDsisr => ("dar", "dsisr"),
        _ => ("dear", "esr"),
    };
    guest.gdb().write(address, u64::from(FAULT))?;
    guest.gdb().write(syndrome, u64::from(SYNDROME))?;
    guest.deliver(lower.exception)?;
    Ok(pattern)
}

/// Steps through the lower path alone: its boundaries, from the first instruction at the vector to the return instruction,
/// and the log at its end.
pub(crate) fn trace(guest: &mut Guest, lower: &Lower) -> Result<(Vec<Boundary>, Vec<u32>)> {
    begin(guest, lower, 0x1357_9BDF)?;
    let mut path = Vec::new();
    let here = guest.here;
    loop {
        let (pc, msr) = (guest.gdb().read("pc")? as u32, guest.gdb().read("msr")? as u32);
        if pc == here {
            return Ok((path, guest.log()?));
        }
        let events = guest.variable("SWEEP_COUNT")? as usize;
        path.push(Boundary { pc, msr, events });
        ensure!(path.len() < 3000, "{}: the path does not come back", lower.name);
        if guest.lacks_return_at(pc) {
            guest.return_by_hand(pc)?;
        } else {
            ensure!(guest.gdb().step()? == Stop::Signal(5), "{}: the guest ended", lower.name);
        }
    }
}

/// Sweeps the pair; stops after the first failure if `hasty`.
pub(super) fn sweep(guest: &mut Guest, lower: &Lower, upper: Exception, hasty: bool) -> Result<Swept> {
    sweep_by(guest, lower, upper, hasty, |guest| guest.deliver(upper))
}

/// Sweeps the lower path with critical input delivered by the emulator itself, through the CPU's pin.
pub(super) fn sweep_by_pin(guest: &mut Guest, lower: &Lower) -> Result<Swept> {
    sweep_by(guest, lower, Exception::CriticalInput, false, Guest::raise_critical_pin)
}

fn sweep_by(
    guest: &mut Guest,
    lower: &Lower,
    upper: Exception,
    hasty: bool,
    deliver: impl Fn(&mut Guest) -> Result<()>,
) -> Result<Swept> {
    let (path, rest) = trace(guest, lower).with_context(|| format!("{} alone", lower.name))?;
    let mut swept = Swept { boundaries: path.len(), failures: Vec::new() };
    if let Some(wrong) = guest.unrest()? {
        swept.failures.push(format!("alone: {wrong}"));
        return Ok(swept);
    }
    let entry = guest.entry(upper)?;
    let thread = guest.msr;
    let mut seen: HashMap<usize, Option<String>> = HashMap::new();
    for asked in 0..path.len() {
        // Where the hardware would deliver what is raised here: at the first boundary that is open for its class.
        let open = (asked..path.len()).find(|&k| guest.enabled(entry, path[k].msr));
        let at = open.unwrap_or(path.len());
        debug_assert!(guest.enabled(entry, thread));
        if let Some(known) = seen.get(&at) {
            if let Some(wrong) = known {
                swept.failures.push(format!("boundary {asked}, delivered at {at}: {wrong}"));
            }
            continue;
        }
        let wrong = run(guest, lower, upper, &path, &rest, at, &deliver)
            .with_context(|| format!("{} x {upper} at boundary {at}", lower.name))?;
        if let Some(wrong) = &wrong {
            let place = path.get(at).map_or_else(|| "after the return".to_owned(), |b| format!("pc {:08x}", b.pc));
            swept.failures.push(format!("boundary {at} ({place}): {wrong}"));
            if hasty {
                return Ok(swept);
            }
        }
        seen.insert(at, wrong);
    }
    Ok(swept)
}

/// Brings the guest to boundary `at` of the lower path.
pub(super) fn advance(guest: &mut Guest, path: &[Boundary], at: usize) -> Result<()> {
    let Some(pc) = path.get(at).map(|boundary| boundary.pc) else {
        ensure!(guest.finish()?, "the lower path ended in a fatal report");
        return Ok(());
    };
    // The instruction may be executed more than once on the way.
    let visits = path[1..at.max(1)].iter().filter(|boundary| boundary.pc == pc).count() + usize::from(at > 0);
    if at > 0 {
        guest.gdb().set_breakpoint(u64::from(pc))?;
        for visit in 0..visits {
            if visit > 0 {
                // Otherwise it would stop where it stands.
                guest.gdb().step()?;
            }
            ensure!(guest.gdb().go()? == Stop::Signal(5), "the guest ended");
        }
        guest.gdb().clear_breakpoint(u64::from(pc))?;
    }
    let now = guest.gdb().read("pc")? as u32;
    ensure!(now == pc, "PC is {now:08x}, not {pc:08x}");
    Ok(())
}

/// One run with the upper exception delivered at boundary `at`; what is wrong afterwards, if anything.
fn run(
    guest: &mut Guest,
    lower: &Lower,
    upper: Exception,
    path: &[Boundary],
    rest: &[u32],
    at: usize,
    deliver: &impl Fn(&mut Guest) -> Result<()>,
) -> Result<Option<String>> {
    let pattern = begin(guest, lower, 0x2468_ACE0 + at as u32)?;
    advance(guest, path, at)?;
    let (pc, msr) = (guest.gdb().read("pc")? as u32, guest.gdb().read("msr")? as u32);
    deliver(guest)?;
    let mut survived = guest.finish()?;
    let entry = guest.entry(upper)?;
    let below = guest.entry(lower.exception)?;
    let deferred = at < path.len() && below.class() == Class::Debug && entry.class() == Class::Critical;
    if survived && deferred {
        ensure!(guest.word(guest.r13 + DISPATCH_WORD)? == 0, "the request is lost");
        guest.deliver(Exception::ExternalInput)?;
        survived = guest.finish()?;
    }
    // Where a machine check shares the pair of the lower one, and that had it in use, a report is the right end. RI tells
    // where it is SRR0/1: also below a critical interrupt, which has RI off only where it has taken SRR0/1 from a thread.
    // Below another machine check it is off until the return, because the place of the frame is the same.
    let checks = entry.class() == Class::MachineCheck;
    let shares_pair = checks && (entry.flavor == Flavor::Classic || entry.flavor == below.flavor);
    if shares_pair && entry.flavor != Flavor::Classic {
        // There is no RI: the wrapper goes by the PC.
        let live = at < path.len() && guest.is_entry_or_exit(pc);
        if live == survived {
            return Ok(Some(format!("pair live: {live}, resumed: {survived}")));
        } else if live {
            return Ok(None);
        }
    } else if shares_pair && (msr & RI == 0 || at < path.len() && below.class() == Class::MachineCheck) {
        return Ok(survived.then(|| "resumed, although its pair or frame was in use".to_owned()));
    }
    if !survived {
        return Ok(Some("ended in a fatal report".to_owned()));
    }
    let log = guest.log()?;
    let expected = expected(guest, lower, upper, path, rest, at)?;
    if log != expected {
        return Ok(Some(format!("events {log:?}, not {expected:?}")));
    }
    if let Some(wrong) = guest.registers(&pattern)?.difference(&pattern) {
        return Ok(Some(wrong));
    }
    if let Some(wrong) = guest.unrest()? {
        return Ok(Some(wrong));
    }
    if below.class() == Class::Standard && !below.asynchronous {
        let (address, syndrome) = (guest.variable("SWEEP_FAULT")?, guest.variable("SWEEP_SYNDROME")?);
        if (address, syndrome) != (FAULT, SYNDROME) {
            return Ok(Some(format!("the frame told fault {address:08x} and syndrome {syndrome:08x}")));
        }
    }
    Ok(None)
}

/// The log that must come out: a dispatch exactly once and at the first allowed point.
fn expected(
    guest: &Guest,
    lower: &Lower,
    upper: Exception,
    path: &[Boundary],
    rest: &[u32],
    at: usize,
) -> Result<Vec<u32>> {
    let readies = matches!(guest.entry(upper)?.class(), Class::Standard | Class::Critical);
    let (before, after) = rest.split_at(path.get(at).map_or(rest.len(), |boundary| boundary.events));
    let mut log = before.to_vec();
    log.push(UPPER);
    let below = guest.entry(lower.exception)?;
    let interrupts = below.asynchronous;
    if !readies {
        log.extend(after);
    } else if at < path.len() && below.class() == Class::Debug {
        // A debug exception never looks for a dispatch: the next interrupt does.
        log.extend(after);
        log.extend([UPPER, OTHER]);
    } else if at < path.len() && interrupts {
        // The lower one looks for a dispatch when it leaves; one serves both.
        log.extend(after.iter().filter(|event| **event != OTHER));
        log.push(OTHER);
    } else {
        // Nobody below would: at once.
        log.push(OTHER);
        log.extend(after);
    }
    debug_assert!(log.contains(&BEGIN));
    Ok(log)
}
