// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parked cores are interrupted with everything there is.

use crate::println;
use crate::stop::hooks::Hooks;
use crate::stop::requester::Run;
use crate::stop::{Stoppable, Verdict};
use hal_smp_api::ack::{AckChannel, Report, SlotChannel};
use hal_smp_arm::barrier;

const TIMES: u32 = 2000;

/// Nobody leaves the pen, and what is left pending disturbs no later life.
pub(super) fn storm<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    let (image, claim, reports) = run.stop_all()?;
    let (slots, cpus) = (run.slots(), run.others());
    for n in 0..TIMES {
        if Hooks::<B>::send((n % 8) as u8, cpus).is_err() {
            return Err("an SGI was refused");
        }
        barrier::event();
        if cpus.iter().any(|cpu| SlotChannel(&slots).report(cpu, run.generation) != Report::Parked) {
            run.violations += 1;
            return Err("a core left the pen");
        }
    }
    println!("{TIMES} interrupts: nobody leaves the pen");
    run.conclude(&image, claim, &reports)?;
    run.round()
}
