// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program `pen`: the pen's assembly against its text, `hal_smp_api::pen::Pen`, word by word.
//!
//! One core sits in the real pen. Words of its slot are written one at a time, at random out of what is right and nearly
//! right; after each the core's answers must be those of the reference pen, which gets the same words. `mutant=N`
//! makes instruction N of the pen do nothing: the program must then fail.

use super::hooks::Hooks;
use super::requester::Run;
use super::{Firmware, Stoppable, code, platform, victim};
use crate::gic::Verdict;
use crate::options::Options;
use crate::{cpu, println, smp};
use core::cell::Cell;
use hal_smp_api::ack::{AckChannel, Report, SetClear, SlotChannel};
use hal_smp_api::clock::Micros;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::pen::Pen;
use hal_smp_api::slots::{Order, SlotWord, Slots};
use hal_smp_api::word::{Code, Generation, Word};
use hal_smp_arm::barrier;

/// Words written.
const STEPS: u32 = 1000;
/// Generations from one stay in the pen to the next.
const APART: u32 = 4 * STEPS;
/// How long an answer may take. Long, for a loaded host.
const PATIENCE: Micros = Micros(20_000_000);

/// The reference pen's slot, for one core.
struct Shadow([Cell<u32>; SlotWord::ALL.len()]);

// SAFETY: memory that one core alone uses is coherent with itself.
unsafe impl Slots for Shadow {
    fn read(&self, _: Cpu, word: SlotWord) -> u32 {
        self.0[word as usize].get()
    }
    fn write(&self, _: Cpu, word: SlotWord, value: u32) {
        self.0[word as usize].set(value);
    }
    fn barrier(&self) {}
}

struct Check<'a, B: Stoppable> {
    run: &'a mut Run<B>,
    cpu: Cpu,
    generation: Generation,
    shadow: Shadow,
    reference: Pen,
    random: u32,
    acknowledged: u32,
    released: u32,
}

/// The program, on core 0.
pub fn pen<B: Stoppable>() -> Verdict {
    println!("{}: pen", B::NAME);
    let options = Options::read().map_err(|_| "no parameters")?;
    let mutant = options.parse("mutant", usize::MAX).map_err(|_| "a parameter is no number")?;
    // The pen is what is looked at: nobody leaves by firmware.
    let _ = B::firmware(Firmware::Honest, CpuSet::EMPTY);
    let mut run = Run::<B>::start(Generation::FIRST, None)?;
    if let Some(word) = platform::pen_code().get(mutant) {
        println!("# without instruction {mutant}, {word:#010x}");
        let address = run.area.entry() + 4 * mutant;
        // SAFETY: inside the pen's code; nobody is parked.
        unsafe { (address as *mut u32).write_volatile(platform::NOP) };
        barrier::complete();
        barrier::refetch();
    }
    let cpu = run.victim();
    // The emulator's time is for the two that talk to each other.
    run.others().without(cpu).iter().for_each(|idle| smp::start_on(idle.index(), sleep));
    let id = super::requester::id_of(cpu);
    let mut check = Check {
        run: &mut run,
        cpu,
        generation: Generation::FIRST,
        shadow: Shadow([const { Cell::new(0) }; SlotWord::ALL.len()]),
        reference: Pen::new(cpu, id).reaching(usize::MAX as u64),
        random: 0x2012_0911,
        acknowledged: 0,
        released: 0,
    };
    check.park()?;
    for _ in 0..STEPS {
        check.step()?;
    }
    println!("# {} stops acknowledged in the pen, {} releases", check.acknowledged, check.released);
    if check.acknowledged < STEPS / 20 || check.released < STEPS / 20 {
        return Err("the words were not varied enough");
    }
    println!("{STEPS} words: every answer is the reference's");
    Ok(())
}

/// Task of a core that has no part in this.
fn sleep(_this: usize) {
    loop {
        cpu::wfi();
    }
}

impl<B: Stoppable> Check<'_, B> {
    fn real(&self, word: SlotWord) -> u32 {
        self.run.slots().read(self.cpu, word)
    }

    /// Writes a word into both slots.
    fn write(&self, word: SlotWord, value: u32) {
        self.run.slots().write(self.cpu, word, value);
        self.run.slots().barrier();
        barrier::event();
        self.shadow.write(self.cpu, word, value);
    }

    /// A number from a fixed sequence (xorshift).
    fn draw(&mut self, below: u32) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random % below
    }

    /// Calls the core into the pen, and begins with a new reference.
    fn park(&mut self) -> Verdict {
        // Far from what the words of the last stay may have said.
        self.generation = Generation::new(self.generation.number() + APART).ok_or("too many releases")?;
        let (cpu, generation, slots) = (self.cpu, self.generation, self.run.slots());
        if let Some(mut witness) = B::witness_flags() {
            witness.clear(u32::MAX);
        }
        slots.write(cpu, SlotWord::Release, Word::IDLE);
        slots.write(cpu, SlotWord::Request, Word::new(generation, Code::Stop).raw());
        slots.barrier();
        Hooks::<B>::send(victim::STOP_IRQ, CpuSet::EMPTY.with(cpu)).map_err(|_| "no signal")?;
        if !self.run.wait(PATIENCE, || SlotChannel(&slots).report(cpu, generation) == Report::Parked) {
            return Err("the core did not park");
        }
        let bit = 1 << cpu.index();
        if B::witness_flags().is_some_and(|witness| witness.read() & bit == 0) {
            return Err("the witness was not told");
        }
        for word in SlotWord::ALL {
            self.shadow.write(cpu, word, slots.read(cpu, word));
        }
        self.reference = Pen::new(cpu, super::requester::id_of(cpu)).reaching(usize::MAX as u64);
        self.settle()
    }

    /// A word that is right, or nearly.
    fn step(&mut self) -> Verdict {
        // The request names its own generation, whichever code it carries.
        let named = self.real(SlotWord::Request) >> 8;
        let near = |n: u32, draw: u32| n.wrapping_add(draw).wrapping_sub(1) & 0xFF_FFFF;
        match self.draw(8) {
            0 | 1 => {
                let generation = match self.draw(4) {
                    0 => 0,
                    n => near(named, n),
                };
                let code = match self.draw(4) {
                    0 | 1 => Code::STOP,
                    // Around the codes that there are, 0 among them.
                    2 => self.draw(9),
                    _ => self.draw(256),
                };
                let old = self.shadow.read(self.cpu, SlotWord::Stage);
                self.write(SlotWord::Request, generation << 8 | code);
                self.settle()?;
                self.acknowledged += u32::from(self.shadow.read(self.cpu, SlotWord::Stage) != old);
                return Ok(());
            }
            2..=4 => {
                let generation = if self.draw(2) == 0 { named } else { near(named, self.draw(4)) };
                let code = if self.draw(4) == 0 { self.draw(256) } else { Code::RELEASE };
                self.write(SlotWord::Release, generation << 8 | code);
            }
            5 => {
                let id = super::requester::id_of(self.cpu).0;
                let wrong = if self.draw(3) == 0 { 1 << self.draw(24) } else { 0 };
                self.write(SlotWord::ReleaseId, id ^ wrong);
            }
            6 => {
                // Entry and argument belong together: whenever it goes, it must arrive.
                let argument = self.draw(u32::MAX);
                self.write(SlotWord::ArgLow, argument);
            }
            _ => {
                let high = self.draw(u32::MAX);
                self.write(SlotWord::ArgHigh, high);
                // Where the pen reaches everything, nothing is there.
                let out_of_reach = if cfg!(target_arch = "arm") { self.draw(3) / 2 } else { 0 };
                self.write(SlotWord::EntryHigh, out_of_reach);
            }
        }
        self.settle()
    }

    /// Lets both see the words: each of three challenges ends a turn of the loop. Then the answers are compared.
    fn settle(&mut self) -> Verdict {
        self.write(SlotWord::EntryLow, code::warm_address() as u32);
        for _ in 0..3 {
            let nonce = self.run.hooks.fresh();
            self.write(SlotWord::Nonce, nonce);
            if let Some(order) = self.reference.turn(&self.shadow) {
                return self.leaves(&order);
            }
            if !self.run.wait(PATIENCE, || self.real(SlotWord::Echo) == nonce) {
                return Err("a challenge stays unanswered");
            }
        }
        self.compare()
    }

    fn compare(&self) -> Verdict {
        for word in [SlotWord::Stage, SlotWord::StageInverse, SlotWord::Echo] {
            if self.real(word) != self.shadow.read(self.cpu, word) {
                println!("# {word:?}: {:#010x}", self.real(word));
                return Err("an answer is not the reference's");
            }
        }
        Ok(())
    }

    /// The reference leaves: so must the core, with its argument.
    fn leaves(&mut self, order: &Order) -> Verdict {
        let stage = self.shadow.read(self.cpu, SlotWord::Stage);
        let seen = |word| self.run.slots().read(self.cpu, word);
        if !self.run.wait(PATIENCE, || seen(SlotWord::Stage) == stage && seen(SlotWord::StageInverse) == !stage) {
            return Err("the core does not report its release");
        }
        let argument = order.arg as usize;
        if !self.run.wait(PATIENCE, || smp::argument(self.cpu.index()) == argument) {
            return Err("the core does not arrive with its argument");
        }
        self.released += 1;
        // It may find a stop and be back already, or work: either way it comes when it is called anew.
        self.park()
    }
}
