// SPDX-License-Identifier: MIT OR Apache-2.0
//! The core that asks: hooks, ladder, stop, release, and the round that all of it makes.

use super::hooks::{Counter, Hooks};
use super::report::Reports;
use super::{Stoppable, area, code, platform, victim};
use crate::once::SetOnce;
use crate::{MAX_CPUS, cpu, println, smp};
use core::fmt;
use hal_smp_api::clock::{Deadline, Micros};
use hal_smp_api::cpus::{Cpu, CpuSet, HwId, Topology};
use hal_smp_api::election::{Claim, Election};
use hal_smp_api::image::ImageExclusive;
use hal_smp_api::ladder::{Ladder, Rung, Signal};
use hal_smp_api::release::{self, Released};
use hal_smp_api::slots::{self, Order, VolatileSlots};
use hal_smp_api::stop::{Failure, Incomplete, Plan, Progress, Stop};
use hal_smp_api::word::Generation;
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::pen::{Area, PenError};
use hal_smp_arm::victim::Coherency;

/// Who asks.
pub(super) static ELECTION: Election = Election::new();
static IDS: SetOnce<[HwId; MAX_CPUS]> = SetOnce::new();

/// How long a core may take for a rung. Long, for a loaded host: only what is broken waits for so long, since a fault that makes
/// a rung wait in vain cuts the wait short ([`Lost`]).
const PATIENCE: Micros = Micros(20_000_000);
/// How long a released core may take to come back and count.
pub(super) const RETURN: Micros = Micros(20_000_000);
/// How long a rung goes on when nobody is missing but who must be.
const MOMENT: Micros = Micros(1_000_000);
static RUNGS: [Rung; 2] = [
    Rung { signal: Signal::Irq, patience: PATIENCE, restartable: true },
    Rung { signal: Signal::Fiq, patience: PATIENCE, restartable: true },
];

/// A core that a fault keeps from its evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lost {
    pub(super) cpu: Cpu,
    /// How it must be found.
    pub(super) failure: Failure,
    /// Rungs that do not reach it.
    pub(super) rungs: usize,
}

impl Lost {
    /// One that no rung reaches.
    pub(super) const fn for_good(cpu: Cpu, failure: Failure) -> Self {
        Self { cpu, failure, rungs: usize::MAX }
    }

    /// Whether the stop finds it as it must, and everybody else has left: there is nothing more to wait for.
    fn is_all(&self, stop: &Stop<'_, MAX_CPUS>) -> bool {
        stop.missing() == CpuSet::EMPTY.with(self.cpu)
            && stop.reports().any(|report| report.cpu == self.cpu && report.outcome == Err(self.failure))
    }
}

/// The hardware id of the executing core.
pub(super) fn own_id() -> HwId {
    HwId(cpu::affinity() as u32)
}

/// The hardware id of a core in the topology.
pub(super) fn id_of(cpu: Cpu) -> HwId {
    IDS.get().map_or(HwId(u32::MAX), |ids| ids[cpu.index()])
}

/// How a stop ended.
#[expect(clippy::large_enum_variant, reason = "one exists at a time, on the requester's stack")]
pub(super) enum Outcome {
    /// Everybody is out.
    All(ImageExclusive, Claim),
    /// Somebody is missing.
    Missing(Incomplete<'static, MAX_CPUS>),
}

/// A stop was not even begun.
#[derive(Debug)]
pub(super) enum NoStop {
    /// The pen does not read back.
    Pen(PenError),
    /// Anything else.
    Other(&'static str),
}

impl fmt::Display for NoStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pen(error) => error.fmt(f),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// The program's state on the requester.
pub(super) struct Run<B: Stoppable> {
    pub(super) area: Area<Uncached>,
    pub(super) hooks: Hooks<B>,
    pub(super) clock: Counter<B>,
    pub(super) me: Cpu,
    /// Number of the last stop.
    pub(super) generation: Generation,
    pub(super) round: u32,
    pub(super) fault: Option<&'static str>,
    pub(super) violations: u32,
    /// Number of the next stop.
    pub(super) next: Generation,
    witness: B::Witness,
    pub(super) topology: Topology<'static>,
    /// Whom the next stop does not reach.
    pub(super) lost: Option<Lost>,
}

impl<B: Stoppable> Run<B> {
    /// Starts all cores, tests FIQ, installs the pen.
    pub(super) fn start(first: Generation, fault: Option<&'static str>) -> Result<Self, &'static str> {
        let area = area::<B>();
        area.install(platform::pen_code()).map_err(|error| {
            println!("# {error}");
            "the pen cannot be installed"
        })?;
        println!("pen: installed, read back");
        // Nobody looks yet. A request that survived a reset would send each core to the pen, this one too.
        let slots = area.slots();
        (0..MAX_CPUS).filter_map(Cpu::new).for_each(|cpu| slots::clear(&slots, cpu));
        Self::prepare();
        let cores = B::boot().ok_or("a core did not come")?;
        let mut run = Self::on_this_core(first, fault, false)?;
        println!("cores: {cores}");
        run.all_at_work(run.others(), 0)?;
        run.hooks.fiq = (0..cores)
            .all(|core| smp::run_on(core, victim::test_fiq::<B>) && Cpu::new(core).is_some_and(victim::fiq_works));
        println!("fiq: {}", if run.hooks.fiq { "arrives on every core" } else { "not available" });
        let coherency = match B::COHERENCY {
            Coherency::Leave => "left by the victims",
            Coherency::Keep => "not left: the control is firmware's",
        };
        println!("coherency: {coherency}");
        Ok(run)
    }

    /// The requester's state in an image that was entered with all cores held by the stop of that number. The pen stays as
    /// the former image left it: cores sit in it. Whether FIQ arrives, an earlier image has seen.
    pub(super) fn take_over(held: Generation, fiq: bool) -> Result<Self, &'static str> {
        victim::set_served(held);
        Self::prepare();
        let mut run = Self::on_this_core(held.next(), None, fiq)?;
        run.generation = held;
        Ok(run)
    }

    /// Makes what all cores use, and lets them in.
    fn prepare() {
        let base = own_id().0 & !0xff;
        IDS.set(core::array::from_fn(|n| HwId(base | n as u32)));
        victim::set_handlers::<B>();
        victim::bring_up::<B>(cpu::index());
        victim::prepared();
    }

    /// The requester's state on the executing core, when all cores run already.
    pub(super) fn on_this_core(
        first: Generation,
        fault: Option<&'static str>,
        fiq: bool,
    ) -> Result<Self, &'static str> {
        let ids = IDS.get().ok_or("no ids")?;
        let topology = ids.get(..B::cpus()).ok_or("too many cores")?;
        Ok(Self {
            area: area::<B>(),
            hooks: Hooks::new(fiq),
            clock: Counter::new(),
            me: Cpu::new(cpu::index()).ok_or("no such core")?,
            generation: first,
            next: first,
            round: 0,
            fault,
            violations: 0,
            witness: B::witness(),
            topology: Topology::new(topology).map_err(|_| "no topology")?,
            lost: None,
        })
    }

    /// All possible cores but this one.
    pub(super) fn others(&self) -> CpuSet {
        self.topology.possible().without(self.me)
    }

    /// The core that faults are done to.
    pub(super) fn victim(&self) -> Cpu {
        self.others().iter().last().unwrap_or(self.me)
    }

    pub(super) fn slots(&self) -> VolatileSlots<Uncached> {
        self.area.slots()
    }

    pub(super) fn after(&self, span: Micros) -> Deadline {
        Deadline::after(&self.clock, span)
    }

    /// Waits for a condition, at most that long; whether it came.
    pub(super) fn wait(&self, span: Micros, mut condition: impl FnMut() -> bool) -> bool {
        let deadline = self.after(span);
        loop {
            let late = deadline.passed(&self.clock);
            if condition() {
                return true;
            }
            if late {
                return false;
            }
            core::hint::spin_loop();
        }
    }

    /// Stops all other cores. Everything is masked on this core until [`resume`](Self::resume).
    pub(super) fn stop(&mut self) -> Result<(Outcome, Reports), NoStop> {
        let claim = ELECTION.claim(self.me).map_err(|_| NoStop::Other("another core is the requester"))?;
        match self.stop_as(claim) {
            Ok(done) => Ok(done),
            Err((claim, reason)) => {
                ELECTION.withdraw(claim);
                Err(reason)
            }
        }
    }

    /// [`stop`](Self::stop), as the winner of an election.
    pub(super) fn stop_as(&mut self, claim: Claim) -> Result<(Outcome, Reports), (Claim, NoStop)> {
        // Before anybody is signalled: whoever is sent to a broken pen is lost.
        if let Err(error) = self.area.verify(platform::pen_code()) {
            return Err((claim, NoStop::Pen(error)));
        }
        self.round += 1;
        self.generation = self.next;
        self.next = self.next.next();
        let Ok(ladder) = Ladder::new(&RUNGS) else { return Err((claim, NoStop::Other("no ladder"))) };
        let plan =
            Plan { topology: self.topology, ladder, generation: self.generation, reserved: self.area.reserved() };
        cpu::mask_all();
        // Cannot fail: the topology was cut from an array of that size.
        // SAFETY: the topology has every core of the machine, the region is the whole pen area, and the claim of `ELECTION`.
        let stop = unsafe { Stop::<MAX_CPUS>::new(claim, plan) };
        let Ok(mut stop) = stop else { crate::finish(Err("no room for the cores")) };
        let slots = self.slots();
        self.hooks.signals = 0;
        let lost = self.lost.take();
        let mut hurry = None;
        loop {
            match stop.poll(&slots, &mut self.witness, &mut self.hooks, &self.clock) {
                Ok(Progress::Pending) => self.hurry(lost, &stop, &mut hurry),
                Ok(Progress::Stopped | Progress::Incomplete) => break,
                Err(error) => {
                    println!("# {error}");
                    crate::finish(Err("the second channel cannot be used"));
                }
            }
            core::hint::spin_loop();
        }
        let reports = Reports::of(stop.reports());
        Ok(match stop.finish() {
            Ok((image, claim)) => (Outcome::All(image, claim), reports),
            Err(incomplete) => (Outcome::Missing(incomplete), reports),
        })
    }

    /// Ends a rung a moment after nobody is missing but `lost`.
    fn hurry(&self, lost: Option<Lost>, stop: &Stop<'_, MAX_CPUS>, moment: &mut Option<Deadline>) {
        if !lost.is_some_and(|lost| self.hooks.signals <= lost.rungs && lost.is_all(stop)) {
            return;
        }
        if moment.get_or_insert_with(|| self.after(MOMENT)).passed(&self.clock) {
            self.clock.skip(PATIENCE);
            *moment = None;
        }
    }

    /// Interrupts of this core are open again.
    pub(super) fn resume(&self) {
        // SAFETY: `stop` masked them; its caller is in no critical section.
        unsafe {
            cpu::unmask_irq();
            cpu::unmask_fiq();
        }
    }

    /// What a core is passed at its release.
    fn argument(&self, cpu: Cpu) -> usize {
        (self.generation.number() << 8) as usize | cpu.index()
    }

    /// How a core comes back into this image.
    pub(super) fn order(&self, cpu: Cpu) -> Order {
        Order { id: id_of(cpu), entry: code::warm_address() as u64, arg: self.argument(cpu) as u64 }
    }

    /// Lets parked and switched-off cores go, in an order that changes; those that acknowledged.
    pub(super) fn release(&mut self, reports: &Reports) -> CpuSet {
        let (slots, generation) = (self.slots(), self.generation);
        let parked = reports.parked();
        let mut order = [None; MAX_CPUS];
        for (place, report) in order.iter_mut().zip(reports.iter()) {
            *place = Some(report.cpu);
        }
        let count = reports.iter().count();
        let order = &mut order[..count];
        order.rotate_left(self.round as usize % count.max(1));
        if self.round % 2 == 1 {
            order.reverse();
        }
        let mut released = CpuSet::EMPTY;
        for cpu in order.iter().flatten().copied() {
            // It does not come back to the end of what it was doing.
            smp::forget_task(cpu.index());
            let order = self.order(cpu);
            let gone = if parked.contains(cpu) {
                release::release(&slots, &mut self.hooks, &self.clock, cpu, generation, &order, RETURN)
                    == Released::Acknowledged
            } else {
                reports.off().contains(cpu) && B::start_off(cpu, &order)
            };
            if gone {
                released = released.with(cpu);
            }
        }
        released
    }

    /// Waits until these cores have arrived with what they were passed and count on; `argument` is that of a cold start
    /// if it is 0, that of the last release otherwise.
    pub(super) fn all_at_work(&self, cores: CpuSet, argument: usize) -> Result<(), &'static str> {
        for cpu in cores.iter() {
            let expected = if argument == 0 { 0 } else { self.argument(cpu) };
            if !self.wait(RETURN, || victim::argument_of(cpu) == expected) {
                return Err("a core did not arrive with its argument");
            }
            let before = victim::work_of(cpu);
            if !self.wait(RETURN, || victim::work_of(cpu) != before) {
                return Err("a core does not work");
            }
        }
        Ok(())
    }

    /// Prints the records of a round.
    pub(super) fn print(&self, reports: &Reports, released: CpuSet) {
        reports.print(self.round, released, B::frequency(), self.fault);
    }
}
