// SPDX-License-Identifier: MIT OR Apache-2.0
//! One CPU stands in the prologue of a standard interrupt with its lock set; another takes a critical interrupt in a
//! thread and must switch at once, because the lock it looks at is its own.
//!
//! Both are played by one core: the second CPU is a second per-CPU block and the registers that go with it.

use anyhow::{Result, ensure};
use hal_exc_api::exception::Exception;

use super::EXTERNAL;
use super::guest::Guest;
use super::pair;

/// Where the second CPU's block lies: memory that no image and no table uses.
const SECOND: u32 = 0x00E0_0100;

/// What is wrong, if anything. With `shared` the second CPU uses the block of the first.
pub(super) fn check(guest: &mut Guest, shared: bool) -> Result<Option<String>> {
    let (path, _) = pair::trace(guest, &EXTERNAL)?;
    let r13 = guest.r13;
    guest.rewind(0x55AA_55AA)?;
    let second = if shared { r13 } else { SECOND };
    let block = guest.gdb().read_memory(u64::from(r13 - 256), 768)?;
    guest.gdb().write_memory(u64::from(second - 256), &block)?;
    // The second CPU executes the lock store and stops there.
    guest.gdb().write("r13", u64::from(second))?;
    guest.deliver(Exception::ExternalInput)?;
    pair::advance(guest, &path, 1)?;
    ensure!(guest.word(second + 4)? != 0, "the lock store did not set the lock");
    // The first CPU is in its thread.
    let (here, msr) = (guest.here, guest.msr);
    guest.gdb().write("r13", u64::from(r13))?;
    guest.gdb().write("pc", u64::from(here))?;
    guest.gdb().write("msr", u64::from(msr))?;
    guest.deliver(Exception::CriticalInput)?;
    ensure!(guest.finish()?, "the first CPU ended in a fatal report");
    let log = guest.log()?;
    Ok((log != [3, 4]).then(|| format!("events {log:?} on the first CPU, not [3, 4]")))
}
