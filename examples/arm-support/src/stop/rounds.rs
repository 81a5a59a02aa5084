// SPDX-License-Identifier: MIT OR Apache-2.0
//! The round that everything makes, and the one that must be refused.

use super::overwrite::overwrite;
use super::report::Reports;
use super::requester::{ELECTION, Lost, Outcome, RETURN, Run, id_of};
use super::{Stoppable, Verdict};
use crate::gic::Gic;
use crate::{MAX_CPUS, println, smp, start};
use hal_smp_api::cpus::{Cpu, CpuSet, HwId};
use hal_smp_api::election::Claim;
use hal_smp_api::evidence::{Confirmed, PenKind};
use hal_smp_api::handover::{HandOver, Held, HeldCore, crc32};
use hal_smp_api::image::ImageExclusive;
use hal_smp_api::release::{Released, wait_released};
use hal_smp_api::stop::Failure;

impl<B: Stoppable> Run<B> {
    /// A whole round without a fault in it.
    pub(super) fn round(&mut self) -> Verdict {
        let (image, claim, reports) = self.stop_all()?;
        self.conclude(&image, claim, &reports)
    }

    /// The second half of a round.
    pub(super) fn conclude(&mut self, image: &ImageExclusive, claim: Claim, reports: &Reports) -> Verdict {
        self.prove(image, reports)?;
        self.let_go(reports, claim)
    }

    /// Overwrites the image and brings it back.
    pub(super) fn prove(&mut self, image: &ImageExclusive, reports: &Reports) -> Verdict {
        self.leave_record(reports)?;
        let damage = overwrite(self, image, reports.parked())?;
        if !damage.silent.is_empty() || damage.changed != 0 {
            self.violations += 1;
            self.print(reports, CpuSet::EMPTY);
            println!("# {damage:?}");
            return Err("a parked core did not survive the overwrite of the image, or wrote to it");
        }
        Ok(())
    }

    /// Releases everybody and sees them back at work.
    pub(super) fn let_go(&mut self, reports: &Reports, claim: Claim) -> Verdict {
        let released = self.release(reports);
        self.print(reports, released);
        ELECTION.withdraw(claim);
        self.resume();
        let back = self.all_at_work(self.others(), 1);
        if released != self.others() || back.is_err() {
            self.violations += 1;
        }
        back
    }

    /// Writes the hand-over record, as for a next image.
    pub(super) fn leave_record(&self, reports: &Reports) -> Verdict {
        let restartable = |cpu: Cpu| reports.0[cpu.index()].is_none_or(|report| report.restartable);
        let held = |cpu: Cpu| match reports.0[cpu.index()].map(|report| report.outcome) {
            Some(Ok(Confirmed::Parked(parked))) if parked.pen() == PenKind::Boot => Held::BootPen,
            Some(Ok(Confirmed::Off(_))) => Held::Off,
            Some(_) => Held::Parked,
            None => Held::Requester,
        };
        let mut cores = [HeldCore { id: HwId(0), held: Held::Requester, restartable: true }; MAX_CPUS];
        for cpu in self.topology.possible().iter() {
            cores[cpu.index()] = HeldCore { id: id_of(cpu), held: held(cpu), restartable: restartable(cpu) };
        }
        let record = HandOver {
            generation: self.generation,
            reserved: self.area.reserved(),
            slots: self.area.slots_address() as u64,
            granule: self.area.layout().victim_half() as u32,
            note: self.round,
            cores: &cores[..self.topology.possible().len()],
            // No program that stops has turned LPIs on.
            kept: &[],
        };
        self.area.write_record(&record).map_err(|_| "the hand-over record does not fit")
    }

    /// Prints the sum; the program's verdict.
    pub(super) fn finish(&self, verdict: Verdict) -> Verdict {
        println!("@ stop-sum rounds={} violations={}", self.round, self.violations);
        verdict?;
        if self.violations != 0 {
            return Err("violations");
        }
        if B::pic().running_priority() != 0xff {
            return Err("the requester is not idle at the end");
        }
        Ok(())
    }

    /// A stop that must reach everybody.
    pub(super) fn stop_all(&mut self) -> Result<(ImageExclusive, Claim, Reports), &'static str> {
        let claim = ELECTION.claim(self.me).map_err(|_| "another core is the requester")?;
        self.stop_all_as(claim)
    }

    /// [`stop_all`](Self::stop_all), as the winner of an election.
    pub(super) fn stop_all_as(&mut self, claim: Claim) -> Result<(ImageExclusive, Claim, Reports), &'static str> {
        let (outcome, reports) = self.stop_as(claim).map_err(|(_, error)| {
            println!("# {error}");
            "a stop was refused"
        })?;
        match outcome {
            Outcome::All(image, claim) => Ok((image, claim, reports)),
            Outcome::Missing(incomplete) => {
                self.violations += 1;
                self.print(&reports, CpuSet::EMPTY);
                println!("# missing: {:?}", incomplete.casualties());
                Err("a core was not stopped")
            }
        }
    }

    /// A planned restart that must be refused: exactly `missing` has no evidence, for that reason. The others come back to
    /// work, and the constant part of the image is what it was.
    pub(super) fn refused(&mut self, missing: Cpu, failure: Failure) -> Verdict {
        let before = constant_crc();
        self.lost = Some(Lost::for_good(missing, failure));
        let (outcome, reports) = self.stop().map_err(|_| "a stop was not begun")?;
        let Outcome::Missing(incomplete) = outcome else {
            self.violations += 1;
            return Err("a stop succeeded that must be refused");
        };
        let found = reports.iter().find(|report| report.cpu == missing).map(|report| report.outcome);
        let only = incomplete.casualties() == CpuSet::EMPTY.with(missing);
        for cpu in CpuSet::from_bits(reports.parked().bits() | reports.off().bits()).iter() {
            smp::forget_task(cpu.index());
        }
        let (slots, generation) = (self.slots(), self.generation);
        let entry = |cpu| {
            let order = self.order(cpu);
            (order.entry, order.arg)
        };
        let back = core::array::from_fn::<_, MAX_CPUS, _>(|n| Cpu::new(n).map(entry).unwrap_or_default());
        let (parked, claim) = incomplete.roll_back(&slots, &mut self.hooks, |cpu| back[cpu.index()]);
        let gone = |cpu: &Cpu| wait_released(&slots, &self.clock, *cpu, generation, RETURN) == Released::Acknowledged;
        let released: CpuSet = parked.iter().filter(gone).collect();
        // Who was off stays off until it is started.
        let started = reports.off().iter().filter(|cpu| B::start_off(*cpu, &self.order(*cpu)));
        let released = started.fold(released, CpuSet::with);
        self.print(&reports, released);
        ELECTION.withdraw(claim);
        self.resume();
        if !only || found != Some(Err(failure)) {
            self.violations += 1;
            return Err("another core is missing, or for another reason");
        }
        self.all_at_work(self.others().without(missing), 1)?;
        if constant_crc() != before {
            self.violations += 1;
            return Err("the image has changed");
        }
        println!("refused: a core is {failure}; the others are back at work, the image is unchanged");
        Ok(())
    }
}

/// Checksum of the image's text and constants.
fn constant_crc() -> u32 {
    let range = start::image_constant();
    // SAFETY: the linker's symbols bound whole words that nobody writes.
    let words = unsafe { core::slice::from_raw_parts(range.start as *const u32, (range.end - range.start) / 4) };
    crc32(words)
}
