// SPDX-License-Identifier: MIT OR Apache-2.0
//! A core that was never started: it sits in the boot firmware's pen and knows nothing of ours.

use super::{READY, begin};
use crate::stop::overwrite::write_code;
use crate::stop::requester::{ELECTION, RETURN, Run};
use crate::stop::{Firmware, Stoppable, Verdict, area, platform, victim};
use crate::{cpu, finish, println, smp, wait};
use core::sync::atomic::Ordering;
use hal_smp_api::ack::SetClear;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::evidence::{Confirmed, PenKind};
use hal_smp_api::hooks::Stopped;
use hal_smp_api::stop::Failure;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::victim::{Departure, Levels};

/// Where the boot pen lies in the unused part of the pen area, and its word behind it.
const CODE: usize = 0x1000;
const INSIDE: usize = 0x1100;

fn inside<B: Stoppable>() -> *mut u32 {
    (area::<B>().extra().start + INSIDE) as *mut u32
}

/// Task: goes where power-on would have left the core.
fn back_to_boot<B: Stoppable>(this: usize) {
    cpu::mask_all();
    READY.store(1, Ordering::Release);
    let quiet = Cpu::new(this).is_some_and(|cpu| victim::quiet::<B>(cpu).is_ok());
    let Some(flags) = B::BOOT_FLAGS.filter(|_| quiet) else { finish(Err("no way back to the boot pen")) };
    let target = area::<B>().extra().start + CODE;
    let departure = Departure { target, args: [flags, inside::<B>() as usize, 0, 0, 0, 0] };
    platform::leave(&departure, B::COHERENCY, Levels::Own)
}

/// Nobody vouches for it: refused. The platform does: it counts as parked, and stays there.
pub(super) fn never_started<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    let Some(flags) = B::BOOT_FLAGS else { return off_from_the_start(run) };
    // SAFETY: the board's register, which nobody else uses in this program.
    let mut flags = unsafe { FlagRegister::new(flags) };
    flags.clear(u32::MAX);
    let extra = run.area.extra();
    write_code(extra.start + CODE, extra.end, platform::boot_pen())?;
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
    flags.release_to(platform::warm_address() as u32);
    let came = run.wait(RETURN, || victim::work_of(held) != before);
    flags.clear(u32::MAX);
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
