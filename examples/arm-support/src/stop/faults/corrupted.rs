// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bit of the pen's code flips after its installation.

use crate::println;
use crate::stop::requester::{NoStop, Run};
use crate::stop::{Stoppable, Verdict, platform, victim};
use hal_smp_arm::pen::PenError;

/// Refused before anybody is signalled; with the bit mended, all is well.
pub(super) fn pen<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    let word = (run.area.entry() + 4 * (platform::pen_code().len() - 1)) as *mut u32;
    // SAFETY: the pen's last word; nobody is parked.
    let flip = || unsafe { word.write_volatile(word.read_volatile() ^ 1 << 20) };
    let others = run.others();
    let signals = || others.iter().map(victim::signals_of).sum::<u32>();
    let before = signals();
    flip();
    match run.stop() {
        Err(NoStop::Pen(PenError::Corrupted { address, .. })) if address == word as usize => {}
        _ => {
            run.violations += 1;
            return Err("a corrupted pen was not refused");
        }
    }
    if signals() != before {
        return Err("somebody was signalled");
    }
    run.all_at_work(others, 1)?;
    println!("refused before anybody was signalled");
    flip();
    run.round()
}
