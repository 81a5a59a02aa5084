// SPDX-License-Identifier: MIT OR Apache-2.0
//! Firmware that denies, does not know, or never gets ready.

use crate::println;
use crate::stop::requester::Run;
use crate::stop::{Firmware, Stoppable, Verdict};
use hal_smp_api::cpus::CpuSet;
use hal_smp_api::stop::Failure;

/// From now on firmware answers so, and the others leave by it, or the victim alone.
fn firmware<B: Stoppable>(answers: Firmware, leavers: CpuSet) -> Verdict {
    if B::firmware(answers, leavers) { Ok(()) } else { Err("this board has no firmware") }
}

/// `CPU_OFF` comes back: everybody goes to the software pen.
pub(super) fn denied<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    firmware::<B>(Firmware::DeniesOff, run.others())?;
    let (image, claim, reports) = run.stop_all()?;
    if reports.parked() != run.others() {
        run.violations += 1;
        return Err("a core whose CPU_OFF was denied is not in the pen");
    }
    run.conclude(&image, claim, &reports)?;
    println!("CPU_OFF denied: every core is in the software pen");
    Ok(())
}

/// The victim is off, and nobody can tell: that is no evidence.
pub(super) fn unsupported<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    let victim = run.victim();
    firmware::<B>(Firmware::NoAffinityInfo, CpuSet::EMPTY.with(victim))?;
    run.refused(victim, Failure::StuckAfterEntered)?;
    firmware::<B>(Firmware::Honest, run.others())?;
    crate::smp::forget_task(victim.index());
    if !B::start_off(victim, &run.order(victim)) {
        return Err("the core that was off all the time does not start");
    }
    run.all_at_work(CpuSet::EMPTY.with(victim), 1)?;
    println!("with AFFINITY_INFO the same core is off");
    run.round()
}

/// A start that is pending for a while is made; one that is so for ever is told.
pub(super) fn pending<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    let victim = run.victim();
    firmware::<B>(Firmware::Honest, run.others())?;
    let (image, claim, reports) = run.stop_all()?;
    if reports.off() != run.others() {
        run.violations += 1;
        return Err("a core is not off");
    }
    run.prove(&image, &reports)?;
    firmware::<B>(Firmware::Pending(u32::MAX), run.others())?;
    if B::start_off(victim, &run.order(victim)) {
        run.violations += 1;
        return Err("a start that is pending for ever succeeded");
    }
    println!("pending for ever: not started");
    firmware::<B>(Firmware::Pending(3), run.others())?;
    run.let_go(&reports, claim)?;
    println!("pending for a while: started");
    Ok(())
}
