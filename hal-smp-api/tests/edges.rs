// SPDX-License-Identifier: MIT OR Apache-2.0
//! What lies beside the protocol: slots in real memory, rungs that end a core, refusals, the crash takeover, the
//! overwrite itself and the power line.

use std::cell::{Cell, RefCell};

use hal_smp_api::ack::SlotsOnly;
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

fn run(soc: &mut Soc, memory: &Memory) -> (Stop<'static, 3>, Progress) {
    let plan = Plan {
        topology: Topology::new(&IDS).unwrap(),
        ladder: Ladder::new(&RUNGS).unwrap(),
        generation: Generation::FIRST,
        reserved: Region { base: 0x1000, len: 0x1000 },
    };
    let claim = Election::new().claim(cpu(0)).unwrap();
    let mut stop = Stop::new(claim, plan).unwrap();
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
    for mut bad in [soc(Ok(()), false), soc(Err(HookError::NotSupported), true), soc(Err(HookError::Failed(-3)), true)]
    {
        let (stop, progress) = run(&mut bad, &memory());
        assert_eq!((progress, bad.kills), (Progress::Incomplete, 2));
        assert!(stop.reports().all(|report| report.outcome == Err(Failure::Unresponsive)));
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

#[test]
fn an_overwrite_copies_or_changes_nothing() {
    let mut memory = [0u8; 64];
    let base = memory.as_mut_ptr();
    let reserved = Region { base: base as u64 + 48, len: 16 };
    let alone = Topology::new(&IDS[..1]).unwrap();
    let image = ImageExclusive::conclude(&alone, cpu(0), Generation::FIRST, reserved, []).unwrap();
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
