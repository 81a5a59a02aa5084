// SPDX-License-Identifier: MIT OR Apache-2.0
//! Overruns of the interrupt stack must end in the report: a nested interrupt that finds no room, and a dispatch after somebody
//! wrote over the guard word.

use anyhow::{Context, Result, ensure};
use hal_exc_api::exception::Exception;
use hal_exc_api::sched::GUARD_WORD;

use super::guest::{EE, Guest};
use super::pair::{advance, begin, trace};
use super::{DISPATCH, EXTERNAL};
use crate::gdb::Stop;

/// The guard word lies so far below the lower bound.
const GUARD: u32 = 256;
/// `lwz r5,…(r13)`: the lower bound of the interrupt stack.
const LOAD_BOUND: u32 = 0x80AD_0000;

/// Symbol of what the exits call for a dispatch.
pub(super) fn dispatch_entry(guest: &Guest) -> Result<String> {
    let mut names = guest.elf.symbols().iter().map(|symbol| &symbol.name);
    names.find(|name| name.contains("8dispatch5entry5entry")).cloned().context("no entry of the dispatch")
}

/// The lower bound of the interrupt stack, found as the dispatch finds it.
fn lower_bound(guest: &mut Guest) -> Result<u32> {
    let name = dispatch_entry(guest)?;
    let loads = guest.elf.symbol(&name)?.address as u32;
    let load = guest.word(loads)?;
    ensure!(load & 0xFFFF_0000 == LOAD_BOUND, "{name} does not begin with the bound");
    guest.word(guest.r13 + (load & 0xFFFF))
}

/// A nested interrupt whose frame lies below the bound; what is wrong, if anything.
pub(super) fn bound(guest: &mut Guest) -> Result<Option<String>> {
    let (path, _) = trace(guest, &EXTERNAL)?;
    let open = path.iter().position(|boundary| boundary.msr & EE != 0).context("the handler does not open EE")?;
    let low = lower_bound(guest)?;
    begin(guest, &EXTERNAL, 0x0BAD_57AC)?;
    advance(guest, &path, open)?;
    guest.gdb().write("r1", u64::from(low))?;
    guest.deliver(Exception::Decrementer)?;
    let (handler, fatal) = (guest.elf.symbol("sweep_interrupt")?.address, guest.elf.symbol("sweep_fatal")?.address);
    for stop in [handler, fatal] {
        guest.gdb().set_breakpoint(stop)?;
    }
    ensure!(guest.gdb().go()? == Stop::Signal(5), "the guest ended");
    for stop in [handler, fatal] {
        guest.gdb().clear_breakpoint(stop)?;
    }
    let pc = guest.gdb().read("pc")?;
    Ok((pc != fatal).then(|| "a nested handler was called below the bound".to_owned()))
}

/// A dispatch with the guard word overwritten; what is wrong, if anything.
pub(super) fn guard(guest: &mut Guest) -> Result<Option<String>> {
    let place = lower_bound(guest)? - GUARD;
    begin(guest, &DISPATCH, 0x0BAD_C0DE)?;
    ensure!(guest.word(place)? == GUARD_WORD, "no guard word at {place:08x}");
    guest.set_word(place, !GUARD_WORD)?;
    let survived = guest.finish()?;
    guest.set_word(place, GUARD_WORD)?;
    Ok(survived.then(|| "dispatched with the guard word overwritten".to_owned()))
}
