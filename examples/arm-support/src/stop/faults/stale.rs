// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words of before: in slots, in flag registers.

use super::{begin, deaf, end, refused};
use crate::println;
use crate::stop::requester::{Run, id_of};
use crate::stop::{Stoppable, Verdict, code};
use hal_smp_api::ack::{AckChannel, Report, SetClear, SlotChannel};
use hal_smp_api::clock::Micros;
use hal_smp_api::cpus::Cpu;
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_api::stop::Failure;
use hal_smp_api::word::{Code, Word};
use hal_smp_arm::flags::FlagRegister;

/// What a core that does not listen seems to have said.
fn prefill<B: Stoppable>(run: &Run<B>, stage: u32, inverse: u32, echo: u32) {
    let (slots, cpu) = (run.slots(), run.victim());
    slots.write(cpu, SlotWord::Stage, stage);
    slots.write(cpu, SlotWord::StageInverse, inverse);
    slots.write(cpu, SlotWord::Echo, echo);
    slots.barrier();
    if let Some(witness) = B::witness_of(cpu) {
        // SAFETY: the board's set register; the bits are those that a pen would set.
        unsafe { (witness.register as *mut u32).write_volatile(witness.bits) };
    }
}

/// Old, impossible, random and lucky acknowledgements of a core that does not even listen.
pub(super) fn ack<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    begin(run, deaf)?;
    let old = Word::new(run.generation, Code::Parked).raw();
    prefill(run, old, !old, 0);
    refused(run, Failure::Unresponsive)?;
    prefill(run, u32::MAX, 0, u32::MAX);
    refused(run, Failure::Unresponsive)?;
    let (stage, inverse, echo) = (run.hooks.fresh(), run.hooks.fresh(), run.hooks.fresh());
    prefill(run, stage, inverse, echo);
    refused(run, Failure::Unresponsive)?;
    // The very word that is waited for, as memory might hold it by chance: nobody answers behind it.
    let lucky = Word::new(run.next, Code::Parked).raw();
    prefill(run, lucky, !lucky, 0);
    refused(run, Failure::ChallengeUnanswered)?;
    end(run)?;
    println!("old, impossible, random, lucky: rejected");
    run.round()
}

/// A release that is not of this stop, or not for this core, or stands in the boot's register.
pub(super) fn release<B: Stoppable>(run: &mut Run<B>) -> Verdict {
    run.round()?;
    let mut flags = B::BOOT_PEN.register().map(|base| {
        // SAFETY: the board's register, which nobody else uses in this program.
        let mut flags = unsafe { FlagRegister::new(base) };
        flags.release_to(code::warm_address() as u32);
        flags
    });
    // The words of the last release stand in every slot.
    let last = run.generation;
    let (image, claim, reports) = run.stop_all()?;
    stays(run, "a core followed the boot's register")?;
    let (slots, now) = (run.slots(), run.generation);
    for cpu in run.others().iter() {
        slots.write(cpu, SlotWord::Release, Word::new(last, Code::Release).raw());
    }
    slots.barrier();
    stays(run, "a core followed the release of an earlier stop")?;
    for cpu in run.others().iter() {
        slots.write(cpu, SlotWord::ReleaseId, !id_of(cpu).0);
        slots.write(cpu, SlotWord::Release, Word::new(now, Code::Release).raw());
    }
    slots.barrier();
    stays(run, "a core followed the release of another")?;
    println!("the boot's register, an earlier stop, another core: nobody goes");
    if let Some(flags) = &mut flags {
        flags.clear(u32::MAX);
    }
    run.conclude(&image, claim, &reports)?;
    run.round()
}

/// Every core stays in the pen for a while.
fn stays<B: Stoppable>(run: &mut Run<B>, what: &'static str) -> Verdict {
    let (slots, now) = (run.slots(), run.generation);
    let gone = |cpu: Cpu| SlotChannel(&slots).report(cpu, now) != Report::Parked;
    if run.wait(Micros(50_000), || run.others().iter().any(gone)) {
        run.violations += 1;
        return Err(what);
    }
    Ok(())
}
