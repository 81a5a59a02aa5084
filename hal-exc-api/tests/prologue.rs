// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prologues over random pairs of slot and wrapper, and at every edge of the branches.

use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Flavor;
use hal_exc_api::insn;
use hal_exc_api::prologue::{PrologueError, Target, Template, decode, decode_trampoline, generate};
use hal_exc_api::vectors::{VectorAddress, VectorEntry};
use proptest::prelude::*;

fn entries() -> [VectorEntry; 5] {
    let at = VectorAddress::Offset(0x500);
    [
        VectorEntry::asynchronous(Exception::ExternalInput, at, Flavor::Classic),
        VectorEntry::synchronous(Exception::Program, at, Flavor::Classic),
        VectorEntry::asynchronous(Exception::CriticalInput, at, Flavor::Critical),
        VectorEntry::asynchronous(Exception::MachineCheck, at, Flavor::MachineCheck),
        VectorEntry::synchronous(Exception::DataLoadTlbMiss, at, Flavor::Classic).with_shadow_gprs(),
    ]
}

/// What the architecture says about reach, written down independently: is there a branch from `at` to `target`?
fn reachable(at: u32, target: u32) -> bool {
    let distance = i64::from(target) - i64::from(at);
    let wrapped = [distance, distance + (1 << 32), distance - (1 << 32)];
    let relative = wrapped.iter().any(|d| (-33_554_432..=33_554_428).contains(d));
    let absolute = !(0x0200_0000..0xFE00_0000).contains(&target);
    relative || absolute
}

fn round_trip(entry: &VectorEntry, slot: u32, near: u32, trampoline: Option<u32>) {
    let template = Template::of(entry).unwrap();
    let target = Target { near, far: near.wrapping_sub(12) };
    let at = slot.wrapping_add(entry.prologue_len() - 4);
    match generate(slot, entry, &template, target, trampoline) {
        Ok(prologue) => {
            let decoded = decode(slot, prologue.words()).expect("decodes");
            assert_eq!((decoded.first, decoded.second), (template.first, template.second));
            assert_eq!(decoded.vector, entry.word());
            assert_eq!(decoded.clears_tgpr, entry.shadow_gprs);
            match prologue.trampoline() {
                None => {
                    assert!(reachable(at, near));
                    assert_eq!(decoded.target, near);
                }
                Some((place, words)) => {
                    assert!(!reachable(at, near) && reachable(at, place));
                    assert_eq!(decoded.target, place);
                    assert_eq!(decode_trampoline(&words), Some(target.far));
                }
            }
        }
        Err(PrologueError::OutOfReach { .. }) => {
            assert!(!reachable(at, near));
            assert!(trampoline.is_none_or(|place| !reachable(at, place)));
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_slot_and_any_wrapper(slot: u32, near: u32, place: u32, which in 0..5_usize, offered: bool) {
        round_trip(&entries()[which], slot & !15, near & !3, offered.then_some(place & !3));
    }

    #[test]
    fn wrappers_around_the_edge_of_the_relative_range(slot: u32, by in -64_i32..64, which in 0..5_usize, up: bool) {
        let entry = entries()[which];
        let slot = slot & !15;
        let at = slot.wrapping_add(entry.prologue_len() - 4);
        let edge = if up { at.wrapping_add(0x0200_0000) } else { at.wrapping_sub(0x0200_0000) };
        round_trip(&entry, slot, edge.wrapping_add_signed(4 * by), None);
    }

    #[test]
    fn wrappers_around_the_edges_of_the_absolute_range(slot: u32, by in -64_i32..64, which in 0..5_usize, low: bool) {
        let edge: u32 = if low { 0x0200_0000 } else { 0xFE00_0000 };
        round_trip(&entries()[which], slot & !15, edge.wrapping_add_signed(4 * by), None);
    }

    /// A flipped bit in the words is never read as the same prologue.
    #[test]
    fn a_damaged_prologue_does_not_decode_to_the_same(slot: u32, near: u32, which in 0..5_usize, bit in 0..256_usize) {
        let entry = entries()[which];
        let slot = slot & !15;
        let template = Template::of(&entry).unwrap();
        let target = Target { near: near & !3, far: 0 };
        if let Ok(prologue) = generate(slot, &entry, &template, target, None) {
            let mut words = prologue.words().to_vec();
            let bit = bit % (32 * words.len());
            words[bit / 32] ^= 1 << (bit % 32);
            prop_assert_ne!(decode(slot, &words), decode(slot, prologue.words()));
        }
    }
}

#[test]
fn mistake_13_the_branch_range_is_wrong_by_a_factor_of_two_and_backwards() {
    // +32 to +64 MiB must not be taken for a legal branch, a legal backward branch not be refused.
    let entry = entries()[1];
    let template = Template::of(&entry).unwrap();
    let to = |slot, near| generate(slot, &entry, &template, Target { near, far: 0 }, None);
    assert!(to(0x0500, 0x0280_0000).is_err());
    assert!(to(0x0500, 0x0300_0000).is_err());
    assert!(to(0x0400_0500, 0x03F0_0000).is_ok());
    assert!(to(0x0500, 0x01FF_FFFC).is_ok());
    assert!(to(0x8000_0500, 0xFE00_0000).is_ok());
    assert_eq!(to(0x0504, 0x1000), Err(PrologueError::Unaligned { slot: 0x0504 }));
}

#[test]
fn the_shadow_registers_are_left_first() {
    let entry = entries()[4];
    let template = Template::of(&entry).unwrap();
    let prologue = generate(0x1100, &entry, &template, Target { near: 0x2000, far: 0 }, None).unwrap();
    // mfmsr r1; rlwinm r1,r1,0,15,13; mtmsr r1; isync, then the ordinary four.
    assert_eq!(prologue.words()[..4], [0x7C20_00A6, 0x5421_03DA, 0x7C20_0124, 0x4C00_012C]);
    assert_eq!(insn::branch_target(0x111C, prologue.words()[7]), Some(0x2000));
}
