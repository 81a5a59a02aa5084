// SPDX-License-Identifier: MIT OR Apache-2.0
//! A stop that hits cores on their way back into the image, at any point of it.

use crate::println;
use crate::stop::requester::{ELECTION, Run};
use crate::stop::{Stoppable, Verdict};
use hal_smp_api::clock::Micros;

/// Stops again 0 to 200 µs after a release, without waiting for anybody to arrive.
pub(super) fn bring_up<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    for delay in (0..=200).step_by(20) {
        let (_, claim, reports) = run.stop_all()?;
        let released = run.release(&reports);
        run.print(&reports, released);
        ELECTION.withdraw(claim);
        if released != run.others() {
            run.violations += 1;
            return Err("a core was not released");
        }
        run.wait(Micros(delay), || false);
    }
    println!("stopped 0 to 200 us after the release: nobody is lost");
    run.round()
}
