// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requester and pens against each other on a fake memory and a fake clock: every outcome of a stop.

use std::cell::{Cell, RefCell};

use hal_smp_api::ack::{AckChannel, FlagChannel, Leftover, Report, SetClear, SlotsOnly};
use hal_smp_api::clock::{Clock, Micros};
use hal_smp_api::cpus::{Cpu, CpuSet, HwId, Topology, TopologyError};
use hal_smp_api::election::{Election, Lost};
use hal_smp_api::evidence::{Confirmed, OffProof, PenKind};
use hal_smp_api::handover::{HandOver, HandOverError, Held, HeldCore, Record};
use hal_smp_api::hooks::{HookError, RequesterHooks, Stopped};
use hal_smp_api::image::Region;
use hal_smp_api::ladder::{Ladder, LadderError, Rung, Signal};
use hal_smp_api::pen::Pen;
use hal_smp_api::release::{Released, post, wait_released};
use hal_smp_api::slots::{Order, SlotLayout, SlotWord, Slots, clear};
use hal_smp_api::stop::{Failure, Plan, Progress, Stop};
use hal_smp_api::victim::{self, ORDER, Step, StopSignal};
use hal_smp_api::word::{Code, Generation, Word};
use proptest::prelude::*;

const IDS: [HwId; 4] = [HwId(0), HwId(0x100), HwId(2), HwId(0x8000_0003)];
const RESERVED: Region = Region { base: 0x1000, len: 0x1000 };
const RUNGS: [Rung; 2] = [
    Rung { signal: Signal::Irq, patience: Micros(100), restartable: true },
    Rung { signal: Signal::Fiq, patience: Micros(100), restartable: true },
];

fn cpu(n: usize) -> Cpu {
    Cpu::new(n).unwrap()
}

struct Memory(RefCell<[[u32; 11]; 4]>);

// SAFETY: a cell: every access is complete at once.
unsafe impl Slots for Memory {
    fn read(&self, cpu: Cpu, word: SlotWord) -> u32 {
        self.0.borrow()[cpu.index()][word as usize]
    }
    fn write(&self, cpu: Cpu, word: SlotWord, value: u32) {
        self.0.borrow_mut()[cpu.index()][word as usize] = value;
    }
    fn barrier(&self) {}
}

/// Advances with every reading.
struct Ticks(Cell<u64>);

impl Clock for Ticks {
    fn now(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }
    fn frequency(&self) -> u64 {
        1_000_000
    }
}

/// How a core behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Behaviour {
    Good,
    /// Only the fast signal reaches it.
    NeedsFiq,
    Deaf,
    DiesAfterEntered,
    DiesAfterParked,
    AlreadyInPen,
    FirmwareOff,
    BootPen,
}

struct Core {
    behaviour: Behaviour,
    pen: Option<Pen>,
    left_at: Option<Order>,
}

/// The other cores; they run whenever the requester calls a hook or its clock.
struct World<'a> {
    memory: &'a Memory,
    cores: RefCell<Vec<Core>>,
    nonce: u32,
    signals: Vec<(Signal, CpuSet)>,
    /// How often the platform was asked about each core.
    asked: [usize; 4],
}

impl World<'_> {
    fn new<'a>(memory: &'a Memory, behaviours: &[Behaviour]) -> World<'a> {
        let core = |(n, behaviour): (usize, &Behaviour)| Core {
            behaviour: *behaviour,
            pen: (*behaviour == Behaviour::AlreadyInPen).then(|| Pen::new(cpu(n), IDS[n])),
            left_at: None,
        };
        let cores = behaviours.iter().enumerate().map(core).collect();
        World { memory, cores: RefCell::new(cores), nonce: 0x1234_5678, signals: Vec::new(), asked: [0; 4] }
    }

    fn turn(&self) {
        for core in self.cores.borrow_mut().iter_mut() {
            if let Some(order) = core.pen.as_mut().and_then(|pen| pen.turn(self.memory)) {
                core.pen = None;
                core.left_at = Some(order);
            }
        }
    }

    /// The stop handler of a core.
    fn interrupt(&self, n: usize) {
        let StopSignal::Stop(generation) = victim::on_stop_signal(self.memory, cpu(n)) else {
            return;
        };
        let core = &mut self.cores.borrow_mut()[n];
        victim::report_entered(self.memory, cpu(n), generation);
        match core.behaviour {
            Behaviour::DiesAfterEntered => {}
            Behaviour::DiesAfterParked => {
                // One acknowledgement, then silence: no pen is left to answer.
                self.memory.write(cpu(n), SlotWord::Stage, Word::new(generation, Code::Parked).raw());
                self.memory.write(cpu(n), SlotWord::StageInverse, !Word::new(generation, Code::Parked).raw());
            }
            _ => core.pen = Some(Pen::new(cpu(n), IDS[n])),
        }
    }
}

// SAFETY: a simulation; `Off` is answered for cores that never run.
unsafe impl RequesterHooks for World<'_> {
    fn signal(&mut self, signal: Signal, targets: CpuSet) -> Result<(), HookError> {
        self.signals.push((signal, targets));
        for target in targets.iter() {
            let behaviour = self.cores.borrow()[target.index()].behaviour;
            let reaches = match behaviour {
                Behaviour::NeedsFiq => signal == Signal::Fiq,
                Behaviour::Deaf | Behaviour::AlreadyInPen => false,
                Behaviour::FirmwareOff | Behaviour::BootPen => {
                    panic!("a core that is away was signalled")
                }
                _ => signal == Signal::Irq,
            };
            if reaches {
                self.interrupt(target.index());
            }
        }
        Ok(())
    }
    fn is_cpu_stopped(&mut self, cpu: Cpu) -> Stopped {
        self.turn();
        self.asked[cpu.index()] += 1;
        match self.cores.borrow()[cpu.index()].behaviour {
            Behaviour::FirmwareOff => Stopped::Off(OffProof::Firmware),
            Behaviour::BootPen => Stopped::BootPen,
            _ => Stopped::NoProof,
        }
    }
    fn wake(&mut self, _: CpuSet) {
        self.turn();
    }
    fn nonce(&mut self) -> u32 {
        self.nonce = self.nonce.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.nonce
    }
}

fn memory(fill: u32) -> Memory {
    Memory(RefCell::new([[fill; 11]; 4]))
}

fn plan<'a>(topology: Topology<'a>, generation: Generation) -> Plan<'a> {
    Plan { topology, ladder: Ladder::new(&RUNGS).unwrap(), generation, reserved: RESERVED }
}

fn stop<'a>(
    topology: Topology<'a>,
    world: &mut World<'_>,
    memory: &Memory,
    generation: Generation,
) -> (Stop<'a, 4>, Progress) {
    let election = Election::new();
    // SAFETY: a simulation of exactly these cores.
    let mut stop = unsafe { Stop::new(election.claim(cpu(0)).unwrap(), plan(topology, generation)) }.unwrap();
    let progress = stop.run(memory, &mut SlotsOnly, world, &Ticks(Cell::new(u64::MAX - 20))).unwrap();
    (stop, progress)
}

fn outcome(behaviour: Behaviour, fill: u32) -> Result<Confirmed, Failure> {
    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(fill);
    let mut world = World::new(&memory, &[Behaviour::Deaf, behaviour, Behaviour::Good, Behaviour::Good]);
    let (stop, progress) = stop(topology, &mut world, &memory, Generation::LAST);
    let report = stop.reports().find(|report| report.cpu == cpu(1)).unwrap();
    assert_eq!(report.outcome.is_ok(), progress == Progress::Stopped);
    // The other cores must have been confirmed in any case.
    assert!(stop.reports().filter(|r| r.cpu != cpu(1)).all(|r| r.outcome.is_ok()));
    assert_eq!(stop.finish().is_ok(), progress == Progress::Stopped);
    report.outcome
}

#[test]
fn every_behaviour_ends_as_it_should() {
    for fill in [0, u32::MAX, 0xDEAD_BEEF, Word::new(Generation::FIRST, Code::Parked).raw()] {
        for good in [Behaviour::Good, Behaviour::NeedsFiq, Behaviour::AlreadyInPen] {
            assert!(matches!(outcome(good, fill), Ok(Confirmed::Parked(p)) if p.pen() == PenKind::Ours), "{good:?}");
        }
        assert!(matches!(outcome(Behaviour::BootPen, fill), Ok(Confirmed::Parked(p)) if p.pen() == PenKind::Boot));
        assert!(matches!(outcome(Behaviour::FirmwareOff, fill), Ok(Confirmed::Off(_))));
        assert_eq!(outcome(Behaviour::Deaf, fill), Err(Failure::Unresponsive));
        assert_eq!(outcome(Behaviour::DiesAfterEntered, fill), Err(Failure::StuckAfterEntered));
        assert_eq!(outcome(Behaviour::DiesAfterParked, fill), Err(Failure::ChallengeUnanswered));
    }
}

#[test]
fn stale_acknowledgement_of_the_same_generation_is_not_believed() {
    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(0);
    let parked = Word::new(Generation::FIRST, Code::Parked).raw();
    for n in 1..4 {
        memory.write(cpu(n), SlotWord::Stage, parked);
        memory.write(cpu(n), SlotWord::StageInverse, !parked);
        // The nonce that the requester will choose first stands in the echo already.
        memory.write(cpu(n), SlotWord::Echo, 0x1234_5678_u32.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    }
    let mut world = World::new(&memory, &[Behaviour::Deaf; 4]);
    let (stop, progress) = stop(topology, &mut world, &memory, Generation::FIRST);
    assert_eq!(progress, Progress::Incomplete);
    assert!(stop.reports().all(|r| r.outcome == Err(Failure::ChallengeUnanswered)));
}

#[test]
fn all_are_signalled_at_once_and_only_the_missing_again() {
    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(0);
    let mut world = World::new(&memory, &[Behaviour::Deaf, Behaviour::Good, Behaviour::NeedsFiq, Behaviour::Good]);
    let (stop, _) = stop(topology, &mut world, &memory, Generation::FIRST);
    assert_eq!(
        world.signals,
        [(Signal::Irq, CpuSet::first(4).without(cpu(0))), (Signal::Fiq, CpuSet::EMPTY.with(cpu(2))),]
    );
    let late = stop.reports().find(|r| r.cpu == cpu(2)).unwrap();
    assert_eq!(late.signal, Some(Signal::Fiq));
    assert!(late.latency >= 100);
}

/// A core that no rung reaches, and a clock that ticks once for each row of looks.
#[test]
fn the_platform_is_asked_seldom_and_before_a_rung_is_given_up() {
    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(0);
    let mut world = World::new(&memory, &[Behaviour::Deaf, Behaviour::Good, Behaviour::Good, Behaviour::Deaf]);
    let patience = Micros(1_000_000);
    let rungs = [Rung { signal: Signal::Irq, patience, restartable: true }];
    let plan = Plan { ladder: Ladder::new(&rungs).unwrap(), ..plan(topology, Generation::FIRST) };
    // SAFETY: a simulation of exactly these cores.
    let mut stop: Stop<'_, 4> = unsafe { Stop::new(Election::new().claim(cpu(0)).unwrap(), plan) }.unwrap();
    let clock = Ticks(Cell::new(0));
    let mut before_last = 0;
    loop {
        let asked = world.asked[3];
        match stop.poll(&memory, &mut SlotsOnly, &mut world, &clock).unwrap() {
            Progress::Pending if world.asked[3] > asked => before_last = clock.0.get(),
            Progress::Pending => {}
            progress => break assert_eq!(progress, Progress::Incomplete),
        }
    }
    // A million rows: 8 ticks one by one, and then 8 ln(1000000 / 8) questions.
    assert!((60..130).contains(&world.asked[3]), "{:?}", world.asked);
    assert!(before_last >= 1_000_000, "the last question came at {before_last}");
    // Who answers at once is hardly ever asked about.
    assert!(world.asked[1] < 12, "{:?}", world.asked);
}

#[test]
fn refused_restart_calls_everybody_back_even_the_late() {
    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(0);
    let mut world = World::new(&memory, &[Behaviour::Deaf, Behaviour::Good, Behaviour::Deaf, Behaviour::Deaf]);
    let (stop, _) = stop(topology, &mut world, &memory, Generation::FIRST);
    // This one read the request before the stop was given up, and reaches its pen afterwards.
    let StopSignal::Stop(_) = victim::on_stop_signal(&memory, cpu(3)) else { panic!() };
    let incomplete = stop.finish().unwrap_err();
    assert_eq!(incomplete.casualties(), CpuSet::EMPTY.with(cpu(2)).with(cpu(3)));
    let (parked, claim) = incomplete.roll_back(&memory, &mut world, |cpu| (0x8000 + cpu.index() as u64, 7));
    assert_eq!((parked, claim.cpu()), (CpuSet::EMPTY.with(cpu(1)), cpu(0)));
    assert_eq!(victim::on_stop_signal(&memory, cpu(2)), StopSignal::Stale);
    world.cores.borrow_mut()[3].pen = Some(Pen::new(cpu(3), IDS[3]));
    world.turn();
    for n in [1, 3] {
        let order = world.cores.borrow()[n].left_at;
        assert_eq!(order, Some(Order { id: IDS[n], entry: 0x8000 + n as u64, arg: 7 }));
    }
}

#[test]
fn release_needs_the_id_the_generation_and_is_idempotent() {
    let memory = memory(0);
    let generation = Generation::new(5).unwrap();
    let mut pen = Pen::new(cpu(1), IDS[1]);
    let order = Order { id: IDS[1], entry: 0x1_0000_0004, arg: u64::MAX };
    memory.write(cpu(1), SlotWord::Request, Word::new(generation, Code::Stop).raw());
    assert_eq!(pen.turn(&memory), None);
    post(&memory, cpu(1), Generation::new(4).unwrap(), &order);
    assert_eq!(pen.turn(&memory), None, "an old release opens nothing");
    post(&memory, cpu(1), generation, &Order { id: IDS[2], ..order });
    assert_eq!(pen.turn(&memory), None, "another core's release opens nothing");
    let clock = Ticks(Cell::new(0));
    assert_eq!(wait_released(&memory, &clock, cpu(1), generation, Micros(10)), Released::Silent);
    post(&memory, cpu(1), generation, &order);
    post(&memory, cpu(1), generation, &order);
    assert_eq!(pen.turn(&memory), Some(order));
    assert_eq!(wait_released(&memory, &clock, cpu(1), generation, Micros(10)), Released::Acknowledged);
}

struct Flags {
    bits: u32,
    stuck: u32,
}

// SAFETY: one thread.
unsafe impl SetClear for Flags {
    fn read(&self) -> u32 {
        self.bits
    }
    fn clear(&mut self, bits: u32) {
        self.bits &= !bits | self.stuck;
    }
}

#[test]
fn a_flag_register_is_cleared_first_and_must_agree() {
    let mut good = FlagChannel(Flags { bits: 0b1110, stuck: 0 });
    assert_eq!(good.arm(CpuSet::first(4)), Ok(()));
    assert_eq!(good.report(cpu(1), Generation::FIRST), Report::Silent);
    let mut stuck = FlagChannel(Flags { bits: 0b1110, stuck: 0b100 });
    assert_eq!(stuck.arm(CpuSet::first(4)), Err(Leftover { cpus: CpuSet::EMPTY.with(cpu(2)) }));

    let topology = Topology::new(&IDS).unwrap();
    let memory = memory(0);
    let mut world = World::new(&memory, &[Behaviour::Good; 4]);
    let election = Election::new();
    let claim = election.claim(cpu(0)).unwrap();
    // SAFETY: a simulation of exactly these cores.
    let mut stop: Stop<4> = unsafe { Stop::new(claim, plan(topology, Generation::FIRST)) }.unwrap();
    assert_eq!(stop.run(&memory, &mut good, &mut world, &Ticks(Cell::new(0))), Ok(Progress::Incomplete));
    assert!(stop.reports().all(|r| r.outcome == Err(Failure::WitnessSilent)));
}

#[test]
fn an_order_out_of_reach_does_not_open_the_pen() {
    let memory = memory(0);
    let generation = Generation::FIRST;
    let mut pen = Pen::new(cpu(1), IDS[1]).reaching(u32::MAX.into());
    memory.write(cpu(1), SlotWord::Request, Word::new(generation, Code::Stop).raw());
    post(&memory, cpu(1), generation, &Order { id: IDS[1], entry: 1 << 32, arg: 1 << 32 });
    assert_eq!(pen.turn(&memory), None);
    assert_eq!(Word::decode(memory.read(cpu(1), SlotWord::Stage)).map(|word| word.code), Some(Code::Parked));
    let order = Order { id: IDS[1], entry: u32::MAX.into(), arg: 1 << 32 };
    post(&memory, cpu(1), generation, &order);
    assert_eq!(pen.turn(&memory), Some(order));
}

#[test]
fn a_request_that_survived_a_reset_is_cleared() {
    let memory = memory(0);
    for n in 0..4 {
        memory.write(cpu(n), SlotWord::Request, Word::new(Generation::LAST, Code::Stop).raw());
        memory.write(cpu(n), SlotWord::Release, Word::new(Generation::LAST, Code::Release).raw());
        assert_eq!(victim::on_stop_signal(&memory, cpu(n)), StopSignal::Stop(Generation::LAST));
        clear(&memory, cpu(n));
        assert_eq!(victim::on_stop_signal(&memory, cpu(n)), StopSignal::Stale);
        assert_eq!(memory.read(cpu(n), SlotWord::Release), Word::IDLE);
    }
}

#[test]
fn the_loser_of_an_election_finds_the_request_by_itself() {
    let memory = memory(0);
    let now = Generation::FIRST.next();
    let look = |served| victim::await_stop(&memory, &Ticks(Cell::new(0)), cpu(1), served, Micros(50));
    assert_eq!(look(None), StopSignal::Stale, "nobody asks: the wait ends");
    memory.write(cpu(1), SlotWord::Request, Word::new(now, Code::Stop).raw());
    assert_eq!(look(Some(now)), StopSignal::Stale, "the stop from which it has come back");
    assert_eq!(look(Some(Generation::FIRST)), StopSignal::Stop(now));
    memory.write(cpu(1), SlotWord::Request, Word::new(now, Code::Cancel).raw());
    assert_eq!(look(None), StopSignal::Stale);
}

#[test]
fn one_requester_wins_and_can_withdraw() {
    let election = Election::new();
    let claim = election.claim(cpu(2)).unwrap();
    assert_eq!(election.claim(cpu(1)), Err(Lost { winner: cpu(2) }));
    election.withdraw(claim);
    assert_eq!(election.claim(cpu(1)).unwrap().cpu(), cpu(1));
}

#[test]
fn ladders_topologies_and_orders_are_checked() {
    assert_eq!(Ladder::new(&[]), Err(LadderError::Empty));
    let kill = Rung { signal: Signal::CoreReset, ..RUNGS[0] };
    assert_eq!(Ladder::new(&[kill, RUNGS[0]]), Err(LadderError::GentleAfterKill(1)));
    assert_eq!(Topology::new(&[HwId(1), HwId(1)]), Err(TopologyError::Duplicate(HwId(1))));
    assert!(victim::follows(&ORDER));
    for n in 0..ORDER.len() {
        let mut steps = ORDER.to_vec();
        let removed = steps.remove(n);
        assert_eq!(victim::follows(&steps), removed == Step::LeaveCoherency);
        if n > 0 {
            let mut swapped = ORDER;
            swapped.swap(n - 1, n);
            assert!(!victim::follows(&swapped));
        }
    }
    assert_eq!(SlotLayout::UNCACHED.offset(cpu(2), SlotWord::Stage), 2 * 128 + 64);
}

proptest! {
    #[test]
    fn words_round_trip_and_generations_never_vanish(raw: u32, number in 1u32..=0xFF_FFFF) {
        if let Some(word) = Word::decode(raw) {
            prop_assert_eq!(word.raw(), raw);
        }
        let next = Generation::new(number).unwrap().next();
        prop_assert!(next.number() != 0 && next.number() != number);
    }

    #[test]
    fn a_damaged_record_is_refused(note: u32, word in 0usize..30, bit in 0u32..32) {
        let cores = [
            HeldCore { id: IDS[0], held: Held::Requester, restartable: true },
            HeldCore { id: IDS[1], held: Held::Parked, restartable: true },
            HeldCore { id: IDS[2], held: Held::Off, restartable: false },
            HeldCore { id: IDS[3], held: Held::BootPen, restartable: true },
        ];
        let kept = [Region { base: 0x8_0000_0000, len: 0xE000 }, Region { base: 0x9000_0000, len: 0x1_0000_0000 }];
        let record = HandOver {
            generation: Generation::LAST, reserved: RESERVED, slots: 0x1_0000_1000, granule: 64, note, cores: &cores, kept: &kept,
        };
        let mut words = [0; 30];
        prop_assert_eq!(record.encode(&mut words), Ok(30));
        let read = Record::decode(&words).unwrap();
        prop_assert_eq!((read.note(), read.slots(), read.reserved()), (note, record.slots, RESERVED));
        prop_assert!(read.cores().eq(cores) && read.kept().eq(kept));
        words[word] ^= 1 << bit;
        prop_assert!(Record::decode(&words).is_err());
        prop_assert_eq!(record.encode(&mut words[..29]), Err(HandOverError::TooSmall(30)));
    }
}
