// SPDX-License-Identifier: MIT OR Apache-2.0
//! Victims that do not keep the protocol, to show that the checks notice. `early-ack`: they acknowledge, and answer
//! challenges, by code of the old image, and only after a while leave for the pen.

use super::super::{Stoppable, area, victim};
use hal_smp_api::clock::Micros;
use hal_smp_api::cpus::Cpu;
use hal_smp_api::slots::{SlotWord, Slots};
use hal_smp_api::word::{Code, Generation, Word};

/// Names; the position is the number in the diary.
const NAMES: [&str; 2] = ["none", "early-ack"];

/// How long a victim stays in the old image: longer than any requester needs to overwrite it, however busy its host. Who looks on
/// ends the run once it has seen the victim.
const TARRY: Micros = Micros(120_000_000);

/// The number of a mutant.
pub(super) fn find(name: &str) -> Option<u32> {
    NAMES.iter().position(|known| *known == name).map(|number| number as u32)
}

/// Makes the victims of this image behave so.
pub(super) fn set<B: Stoppable>(mutant: u32) {
    if mutant != 0 {
        victim::set_detour(early_ack::<B>);
    }
}

/// The acknowledgement that only the pen may write.
fn acknowledge<B: Stoppable>(cpu: Cpu, generation: Generation) {
    let slots = area::<B>().slots();
    let word = Word::new(generation, Code::Parked).raw();
    slots.write(cpu, SlotWord::Stage, word);
    slots.write(cpu, SlotWord::StageInverse, !word);
    slots.barrier();
    if let Some(witness) = B::witness_of(cpu) {
        // SAFETY: the register in which the pen would store the same.
        unsafe { (witness.register as *mut u32).write_volatile(witness.bits) };
    }
}

/// The answer that only the pen may give.
fn answer<B: Stoppable>(cpu: Cpu) {
    let slots = area::<B>().slots();
    slots.write(cpu, SlotWord::Echo, slots.read(cpu, SlotWord::Nonce));
}

fn early_ack<B: Stoppable>(cpu: Cpu, generation: Generation) {
    acknowledge::<B>(cpu, generation);
    let start = B::now();
    let ticks = u64::from(TARRY.0) * u64::from(B::frequency()) / 1_000_000;
    while B::now().wrapping_sub(start) < ticks {
        answer::<B>(cpu);
    }
}
