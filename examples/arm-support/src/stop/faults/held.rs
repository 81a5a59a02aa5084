// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core that was never started: it sits in the boot firmware's pen and knows nothing of ours.

use super::{READY, begin};
use crate::stop::requester::{ELECTION, RETURN, Run};
use crate::stop::{Firmware, Stoppable, Verdict, area, platform, victim};
use crate::{cpu, finish, println, smp, wait};
use core::sync::atomic::Ordering;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::evidence::{Confirmed, PenKind};
use hal_smp_api::hooks::Stopped;
use hal_smp_api::stop::Failure;
use hal_smp_arm::victim::{Departure, Levels};

/// Where the boot pen lies in the unused part of the pen area, and behind it the word in which it says that a core is there.
const CODE: usize = 0x1000;
const INSIDE: usize = 0x1400;

fn inside<B: Stoppable>() -> *mut u32 {
    (area::<B>().extra().start + INSIDE) as *mut u32
}

/// Task: goes where power-on would have left the core.
fn back_to_boot<B: Stoppable>(this: usize) {
    cpu::mask_all();
    READY.store(1, Ordering::Release);
    let quiet = Cpu::new(this).is_some_and(|cpu| victim::quiet::<B>(cpu).is_ok());
    if !quiet {
        finish(Err("a core does not get quiet"));
    }
    let target = area::<B>().extra().start + CODE;
    let register = B::BOOT_PEN.register().unwrap_or_default();
    let departure = Departure { target, args: [register, inside::<B>() as usize, 0, 0, 0, 0] };
    platform::leave(&departure, B::COHERENCY, Levels::Own)
}

/// Nobody vouches for it: refused. The platform does: it counts as parked, and stays there.
pub(super) fn never_started<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    let extra = run.area.extra().start;
    let Some(gate) = platform::Gate::build::<B>(extra + CODE..extra + INSIDE)? else {
        return off_from_the_start(run);
    };
    // SAFETY: the unused part of the pen area.
    unsafe { inside::<B>().write_volatile(0) };
    begin(run, back_to_boot::<B>)?;
    // SAFETY: as above.
    if !wait::until(|| unsafe { inside::<B>().read_volatile() } == 1) {
        return Err("the core did not reach the boot pen");
    }
    let held = run.victim();
    smp::forget_task(held.index());

    run.refused(held, Failure::Unresponsive)?;
    vouched_for(run, held)?;

    run.hooks.in_boot_pen = CpuSet::EMPTY;
    let before = victim::work_of(held);
    let came = {
        // Shut again at the end of the block.
        let mut gate = gate;
        gate.open(held)?;
        run.wait(RETURN, || victim::work_of(held) != before)
    };
    if !came {
        return Err("the held core did not start");
    }
    println!("started as after power-on");
    run.round()
}

fn vouched_for<B: Stoppable>(run: &mut Run<B>, held: Cpu) -> Verdict {
    run.hooks.in_boot_pen = CpuSet::EMPTY.with(held);
    let (image, claim, reports) = run.stop_all()?;
    let report = reports.iter().find(|report| report.cpu == held).ok_or("no report of the core")?;
    let proof = matches!(report.outcome, Ok(Confirmed::Parked(parked)) if parked.pen() == PenKind::Boot);
    run.prove(&image, &reports)?;
    let released = run.release(&reports);
    run.print(&reports, released);
    ELECTION.withdraw(claim);
    run.resume();
    if !proof || report.signal.is_some() || released != run.others().without(held) {
        return Err("the held core does not count as parked in the boot pen");
    }
    run.all_at_work(released, 1)?;
    println!("never started: held in the boot pen, not signalled");
    Ok(())
}

/// Task: is not there, as far as anybody but firmware can tell.
fn switch_off<B: Stoppable>(this: usize) {
    cpu::mask_all();
    let Some(cpu) = Cpu::new(this).filter(|cpu| victim::quiet::<B>(*cpu).is_ok()) else {
        finish(Err("a core does not get quiet"))
    };
    READY.store(1, Ordering::Release);
    B::switch_off(cpu);
    finish(Err("a core did not switch itself off"))
}

/// With firmware: the core is off, firmware vouches for it, and it is started as after power-on.
fn off_from_the_start<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    let held = run.victim();
    if !B::firmware(Firmware::Honest, CpuSet::EMPTY.with(held)) {
        return Err("this board has neither boot pen nor firmware");
    }
    begin(run, switch_off::<B>)?;
    if !run.wait(RETURN, || matches!(B::stopped(held), Stopped::Off(_))) {
        return Err("firmware does not say that the core is off");
    }
    let (image, claim, reports) = run.stop_all()?;
    let report = reports.iter().find(|report| report.cpu == held).ok_or("no report of the core")?;
    if !matches!(report.outcome, Ok(Confirmed::Off(_))) || report.signal.is_some() {
        run.violations += 1;
        return Err("the core does not count as off from the start");
    }
    run.conclude(&image, claim, &reports)?;
    println!("never started: off by firmware, not signalled");
    run.round()
}
