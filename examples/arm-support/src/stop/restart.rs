// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program `restart`: image A stops all other cores and is overwritten, image B comes to life at the same addresses,
//! takes the cores over, and stops them for A.
//!
//! A round, from the stop in one image to the proof of life in the next:
//!
//! 1. Stop. With evidence for every core the hand-over record and the [`diary`] are written.
//! 2. Core 0 leaves for the [`mover`]. It fills everything of the image with poison and numbers, stacks and tables too;
//!    compares; makes every parked core answer a challenge, so that one which sits in the old image executes what is
//!    there now; compares again, for late stores; copies the other image, compares that, and enters it.
//! 3. The new image finds the record, takes the interrupt controller over, and releases the cores one by one, in an order
//!    that changes from round to round, each with an argument of its own. Each shows that it came with that argument,
//!    that it counts, and, by the next stop, that it takes interrupts.
//!
//! A and B differ in one word, [`IMAGE`]. The generation starts a little below its limit and wraps on the way.
//!
//! Parameters: `rounds=N`, `generation=N` of the first stop, `mutant=NAME` (see [`mutant`]).

mod diary;
mod marks;
mod mover;
mod mutant;

use super::requester::{Outcome, RETURN, Run};
use super::{Stoppable, area, platform, victim};
use crate::gic::{Gic, Verdict};
use crate::options::Options;
use crate::{MAX_CPUS, println, smp, start};
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};
use diary::{Diary, Words};
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::handover::{Held, HeldCore, Record};
use hal_smp_api::image::{ImageExclusive, Region};
use hal_smp_api::ladder::Signal;
use hal_smp_api::release::{self, Released};
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_api::word::Generation;
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::pen::{Area, CODE_BYTES};
use hal_smp_arm::victim::{Coherency, Departure, Levels};
use mover::{Mover, STEPS, Step};

/// Which image this is: the word in which the two differ.
#[unsafe(link_section = ".data.image")]
static IMAGE: AtomicU32 = AtomicU32::new(LETTERS[0]);
const LETTERS: [u32; 2] = [b'A' as u32, b'B' as u32];

/// From the start of the image to the copies, and from one to the other: above everything else in use.
const STAGE: usize = 0x0400_0000;
const STAGE_STEP: usize = 0x0100_0000;

/// Rounds, and how far below its limit the generation starts, if nobody says otherwise.
const ROUNDS: u32 = 20;
const BELOW_LIMIT: u32 = 9;

/// Polls of a parked core's answer: some seconds of the requester's own time on the emulator.
const POLLS: u32 = 200_000_000;

/// The program, on core 0 of either image.
pub fn restart<B: Stoppable>() -> Verdict {
    let area = area::<B>();
    let (mover, diary) = places(&area);
    let words = area.read_record();
    let arrived = diary.read().zip(Record::decode(&words).ok());
    let (mut run, mut words) = match arrived {
        Some((words, record)) => take_over::<B>(words, &record, &mover)?,
        None => begin::<B>(&mover)?,
    };
    if words.round == words.rounds {
        println!("{} rounds from image to image", words.rounds);
        println!("generation wraps: {}", words.wraps);
        return run.finish(Ok(()));
    }
    // Either this image ends here, or something kept it from ending.
    let failed = depart(&mut run, &mut words, &mover, &diary);
    run.violations += 1;
    run.finish(Err(failed))
}

/// Mover and diary in the part of the pen area that the protocol does not use.
fn places(area: &Area<Uncached>) -> (Mover, Diary) {
    let free = area.extra();
    let mover = free.start.next_multiple_of(64);
    let diary = (mover + mover::BYTES).next_multiple_of(64);
    assert!(diary + diary::BYTES <= free.end, "the pen area has no room for mover and diary");
    // SAFETY: aligned, outside every image, uncached by the contract of the area, and used by this program alone.
    unsafe { (Mover::new(mover), Diary::new(diary)) }
}

/// Where the copy of an image waits.
fn staged(letter: usize) -> Range<usize> {
    let loaded = start::image_loaded();
    let at = loaded.start + STAGE + letter * STAGE_STEP;
    at..at + loaded.len()
}

/// Cold start: image A as it was loaded. Keeps a copy of it, and one with the other letter.
fn begin<B: Stoppable>(mover: &Mover) -> Result<(Run<B>, Words), &'static str> {
    println!("{}: restart", B::NAME);
    let options = Options::read().map_err(|_| "no parameters")?;
    let number = |key, default| options.parse(key, default).map_err(|_| "a parameter is no number");
    let first = number("generation", Generation::LAST.number() - BELOW_LIMIT)?;
    let first = Generation::new(first).ok_or("the generation is out of range")?;
    let mutant = mutant::find(options.get("mutant").unwrap_or("none")).ok_or("no mutant of this name")?;
    println!("controller: {}", B::pic().version());
    let run = Run::<B>::start(first, None)?;
    mutant::set::<B>(mutant);
    if !mover.install() {
        return Err("the mover does not read back");
    }
    // Every core is past the gate; a fresh image finds it closed.
    start::close_gate();
    let loaded = start::image_loaded();
    for (n, letter) in LETTERS.iter().enumerate() {
        let copy = staged(n);
        let mark = copy.start + (&raw const IMAGE as usize - loaded.start);
        // SAFETY: memory of the board above everything in use, mapped like the image.
        unsafe {
            core::ptr::copy_nonoverlapping(loaded.start as *const u8, copy.start as *mut u8, copy.len());
            (mark as *mut u32).write_volatile(*letter);
        }
    }
    let all = start::image();
    println!(
        "@ restart-map image={:#x} end={:#x} overwrite={:#x} release={:#x} step={:#x} pen={:#x} pen-end={:#x}",
        all.start,
        all.end,
        mover.entry(),
        marks::first(),
        marks::STEP,
        run.area.entry(),
        run.area.entry() + CODE_BYTES
    );
    let words = Diary::fresh(number("rounds", ROUNDS)?, mutant, run.hooks.fiq);
    Ok((run, words))
}

/// The next image: takes over what the former one left, and releases its cores.
fn take_over<B: Stoppable>(
    mut words: Words,
    record: &Record<'_>,
    mover: &Mover,
) -> Result<(Run<B>, Words), &'static str> {
    let findings = mover.findings();
    if findings.count != 0 {
        // A core that does not answer, or that wrote into the image, is not in the pen: no release can reach it.
        println!("# round {}: the mover found {findings:x?}", words.round);
        println!("@ stop-sum rounds={} violations={}", words.round, findings.count);
        return Err("a core was still in the old image");
    }
    let mut expect = |good: bool, what: &str| {
        if !good {
            words.violations += 1;
            println!("# round {}: {what}", words.round);
        }
    };
    expect(
        IMAGE.load(Ordering::Relaxed) == LETTERS[words.round as usize % 2],
        "this is not the image that was to come",
    );
    expect(record.note() == words.round, "the record is of another round");
    let mut run = Run::<B>::take_over(record.generation(), words.fiq != 0)?;
    run.round = words.round;
    mutant::set::<B>(words.mutant);
    let mut order: [Option<(Cpu, HeldCore)>; MAX_CPUS] = [None; MAX_CPUS];
    let others = record.cores().enumerate().filter(|(_, core)| core.held != Held::Requester);
    let mut count = 0;
    for ((n, core), place) in others.zip(&mut order) {
        *place = Cpu::new(n).map(|cpu| (cpu, core));
        count += 1;
    }
    // Another order in every round, and hardly ever that of the ids.
    let order = &mut order[..count];
    order.rotate_left(words.round as usize % count.max(1));
    if words.round % 2 == 1 {
        order.reverse();
    }
    let mut released = CpuSet::EMPTY;
    let slots = run.slots();
    for (cpu, core) in order.iter().flatten().copied() {
        expect(!smp::is_up(cpu.index()), "a core came before it was released");
        let order = run.order(cpu);
        expect(order.id == core.id, "a core has another id than the record says");
        marks::pass(cpu.index());
        let generation = record.generation();
        expect(core.restartable, "a core that the ladder could give back is not restartable");
        let gone = match core.held {
            Held::Parked => {
                let answer = release::release(&slots, &mut run.hooks, &run.clock, cpu, generation, &order, RETURN);
                answer == Released::Acknowledged
            }
            Held::Off => B::start_off(cpu, &order),
            Held::Requester | Held::BootPen => false,
        };
        if gone {
            released = released.with(cpu);
        }
    }
    released = released.iter().filter(|&cpu| run.all_at_work(CpuSet::EMPTY.with(cpu), 1).is_ok()).collect();
    expect(released == run.others(), "not every core came back to work");
    for cpu in run.others().iter() {
        print_core(&words, cpu.index(), released.contains(cpu));
    }
    if record.generation() == Generation::FIRST {
        words.wraps += 1;
    }
    run.violations = words.violations;
    if words.violations != 0 {
        println!("@ stop-sum rounds={} violations={}", words.round, words.violations);
        return Err("violations");
    }
    Ok((run, words))
}

/// The record of a core in the round that ended with its release.
fn print_core(words: &Words, cpu: usize, released: bool) {
    let rung = [None, Some(Signal::Irq), Some(Signal::Fiq)].get(words.rung[cpu] as usize).copied().flatten();
    println!(
        "@ stop round={} cpu={cpu} rung={} evidence={} latency_us={} released={released} fault=null",
        words.round,
        rung.map_or("null", Signal::name),
        if words.off & 1 << cpu == 0 { "parked" } else { "off" },
        words.latency[cpu]
    );
}

/// Stops everybody and leaves for the next image; comes back only with the reason why it did not.
fn depart<B: Stoppable>(run: &mut Run<B>, words: &mut Words, mover: &Mover, diary: &Diary) -> &'static str {
    if !mover.verify() {
        return "the mover does not read back";
    }
    // The mark of this core, which nobody releases, encloses the stop.
    marks::pass(run.me.index());
    let stopped = run.stop();
    marks::pass(run.me.index());
    let Ok((outcome, reports)) = stopped else { return "a stop was refused" };
    let Outcome::All(image, _claim) = outcome else {
        run.print(&reports, CpuSet::EMPTY);
        for report in reports.iter().filter(|report| report.outcome.is_err()) {
            println!("# cpu {} {}", report.cpu.index(), sign_of_life(run, report.cpu));
        }
        return "a core was not stopped";
    };
    words.round = run.round;
    words.off = 0;
    for report in reports.iter() {
        let cpu = report.cpu.index();
        let micros = u128::from(report.latency) * 1_000_000 / u128::from(B::frequency());
        words.latency[cpu] = u32::try_from(micros).unwrap_or(u32::MAX);
        words.rung[cpu] = match report.signal {
            None => 0,
            Some(Signal::Irq) => 1,
            Some(_) => 2,
        };
    }
    words.off = reports.off().bits() as u32;
    if let Err(reason) = run.leave_record(&reports) {
        return reason;
    }
    let Some(list) = steps(run, &image, reports.parked(), words.round) else {
        return "the overwrite is not permitted";
    };
    diary.write(words);
    if victim::quiet::<B>(run.me).is_err() {
        return "the requester's interrupt interface does not get quiet";
    }
    let [list, findings] = mover.prepare(&list);
    let departure = Departure { target: mover.entry(), args: [list, findings, 0, 0, 0, 0] };
    platform::leave(&departure, Coherency::Keep, Levels::All)
}

/// What a core does that was not stopped.
fn sign_of_life<B: Stoppable>(run: &Run<B>, cpu: Cpu) -> &'static str {
    let before = victim::work_of(cpu);
    let works = run.wait(RETURN, || victim::work_of(cpu) != before);
    match (works, victim::signals_of(cpu)) {
        (false, 0) => "does not work, and took no signal",
        (false, _) => "does not work, and took the signal",
        (true, 0) => "works, and took no signal",
        (true, _) => "works, and took the signal",
    }
}

/// What the mover is to do. `None` if the image does not permit it.
fn steps<B: Stoppable>(run: &mut Run<B>, image: &ImageExclusive, parked: CpuSet, round: u32) -> Option<[Step; STEPS]> {
    let all = start::image();
    image.permit(Region { base: all.start as u64, len: all.len() as u64 }).ok()?;
    let from = staged(round as usize % 2).start;
    let loaded = start::image_loaded();
    let seed = run.hooks.fresh();
    let mut list = [Step::enter(start::entry_address(), 0); STEPS];
    let mut places = list.iter_mut();
    let mut put = |step| places.next().map(|place| *place = step);
    put(Step::fill(&all, seed))?;
    put(Step::check(&all, seed))?;
    let (slots, layout) = (run.area.slots_address(), run.area.layout());
    // All are asked before any is waited for. Another number than the last answer, which must not count.
    let nonce = |cpu| !run.slots().read(cpu, SlotWord::Echo);
    for cpu in parked.iter() {
        put(Step::store(slots + layout.offset(cpu, SlotWord::Nonce), nonce(cpu)))?;
    }
    for cpu in parked.iter() {
        put(Step::wait(slots + layout.offset(cpu, SlotWord::Echo), nonce(cpu), POLLS))?;
    }
    put(Step::check(&all, seed))?;
    put(Step::copy(&loaded, from))?;
    put(Step::compare(&loaded, from))?;
    Some(list)
}
