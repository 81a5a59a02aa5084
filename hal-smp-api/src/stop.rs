// SPDX-License-Identifier: MIT OR Apache-2.0
//! The requester's half as a state machine: every [`poll`](Stop::poll) does a bounded amount of work and never waits.

use core::fmt;

use crate::ack::{AckChannel, ChannelError, Report, SlotChannel};
use crate::clock::{Clock, Deadline, Spacing};
use crate::cpus::{Cpu, CpuSet, MAX_CPUS, Topology};
use crate::election::Claim;
use crate::evidence::{Confirmed, Off, Parked, PenKind, Quiesced};
use crate::hooks::{HookError, RequesterHooks, Stopped};
use crate::image::{ImageExclusive, Region};
use crate::ladder::{Ladder, Signal};
use crate::slots::{SlotWord, Slots};
use crate::word::{Code, Generation, Refusal, Word};

/// What is to be stopped and how.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Plan<'a> {
    /// All possible cores.
    pub topology: Topology<'a>,
    /// What is tried, in order.
    pub ladder: Ladder<'a>,
    /// Number of this stop, the [`next`](Generation::next) of the last one.
    pub generation: Generation,
    /// Pens and slots: what no overwrite may touch.
    pub reserved: Region,
}

/// Why a core is not confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// No sign of it: it may run, be masked for ever, or be dead.
    Unresponsive,
    /// Its handler was entered, its pen never spoke.
    StuckAfterEntered,
    /// An acknowledgement stands in its slot, but nobody answers the challenge: stale, or dead in the pen.
    ChallengeUnanswered,
    /// The slot says parked, the second channel does not.
    WitnessSilent,
    /// It said that it cannot leave.
    Refused(Refusal),
    /// It was reset or its power was cut, and no status shows that it stays so: it may run the image again.
    KillUnconfirmed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresponsive => f.write_str("unresponsive"),
            Self::StuckAfterEntered => f.write_str("stuck after entering the stop handler"),
            Self::ChallengeUnanswered => f.write_str("acknowledged, but does not answer the challenge"),
            Self::WitnessSilent => f.write_str("not confirmed by the second channel"),
            Self::Refused(reason) => write!(f, "refused with reason {}", reason.number()),
            Self::KillUnconfirmed => f.write_str("reset or switched off, but not seen to stay so"),
        }
    }
}

/// What became of a core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CoreReport {
    /// The core.
    pub cpu: Cpu,
    /// Evidence, or why there is none.
    pub outcome: Result<Confirmed, Failure>,
    /// The signal that was out when the evidence came; `None` if none was needed.
    pub signal: Option<Signal>,
    /// Whether the core can be released again.
    pub restartable: bool,
    /// From the first signal to the evidence, in clock ticks.
    pub latency: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    /// Not asked: the requester itself, or no such core.
    Aside,
    Waiting,
    Entered,
    Challenged {
        nonce: u32,
    },
    Answered,
    Refused(Refusal),
    /// Reset or without power. Only the platform can say more: what the core said, and what of it arrives later, is of
    /// its former life.
    Killed,
    Parked(PenKind),
    Off(crate::evidence::OffProof),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Core {
    state: State,
    signal: Option<Signal>,
    restartable: bool,
    latency: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    Probe(usize),
    Arm(usize),
    Raise,
    Wait(Wait),
    Done,
    Failed,
}

/// Rows of looks at the missing cores, until a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Wait {
    /// Core to be looked at next.
    next: usize,
    deadline: Deadline,
    /// Whether the platform is asked in this row too.
    ask: bool,
    spacing: Spacing,
}

/// Where a stop stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Call [`poll`](Stop::poll) again.
    Pending,
    /// Every possible core is confirmed.
    Stopped,
    /// The ladder is exhausted and a core is missing.
    Incomplete,
}

/// A stop under way, for up to `N` possible cores.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Stop<'a, const N: usize> {
    plan: Plan<'a>,
    claim: Claim,
    cores: [Core; N],
    phase: Phase,
    rung: usize,
    /// Set when the first signal goes out.
    started: Option<u64>,
}

/// The topology has more cores than the machine has room for; carries the count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom(pub usize);

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for {} cores", self.0)
    }
}

impl core::error::Error for NoRoom {}

impl<'a, const N: usize> Stop<'a, N> {
    /// Prepares a stop of all possible cores but the claim's.
    ///
    /// ```compile_fail,E0133
    /// use hal_smp_api::{election::Claim, stop::{Plan, Stop}};
    /// fn without_a_promise(claim: Claim, plan: Plan<'_>) { let _ = Stop::<4>::new(claim, plan); }
    /// ```
    ///
    /// # Errors
    /// [`NoRoom`] if the topology has more than `N` cores.
    ///
    /// # Safety
    /// The [`ImageExclusive`] that may come out of it speaks of these cores and that region alone:
    /// * `plan.topology` names every core that can run, or begin to, before the image is replaced;
    /// * `plan.reserved` covers all pens, the slots that the stop is polled with, and whatever else a parked core uses;
    /// * `claim` is of the one election of the machine.
    pub unsafe fn new(claim: Claim, plan: Plan<'a>) -> Result<Self, NoRoom> {
        const { assert!(N <= MAX_CPUS) };
        let count = plan.topology.possible().len();
        if count > N {
            return Err(NoRoom(count));
        }
        let aside = Core { state: State::Aside, signal: None, restartable: true, latency: 0 };
        let mut cores = [aside; N];
        for cpu in plan.topology.possible().without(claim.cpu()).iter() {
            cores[cpu.index()].state = State::Waiting;
        }
        Ok(Self { plan, claim, cores, phase: Phase::Probe(0), rung: 0, started: None })
    }

    /// The stop's number.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.plan.generation
    }

    fn cpus_where(&self, wanted: impl Fn(State) -> bool) -> CpuSet {
        let all = self.cores.iter().enumerate();
        all.filter(|(_, core)| wanted(core.state)).filter_map(|(n, _)| Cpu::new(n)).collect()
    }

    /// Cores without evidence.
    #[must_use]
    pub fn missing(&self) -> CpuSet {
        self.cpus_where(|state| !matches!(state, State::Aside | State::Parked(_) | State::Off(_)))
    }

    /// Takes the next bounded step. Signals go to all missing cores before any is waited for, so that the total is
    /// the slowest core's time and not the sum.
    ///
    /// # Errors
    /// [`ChannelError`] if the second channel cannot be used; nothing was signalled then.
    pub fn poll<S: Slots, W: AckChannel, H: RequesterHooks, C: Clock>(
        &mut self,
        slots: &S,
        witness: &mut W,
        hooks: &mut H,
        clock: &C,
    ) -> Result<Progress, ChannelError> {
        match self.phase {
            Phase::Probe(n) => {
                self.phase = if n < N { Phase::Probe(n + 1) } else { Phase::Arm(0) };
                if let Some(cpu) = Cpu::new(n).filter(|_| n < N && self.cores[n].state == State::Waiting) {
                    self.ask_platform(cpu, hooks, clock);
                }
            }
            Phase::Arm(n) if n < N => {
                self.phase = Phase::Arm(n + 1);
                if let Some(cpu) = Cpu::new(n).filter(|_| self.cores[n].state == State::Waiting) {
                    // The old release goes first: a parked core must never see the new request beside it.
                    slots.write(cpu, SlotWord::Release, Word::IDLE);
                    slots.barrier();
                }
            }
            Phase::Arm(_) => self.phase = Phase::Raise,
            Phase::Raise => self.raise(slots, witness, hooks, clock)?,
            Phase::Wait(wait) => self.visit(wait, slots, witness, hooks, clock),
            Phase::Done => return Ok(Progress::Stopped),
            Phase::Failed => return Ok(Progress::Incomplete),
        }
        Ok(Progress::Pending)
    }

    /// Polls until the stop is decided. Bounded by the ladder's patience, as long as the clock runs.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn run<S: Slots, W: AckChannel, H: RequesterHooks, C: Clock>(
        &mut self,
        slots: &S,
        witness: &mut W,
        hooks: &mut H,
        clock: &C,
    ) -> Result<Progress, ChannelError> {
        loop {
            let progress = self.poll(slots, witness, hooks, clock)?;
            if progress != Progress::Pending {
                return Ok(progress);
            }
            core::hint::spin_loop();
        }
    }

    /// Asks hardware or firmware; whatever it says counts only if it is proof.
    fn ask_platform<H: RequesterHooks, C: Clock>(&mut self, cpu: Cpu, hooks: &mut H, clock: &C) {
        let state = match hooks.is_cpu_stopped(cpu) {
            Stopped::NoProof => return,
            Stopped::BootPen => State::Parked(PenKind::Boot),
            Stopped::Off(proof) => State::Off(proof),
        };
        self.confirm(cpu, state, clock);
    }

    fn confirm<C: Clock>(&mut self, cpu: Cpu, state: State, clock: &C) {
        let rung = self.started.and(self.plan.ladder.rung(self.rung));
        let core = &mut self.cores[cpu.index()];
        core.state = state;
        core.latency = self.started.map_or(0, |started| clock.now().wrapping_sub(started));
        core.signal = rung.map(|rung| rung.signal);
        core.restartable = rung.is_none_or(|rung| rung.restartable);
    }

    /// Signals every missing core by the current rung.
    fn raise<S: Slots, W: AckChannel, H: RequesterHooks, C: Clock>(
        &mut self,
        slots: &S,
        witness: &mut W,
        hooks: &mut H,
        clock: &C,
    ) -> Result<(), ChannelError> {
        let missing = self.missing();
        if missing.is_empty() {
            self.phase = Phase::Done;
            return Ok(());
        }
        let Some(rung) = self.plan.ladder.rung(self.rung) else {
            self.phase = Phase::Failed;
            return Ok(());
        };
        if self.started.is_none() {
            let channel = witness.capabilities();
            channel.check()?;
            if !channel.generation {
                witness.arm(missing).map_err(ChannelError::Leftover)?;
            }
            let stop = Word::new(self.plan.generation, Code::Stop).raw();
            for cpu in missing.iter() {
                slots.write(cpu, SlotWord::Request, stop);
            }
            // The request is in memory before anyone is told to look.
            slots.barrier();
            self.started = Some(clock.now());
        }
        let raised = if rung.signal.is_kill() { self.kill(missing, hooks) } else { hooks.signal(rung.signal, missing) };
        if raised.is_err() {
            // This means is not there: no point in waiting for it.
            self.rung += 1;
            return Ok(());
        }
        let deadline = Deadline::after(clock, rung.patience);
        self.phase = Phase::Wait(Wait { next: 0, deadline, ask: false, spacing: Spacing::new() });
        Ok(())
    }

    /// Ends these cores; an error if none could be ended.
    fn kill<H: RequesterHooks>(&mut self, cpus: CpuSet, hooks: &mut H) -> Result<(), HookError> {
        let mut any = Err(HookError::NotSupported);
        for cpu in cpus.iter() {
            let killed = hooks.cpu_kill(cpu);
            // One that failed may have hit the core all the same.
            if killed != Err(HookError::NotSupported) {
                self.cores[cpu.index()].state = State::Killed;
            }
            any = killed.or(any);
        }
        any
    }

    /// Looks at one core, or, at the end of the row, at the clock.
    fn visit<S: Slots, W: AckChannel, H: RequesterHooks, C: Clock>(
        &mut self,
        mut wait: Wait,
        slots: &S,
        witness: &mut W,
        hooks: &mut H,
        clock: &C,
    ) {
        let missing = self.missing();
        if let Some(cpu) = missing.iter().find(|cpu| cpu.index() >= wait.next) {
            self.phase = Phase::Wait(Wait { next: cpu.index() + 1, ..wait });
            self.look(cpu, slots, witness, hooks, clock);
            if wait.ask && self.missing().contains(cpu) {
                self.ask_platform(cpu, hooks, clock);
            }
            return;
        }
        if missing.is_empty() {
            self.phase = Phase::Done;
            return;
        }
        let elapsed = wait.deadline.elapsed(clock);
        let late = wait.deadline.is_past(elapsed);
        if late && wait.ask {
            self.rung += 1;
            self.phase = Phase::Raise;
            return;
        }
        // No rung ends without a last question.
        wait.ask = wait.spacing.is_due(elapsed) || late;
        self.phase = Phase::Wait(Wait { next: 0, ..wait });
    }

    /// Takes in what a core says.
    fn look<S: Slots, W: AckChannel, H: RequesterHooks, C: Clock>(
        &mut self,
        cpu: Cpu,
        slots: &S,
        witness: &mut W,
        hooks: &mut H,
        clock: &C,
    ) {
        let generation = self.plan.generation;
        match self.cores[cpu.index()].state {
            State::Killed => {}
            State::Challenged { nonce } => {
                if slots.read(cpu, SlotWord::Echo) == nonce {
                    self.cores[cpu.index()].state = State::Answered;
                }
            }
            State::Answered => {
                // A channel without generation counts only beside the answered challenge.
                if witness.report(cpu, generation) == Report::Parked {
                    self.confirm(cpu, State::Parked(PenKind::Ours), clock);
                }
            }
            _ => match SlotChannel(slots).report(cpu, generation) {
                Report::Parked => {
                    // Never a number that the echo holds already: an old answer must not count.
                    let old = slots.read(cpu, SlotWord::Echo);
                    let nonce = hooks.nonce();
                    let nonce = if nonce == old { !nonce } else { nonce };
                    slots.write(cpu, SlotWord::Nonce, nonce);
                    slots.barrier();
                    self.cores[cpu.index()].state = State::Challenged { nonce };
                    hooks.wake(CpuSet::EMPTY.with(cpu));
                }
                Report::Entered => self.cores[cpu.index()].state = State::Entered,
                Report::Refused(reason) => self.cores[cpu.index()].state = State::Refused(reason),
                Report::Silent | Report::Released => {}
            },
        }
    }

    /// What became of every core that was asked.
    pub fn reports(&self) -> impl Iterator<Item = CoreReport> + '_ {
        let generation = self.plan.generation;
        self.cores.iter().enumerate().filter_map(move |(n, core)| {
            let cpu = Cpu::new(n)?;
            let outcome = match core.state {
                State::Aside => return None,
                State::Parked(pen) => Ok(Parked { cpu, generation, pen }.into()),
                State::Off(proof) => Ok(Off { cpu, generation, proof }.into()),
                State::Waiting => Err(Failure::Unresponsive),
                State::Entered => Err(Failure::StuckAfterEntered),
                State::Challenged { .. } => Err(Failure::ChallengeUnanswered),
                State::Answered => Err(Failure::WitnessSilent),
                State::Refused(reason) => Err(Failure::Refused(reason)),
                State::Killed => Err(Failure::KillUnconfirmed),
            };
            Some(CoreReport { cpu, outcome, signal: core.signal, restartable: core.restartable, latency: core.latency })
        })
    }

    /// Cores whose stop handler runs or ran: all that a reset of the whole machine needs to know.
    pub fn quiesced(&self) -> impl Iterator<Item = Quiesced> + '_ {
        let generation = self.plan.generation;
        let left_work =
            |state: State| !matches!(state, State::Aside | State::Waiting | State::Refused(_) | State::Killed);
        self.cpus_where(left_work).iter().map(move |cpu| Quiesced { cpu, generation })
    }

    /// Ends the stop: the image is the requester's alone, or somebody is missing.
    ///
    /// # Errors
    /// [`Incomplete`] holds the means to undo, or to go on regardless after a crash.
    pub fn finish(self) -> Result<(ImageExclusive, Claim), Incomplete<'a, N>> {
        let evidence = self.reports().filter_map(|report| report.outcome.ok());
        let Plan { topology, generation, reserved, .. } = self.plan;
        match ImageExclusive::conclude(&topology, self.claim.cpu(), generation, reserved, evidence) {
            Ok(image) => Ok((image, self.claim)),
            Err(_) => Err(Incomplete { stop: self }),
        }
    }
}

/// A stop that did not reach everybody.
#[derive(Debug)]
pub struct Incomplete<'a, const N: usize> {
    stop: Stop<'a, N>,
}

/// Permission to start a kernel in memory that no image of before occupies, although some cores may still run.
/// It does not allow any overwrite.
#[derive(PartialEq, Eq, Debug)]
pub struct CrashTakeover {
    casualties: CpuSet,
}

impl CrashTakeover {
    /// Cores without evidence. The next kernel must treat them as running.
    #[must_use]
    pub const fn casualties(&self) -> CpuSet {
        self.casualties
    }
}

impl<'a, const N: usize> Incomplete<'a, N> {
    /// What became of every core.
    pub fn reports(&self) -> impl Iterator<Item = CoreReport> + '_ {
        self.stop.reports()
    }

    /// Cores without evidence.
    #[must_use]
    pub fn casualties(&self) -> CpuSet {
        self.stop.missing()
    }

    /// Fails open: for a crash kernel that lives in memory of its own.
    #[must_use]
    pub fn accept_casualties(self) -> CrashTakeover {
        CrashTakeover { casualties: self.casualties() }
    }

    /// Fails closed: calls every core that was asked back to `entry`. A core that reaches its pen only later finds
    /// the release waiting; one that never saw the request finds it cancelled and returns from its interrupt.
    ///
    /// Cores that are off, or in the boot's pen, stay there. Returns the releases to await and the claim.
    pub fn roll_back<S: Slots, H: RequesterHooks>(
        self,
        slots: &S,
        hooks: &mut H,
        entry: impl Fn(Cpu) -> (u64, u64),
    ) -> (CpuSet, Claim) {
        let stop = self.stop;
        let asked =
            stop.cpus_where(|state| !matches!(state, State::Aside | State::Parked(PenKind::Boot) | State::Off(_)));
        let parked = stop.cpus_where(|state| matches!(state, State::Parked(PenKind::Ours) | State::Answered));
        for cpu in asked.iter() {
            let Some(id) = stop.plan.topology.id(cpu) else {
                continue;
            };
            let (entry, arg) = entry(cpu);
            crate::release::post(slots, cpu, stop.plan.generation, &crate::slots::Order { id, entry, arg });
            slots.write(cpu, SlotWord::Request, Word::new(stop.plan.generation, Code::Cancel).raw());
        }
        slots.barrier();
        hooks.wake(asked);
        (parked, stop.claim)
    }
}
