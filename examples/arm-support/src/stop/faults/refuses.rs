// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core that cannot leave, and finds out when its timer and interface are quiet already.

use crate::println;
use crate::stop::requester::{RETURN, Run};
use crate::stop::{Stoppable, Verdict, victim};
use hal_smp_api::ladder::Signal;
use hal_smp_api::stop::Failure;

/// The stop is refused for its reason; it works on, and hears the next one.
pub(super) fn refuses<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    let victim = run.victim();
    victim::set_refusing(Some(victim));
    run.refused(victim, Failure::Refused(victim::NOT_WILLING))?;
    victim::set_refusing(None);
    let before = victim::work_of(victim);
    if !run.wait(RETURN, || victim::work_of(victim) != before) {
        return Err("the core that refused does not work");
    }
    let (image, claim, reports) = run.stop_all()?;
    run.conclude(&image, claim, &reports)?;
    if reports.iter().any(|report| report.signal != Some(Signal::Irq)) {
        return Err("the core that refused does not hear the first rung");
    }
    println!("at work again, and parked by the first rung of the next stop");
    Ok(())
}
