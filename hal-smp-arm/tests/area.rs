// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pen area on ordinary memory: layout, installation, read-back, record.

use hal_smp_api::cpus::{Cpu, HwId};
use hal_smp_api::handover::{HandOver, Held, HeldCore, Record};
use hal_smp_api::slots::{SlotLayout, SlotWord, Slots};
use hal_smp_api::word::Generation;
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::pen::{Area, CODE_BYTES, POLL, PenError, SLOTS, Witness};

#[repr(C, align(2048))]
struct Memory([u32; 0x1000 / 4]);

fn area(memory: &mut Memory, cpus: usize) -> Area<Uncached> {
    let base = memory.0.as_mut_ptr() as usize;
    // SAFETY: memory of this test, which outlives the area; nobody else uses it.
    unsafe { Area::new(base, 0x1000, SlotLayout::UNCACHED, cpus, Uncached) }.unwrap()
}

fn peek(address: usize) -> u32 {
    // SAFETY: a word of the test's memory, whose address the area exposed.
    unsafe { (address as *const u32).read_volatile() }
}

fn poke(address: usize, word: u32) {
    // SAFETY: a word of the test's memory, whose address the area exposed.
    unsafe { (address as *mut u32).write_volatile(word) };
}

fn refused(base: usize, len: usize, cpus: usize) -> PenError {
    // SAFETY: refused, so nothing is accessed.
    unsafe { Area::new(base, len, SlotLayout::UNCACHED, cpus, Uncached) }.unwrap_err()
}

#[test]
fn impossible_areas_are_refused_with_the_value() {
    assert_eq!(refused(0x4801_0400, 0x1000, 4), PenError::Unaligned(0x4801_0400));
    assert_eq!(refused(0x4801_0000, 0x800, 4), PenError::TooSmall { len: 0x800, needed: 0xa00 });
    assert_eq!(refused(0x4801_0000, 0x1000, 0), PenError::Cpus(0));
    assert_eq!(refused(0x4801_0000, 0x100_0000, 65), PenError::Cpus(65));
    assert_eq!(PenError::Cpus(65).to_string(), "pen area for 65 cores, 1 to 64 are possible");
}

#[test]
fn a_departure_names_the_slot_of_its_core() {
    let mut memory = Memory([0; 0x400]);
    let area = area(&mut memory, 4);
    let witness = Some(Witness { register: 0x1000_0038, bits: 4 });
    let departure = area.departure(Cpu::new(2).unwrap(), HwId(0x8000_0002), witness, POLL);
    let slot = area.entry() + SLOTS + 2 * 128;
    assert_eq!(departure.target, area.entry());
    assert_eq!(departure.args, [slot, slot + 64, 0x8000_0002, 0x1000_0038, 4, 1]);
    area.slots().write(Cpu::new(2).unwrap(), SlotWord::Echo, 7);
    assert_eq!(peek(slot + 64 + 8), 7);
}

#[test]
fn a_flipped_bit_is_found_where_it_is() {
    let mut memory = Memory([0; 0x400]);
    let area = area(&mut memory, 4);
    let code: Vec<u32> = (100..160).collect();
    area.install(&code).unwrap();
    area.verify(&code).unwrap();
    poke(area.entry() + 4 * 17, 117 ^ 1 << 9);
    let error = area.verify(&code).unwrap_err();
    assert_eq!(error, PenError::Corrupted { address: area.entry() + 68, expected: 117, found: 117 ^ 1 << 9 });
}

#[test]
fn code_of_no_possible_length_is_refused() {
    let mut memory = Memory([0; 0x400]);
    let area = area(&mut memory, 1);
    assert_eq!(area.install(&[]), Err(PenError::CodeLength(0)));
    let long = [1; CODE_BYTES / 4 + 1];
    assert_eq!(area.install(&long), Err(PenError::CodeLength(long.len())));
    assert_eq!(area.verify(&long), Err(PenError::CodeLength(long.len())));
    assert_eq!(peek(area.entry()), 0);
}

#[test]
fn the_record_comes_back() {
    let mut memory = Memory([0; 0x400]);
    let area = area(&mut memory, 2);
    let cores = [
        HeldCore { id: HwId(0), held: Held::Requester, restartable: true },
        HeldCore { id: HwId(1), held: Held::Parked, restartable: true },
    ];
    let record = HandOver {
        generation: Generation::LAST,
        reserved: area.reserved(),
        slots: area.slots_address() as u64,
        granule: 64,
        note: 9,
        cores: &cores,
        kept: &[],
    };
    area.write_record(&record).unwrap();
    let words = area.read_record();
    let read = Record::decode(&words).unwrap();
    assert_eq!((read.generation(), read.note(), read.slots()), (Generation::LAST, 9, area.slots_address() as u64));
    assert!(read.cores().eq(cores));
}
