// SPDX-License-Identifier: MIT OR Apache-2.0
//! What lies beside the protocol: slots in real memory, rungs that end a core, refusals, the crash takeover, the
//! overwrite itself and the power line.

use std::cell::{Cell, RefCell};

use hal_smp_api::ack::{AckChannel, Capabilities, ChannelError, Leftover, Report, SlotsOnly};
use hal_smp_api::clock::{Clock, Micros};
use hal_smp_api::cpus::{Cpu, CpuSet, HwId, Topology};
use hal_smp_api::election::Election;
use hal_smp_api::evidence::{Confirmed, OffProof};
use hal_smp_api::hooks::{HookError, RequesterHooks, Stopped};
use hal_smp_api::image::{ImageError, ImageExclusive, Region};
use hal_smp_api::ladder::{Ladder, Rung, Signal};
use hal_smp_api::slots::{Maintain, SlotLayout, SlotWord, Slots, VolatileSlots};
use hal_smp_api::stop::{Failure, Plan, Progress, Stop};
use hal_smp_api::victim;
use hal_smp_api::word::{Generation, Refusal};

fn cpu(n: usize) -> Cpu {
    Cpu::new(n).unwrap()
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Maintained {
    BeforeRead(usize),
    AfterWrite(usize),
    Barrier,
}

struct Log(RefCell<Vec<Maintained>>);

impl Maintain for &Log {
    fn before_read(&self, address: usize) {
        self.0.borrow_mut().push(Maintained::BeforeRead(address));
    }
    fn after_write(&self, address: usize) {
        self.0.borrow_mut().push(Maintained::AfterWrite(address));
    }
    fn barrier(&self) {
        self.0.borrow_mut().push(Maintained::Barrier);
    }
}

#[repr(align(64))]
struct Area([u8; 512]);

#[test]
fn volatile_slots_keep_to_their_layout_and_maintain_every_access() {
    let mut area = Area([0xEE; 512]);
    let log = Log(RefCell::new(Vec::new()));
    let base = area.0.as_mut_ptr();
    // SAFETY: 512 bytes hold four slots of 128, aligned to 64; nothing else uses them while the slots live.
    let slots = unsafe { VolatileSlots::new(base, SlotLayout::UNCACHED, &log) };
    let mut expected = Vec::new();
    for n in 0..4 {
        assert_eq!(slots.slot(cpu(n)) as usize, base as usize + n * 128);
        for (w, word) in SlotWord::ALL.into_iter().enumerate() {
            let value = (n * 0x100 + w) as u32;
            slots.write(cpu(n), word, value);
            slots.barrier();
            assert_eq!(slots.read(cpu(n), word), value);
            let address = base as usize + SlotLayout::UNCACHED.offset(cpu(n), word);
            expected.extend([Maintained::AfterWrite(address), Maintained::Barrier, Maintained::BeforeRead(address)]);
        }
    }
    assert_eq!(*log.0.borrow(), expected);
    // No word shares its place with another, and what is no word stays as it was.
    for n in 0..4 {
        for (w, word) in SlotWord::ALL.into_iter().enumerate() {
            assert_eq!(slots.read(cpu(n), word), (n * 0x100 + w) as u32);
        }
    }
    let untouched = area.0.iter().filter(|byte| **byte == 0xEE).count();
    assert_eq!(untouched, 512 - 4 * SlotWord::ALL.len() * 4);
}

struct Ticks(Cell<u64>);

impl Clock for Ticks {
    fn now(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
    fn frequency(&self) -> u64 {
        1_000_000
    }
}

struct Memory(RefCell<[[u32; 11]; 3]>);

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

/// Two cores that never answer a signal; a kill does what the test says.
struct Soc {
    kill: Result<(), HookError>,
    /// Whether a killed core is seen in reset.
    shows: bool,
    killed: CpuSet,
    kills: usize,
}

// SAFETY: a simulation; `Off` only after the kill.
unsafe impl RequesterHooks for Soc {
    fn signal(&mut self, _: Signal, _: CpuSet) -> Result<(), HookError> {
        Ok(())
    }
    fn cpu_kill(&mut self, cpu: Cpu) -> Result<(), HookError> {
        self.kills += 1;
        if self.kill.is_ok() {
            self.killed = self.killed.with(cpu);
        }
        self.kill
    }
    fn is_cpu_stopped(&mut self, cpu: Cpu) -> Stopped {
        if self.shows && self.killed.contains(cpu) { Stopped::Off(OffProof::InReset) } else { Stopped::NoProof }
    }
    fn wake(&mut self, _: CpuSet) {}
    fn nonce(&mut self) -> u32 {
        1
    }
}

const IDS: [HwId; 3] = [HwId(0), HwId(1), HwId(2)];
const RUNGS: [Rung; 2] = [
    Rung { signal: Signal::Irq, patience: Micros(50), restartable: true },
    Rung { signal: Signal::CoreReset, patience: Micros(50), restartable: false },
];

fn prepare() -> Stop<'static, 3> {
    let plan = Plan {
        topology: Topology::new(&IDS).unwrap(),
        ladder: Ladder::new(&RUNGS).unwrap(),
        generation: Generation::FIRST,
        reserved: Region { base: 0x1000, len: 0x1000 },
    };
    let claim = Election::new().claim(cpu(0)).unwrap();
    // SAFETY: a simulation of exactly these cores.
    unsafe { Stop::new(claim, plan) }.unwrap()
}

fn run(soc: &mut Soc, memory: &Memory) -> (Stop<'static, 3>, Progress) {
    let mut stop = prepare();
    let clock = Ticks(Cell::new(0));
    let progress = stop.run(memory, &mut SlotsOnly, soc, &clock).unwrap();
    (stop, progress)
}

fn soc(kill: Result<(), HookError>, shows: bool) -> Soc {
    Soc { kill, shows, killed: CpuSet::EMPTY, kills: 0 }
}

const fn memory() -> Memory {
    Memory(RefCell::new([[0; 11]; 3]))
}

#[test]
fn a_kill_counts_only_once_the_hardware_shows_it() {
    let mut good = soc(Ok(()), true);
    let (stop, progress) = run(&mut good, &memory());
    assert_eq!((progress, good.kills), (Progress::Stopped, 2));
    for report in stop.reports() {
        assert!(matches!(report.outcome, Ok(Confirmed::Off(off)) if off.proof() == OffProof::InReset));
        assert_eq!(report.signal, Some(Signal::CoreReset));
        assert!(!report.restartable && report.latency >= 50);
    }
    assert!(stop.finish().is_ok());
    for (kill, shows, failure) in [
        (Ok(()), false, Failure::KillUnconfirmed),
        (Err(HookError::NotSupported), true, Failure::Unresponsive),
        (Err(HookError::Failed(-3)), true, Failure::KillUnconfirmed),
    ] {
        let mut bad = soc(kill, shows);
        let (stop, progress) = run(&mut bad, &memory());
        assert_eq!((progress, bad.kills), (Progress::Incomplete, 2));
        assert!(stop.reports().all(|report| report.outcome == Err(failure)));
        assert_eq!(stop.quiesced().count(), 0);
    }
}

#[test]
fn a_core_that_refused_can_still_be_killed() {
    let memory = memory();
    victim::report_refused(&memory, cpu(1), Generation::FIRST, Refusal::new(9).unwrap());
    let (stop, progress) = run(&mut soc(Ok(()), true), &memory);
    assert_eq!(progress, Progress::Stopped);
    assert!(stop.reports().all(|report| matches!(report.outcome, Ok(Confirmed::Off(_)))));
}

/// A channel that never has anything to say.
struct Channel(Capabilities);

// SAFETY: never reports `Parked`.
unsafe impl AckChannel for Channel {
    fn capabilities(&self) -> Capabilities {
        self.0
    }
    fn arm(&mut self, cpus: CpuSet) -> Result<(), Leftover> {
        Err(Leftover { cpus })
    }
    fn report(&mut self, _: Cpu, _: Generation) -> Report {
        Report::Silent
    }
}

#[test]
fn a_channel_is_asked_what_it_can_do() {
    let good = SlotsOnly.capabilities();
    let others = CpuSet::first(3).without(cpu(0));
    for (capabilities, expected) in [
        (Capabilities { uncached: false, ..good }, Err(ChannelError::Cached)),
        (Capabilities { per_core_word: false, ..good }, Err(ChannelError::Overwrites)),
        (
            Capabilities { per_core_word: false, atomic_or: true, ..good },
            Err(ChannelError::Leftover(Leftover { cpus: others })),
        ),
        // Not armed: its reports carry the generation.
        (Capabilities { generation: true, ..good }, Ok(Progress::Incomplete)),
    ] {
        let memory = memory();
        let mut soc = soc(Err(HookError::NotSupported), false);
        let progress = prepare().run(&memory, &mut Channel(capabilities), &mut soc, &Ticks(Cell::new(0)));
        assert_eq!(progress, expected);
        let asked = memory.read(cpu(1), SlotWord::Request) != 0;
        assert_eq!(asked, expected.is_ok(), "{capabilities:?}");
    }
}

#[test]
fn a_refusal_is_no_evidence_and_a_crash_lists_its_casualties() {
    let memory = memory();
    let reason = Refusal::new(9).unwrap();
    victim::report_refused(&memory, cpu(1), Generation::FIRST, reason);
    let mut none = soc(Err(HookError::NotSupported), false);
    let (stop, progress) = run(&mut none, &memory);
    assert_eq!(progress, Progress::Incomplete);
    let outcome = |n| stop.reports().find(|r| r.cpu == cpu(n)).unwrap().outcome;
    assert_eq!(outcome(1), Err(Failure::Refused(reason)));
    assert_eq!(outcome(2), Err(Failure::Unresponsive));
    assert_eq!(stop.quiesced().count(), 0);
    let crash = stop.finish().unwrap_err().accept_casualties();
    assert_eq!(crash.casualties(), CpuSet::EMPTY.with(cpu(1)).with(cpu(2)));
}

/// An image that is exclusive on a machine of one core.
fn alone(reserved: Region) -> ImageExclusive {
    let plan = Plan {
        topology: Topology::new(&IDS[..1]).unwrap(),
        ladder: Ladder::new(&RUNGS).unwrap(),
        generation: Generation::FIRST,
        reserved,
    };
    let claim = Election::new().claim(cpu(0)).unwrap();
    // SAFETY: nobody else is there.
    let mut stop: Stop<1> = unsafe { Stop::new(claim, plan) }.unwrap();
    let mut none = soc(Err(HookError::NotSupported), false);
    assert_eq!(stop.run(&memory(), &mut SlotsOnly, &mut none, &Ticks(Cell::new(0))), Ok(Progress::Stopped));
    stop.finish().unwrap().0
}

#[test]
fn the_pens_are_not_written_and_no_entry_is_outside_them() {
    let image = alone(Region { base: 0x1000, len: 0x1000 });
    assert_eq!(image.permit(Region { base: 0x1FFF, len: 1 }), Err(ImageError::Reserved(0x1FFF)));
    assert_eq!(image.permit(Region { base: 0x2000, len: u64::MAX }), Ok(()));
    assert_eq!(image.permit(Region { base: 0, len: 0x1001 }), Err(ImageError::Reserved(0)));
    assert_eq!(image.permit_entry(0x2000), Err(ImageError::NotReserved(0x2000)));
}

#[test]
fn an_overwrite_copies_or_changes_nothing() {
    let mut memory = [0u8; 64];
    let base = memory.as_mut_ptr();
    let reserved = Region { base: base as u64 + 48, len: 16 };
    let image = alone(reserved);
    let new: [u8; 16] = std::array::from_fn(|n| n as u8 + 1);
    // SAFETY: all inside `memory`; the refused calls write nothing.
    unsafe {
        assert_eq!(image.overwrite(base, new.as_ptr(), 16), Ok(()));
        assert_eq!(image.overwrite(base.add(40), new.as_ptr(), 16), Err(ImageError::Reserved(base as u64 + 40)));
        assert_eq!(image.overwrite(base.add(8), base, 16), Err(ImageError::Overlap(base as u64 + 8)));
        assert_eq!(image.overwrite(base.add(16), base, 16), Ok(()));
    }
    assert_eq!((&memory[..16], &memory[16..32]), (&new[..], &new[..]));
    assert!(memory[32..].iter().all(|byte| *byte == 0));
}

#[cfg(feature = "power-line")]
mod power_line {
    use core::convert::Infallible;

    use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin};
    use hal_smp_api::hooks::HookError;
    use hal_smp_api::power_line::PowerLine;

    struct Pin<'a>(&'a mut Vec<bool>);

    impl ErrorType for Pin<'_> {
        type Error = Infallible;
    }

    impl OutputPin for Pin<'_> {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.push(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.push(true);
            Ok(())
        }
    }

    #[derive(Debug)]
    struct Broken;

    impl Error for Broken {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    struct BrokenPin;

    impl ErrorType for BrokenPin {
        type Error = Broken;
    }

    impl OutputPin for BrokenPin {
        fn set_low(&mut self) -> Result<(), Broken> {
            Err(Broken)
        }
        fn set_high(&mut self) -> Result<(), Broken> {
            Err(Broken)
        }
    }

    #[test]
    fn the_line_follows_its_polarity_and_errors_are_told() {
        for active_low in [true, false] {
            let mut levels = Vec::new();
            let mut line = PowerLine::new(Pin(&mut levels), active_low);
            assert_eq!((line.kill(), line.revive()), (Ok(()), Ok(())));
            assert_eq!(levels, [!active_low, active_low]);
            let mut broken = PowerLine::new(BrokenPin, active_low);
            assert_eq!(broken.kill(), Err(HookError::Failed(1)));
            assert_eq!(broken.revive(), Err(HookError::Failed(2)));
        }
    }
}
