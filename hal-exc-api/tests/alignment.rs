// SPDX-License-Identifier: MIT OR Apache-2.0
//! The alignment emulation against a reference that is written from the manual, mnemonic by mnemonic.

#[path = "alignment/machine.rs"]
mod machine;
#[path = "alignment/reference.rs"]
mod reference;

use hal_exc_api::alignment::{
    Access, FpRegisters, Memory, Operation, Refusal, Registers, Surroundings, decode, double_to_single, emulate,
    single_to_double,
};
use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::frame::Frame;
use machine::Machine;
use proptest::prelude::*;
use reference::{MNEMONICS, reference};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A word of a known instruction with random fields.
fn known_word() -> impl Strategy<Value = u32> {
    (0..MNEMONICS.len(), any::<u32>()).prop_map(|(row, fields)| {
        let (_, value, mask) = MNEMONICS[row];
        value | fields & !mask
    })
}

/// Registers and memory from a seed: values near each other, near the ends of memory, and anywhere.
fn machine() -> impl Strategy<Value = Machine> {
    any::<u64>().prop_map(|mut seed| {
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 32) as u32
        };
        let gpr = core::array::from_fn(|_| match random() % 4 {
            0 => 0x1000 + random() % 256,
            1 => random() % 64,
            2 => (random() % 64).wrapping_neg(),
            _ => random(),
        });
        let fpr = core::array::from_fn(|_| match random() % 2 {
            0 => u64::from(random()) << 32 | u64::from(random()),
            _ => f64::from(f32::from_bits(random())).to_bits(),
        });
        Machine::new(gpr, fpr, random())
    })
}

fn run(word: u32, machine: &mut Machine, line: u32) -> Result<(), Refusal> {
    let mut registers = machine.registers.clone();
    decode(word)?.execute(&mut registers, &mut machine.memory, line)?;
    machine.registers = registers;
    Ok(())
}

proptest! {
    #![proptest_config(config(20_000))]

    /// Registers and memory come out as the reference says, or both refuse.
    #[test]
    fn agrees_with_the_reference(word in known_word(), before in machine(), line in prop::sample::select(vec![16u32, 32, 64])) {
        let mut ours = before.clone();
        let mut theirs = before.clone();
        let done = run(word, &mut ours, line);
        match reference(word, &mut theirs, line) {
            Some(()) => {
                prop_assert_eq!(done, Ok(()), "{:08x}", word);
                prop_assert_eq!(ours, theirs, "{:08x}", word);
            }
            None => {
                prop_assert!(done.is_err(), "{:08x} is an invalid form", word);
                prop_assert_eq!(ours, before, "{:08x}", word);
            }
        }
    }

    /// A word that is none of the known instructions is refused.
    #[test]
    fn unknown_words_are_refused(word in any::<u32>()) {
        if !MNEMONICS.iter().any(|(_, value, mask)| word & mask == *value) {
            prop_assert!(decode(word).is_err(), "{:08x}", word);
        }
    }

    /// Where memory ends, nothing at all has happened.
    #[test]
    fn a_hole_in_memory_changes_nothing(word in known_word(), before in machine(), hole in 0u32..160) {
        let Ok(access) = decode(word) else { return Ok(()) };
        let mut ours = before.clone();
        let Ok((start, len)) = access.extent(&ours.registers, 32) else { return Ok(()) };
        let at = start.wrapping_add(hole);
        ours.memory.hole = Some(at);
        let done = run(word, &mut ours, 32);
        if hole < len {
            prop_assert!(done.is_err());
            ours.memory.hole = None;
            prop_assert_eq!(ours, before);
        }
    }

    /// Doubles that are singles survive the way down and up.
    #[test]
    fn floats_convert_as_the_host_does(word in any::<u32>()) {
        let value = f32::from_bits(word);
        if value.is_nan() {
            let bits = u64::from(word & 0x8000_0000) << 32 | 0x7FF0_0000_0000_0000 | u64::from(word & 0x007F_FFFF) << 29;
            prop_assert_eq!(single_to_double(word), bits);
        } else {
            prop_assert_eq!(single_to_double(word), f64::from(value).to_bits());
        }
        prop_assert_eq!(double_to_single(single_to_double(word)), word);
    }

    /// Every double is stored as the architecture's procedure says.
    #[test]
    fn doubles_are_stored_as_the_manual_says(bits in any::<u64>(), exponent in 860u64..910) {
        for bits in [bits, bits & !(0x7FF << 52) | exponent << 52] {
            prop_assert_eq!(double_to_single(bits), reference::stored_single(bits), "{:016x}", bits);
        }
    }
}

#[test]
fn every_opcode_is_known_or_refused() {
    let mut accepted = 0;
    for opcode in 0..64u32 {
        for extended in 0..2048u32 {
            // r5, r6 and r7: valid in every form but lmw and dcbz.
            for fields in [5 << 21 | 6 << 16 | 7 << 11, 8 << 21 | 6 << 16 | 7 << 11, 6 << 16 | 7 << 11] {
                let word = opcode << 26 | fields | extended;
                let known = MNEMONICS.iter().find(|(_, value, mask)| word & mask == *value);
                match (decode(word), known) {
                    (Ok(_), Some(_)) => accepted += 1,
                    (Ok(access), None) => panic!("{word:08x} taken for {access:?}"),
                    (Err(_), Some((name, ..))) => {
                        let invalid = matches!(*name, "lmw" | "dcbz" | "lswx" | "lswi") || fields >> 21 == 0;
                        assert!(invalid, "{name} {word:08x} refused");
                    }
                    (Err(_), None) => {}
                }
            }
        }
    }
    assert!(accepted > 24 * 2048);
}

#[test]
fn reservations_and_invalid_forms_are_named() {
    let x = |xo: u32, d: u32, a: u32, b: u32| 31 << 26 | d << 21 | a << 16 | b << 11 | xo << 1;
    assert_eq!(decode(x(20, 3, 4, 5)), Err(Refusal::Reservation(x(20, 3, 4, 5))));
    assert_eq!(decode(x(150, 3, 4, 5) | 1), Err(Refusal::Reservation(x(150, 3, 4, 5) | 1)));
    for invalid in [
        33 << 26 | 3 << 21 | 3 << 16, // lwzu r3,0(r3)
        33 << 26 | 3 << 21,           // lwzu r3,0(0)
        37 << 26 | 3 << 21,           // stwu r3,0(0)
        49 << 26 | 3 << 21,           // lfsu f3,0(0)
        46 << 26 | 5 << 21 | 7 << 16, // lmw r5,0(r7)
        46 << 26,                     // lmw r0,0(0)
        x(597, 30, 0, 13),            // lswi r30,0,13: reaches r0
        x(533, 3, 4, 3),              // lswx r3,r4,r3
        x(1014, 1, 4, 5),             // dcbz with a reserved bit
        x(23, 3, 4, 5) | 1,           // lwzx with the record bit
    ] {
        assert_eq!(decode(invalid), Err(Refusal::InvalidForm(invalid)), "{invalid:08x}");
    }
    let sync = 0x7C00_04AC;
    assert_eq!(decode(sync), Err(Refusal::Instruction(sync)));
    assert_eq!(Refusal::Instruction(sync).to_string(), "instruction 7c0004ac is not emulated");
}

#[test]
fn an_indexed_string_load_must_spare_its_address() {
    let mut machine = Machine::new([0x1000; 32], [0; 32], 9);
    let word = 31 << 26 | 5 << 21 | 4 << 16 | 7 << 11 | 533 << 1; // lswx r5,r4,r7: loads r5, r6, r7
    let before = machine.clone();
    assert_eq!(run(word, &mut machine, 32), Err(Refusal::InvalidRegisters(word)));
    assert_eq!(machine, before);
    machine.registers.xer = 8;
    assert_eq!(run(word, &mut machine, 32), Ok(()));
}

#[test]
fn accesses_are_as_wide_as_alignment_allows() {
    let mut machine = Machine::new([0; 32], [0; 32], 0);
    machine.registers.gpr[4] = 0x1002;
    run(32 << 26 | 3 << 21 | 4 << 16, &mut machine, 32).unwrap(); // lwz r3,0(r4)
    assert_eq!(machine.memory.log.take(), [(0x1002, 2), (0x1004, 2)]);
    run(46 << 26 | 29 << 21 | 4 << 16 | 2, &mut machine, 32).unwrap(); // lmw r29,2(r4)
    assert_eq!(machine.memory.log.take(), [(0x1004, 4), (0x1008, 4), (0x100C, 4)]);
    run(36 << 26 | 3 << 21 | 4 << 16 | 1, &mut machine, 32).unwrap(); // stw r3,1(r4)
    assert_eq!(machine.memory.log.take(), [(0x1003, 1), (0x1004, 2), (0x1006, 1)]);
}

#[test]
fn mistake_30_dcbz_zeroes_another_line_than_the_addresss() {
    for line in [16u32, 32, 64, 128] {
        for address in [0x1F00u32, 0x1F01, 0x1F3F, 0x1F7F, 0xFFFF_FFFF] {
            let mut machine = Machine::new([0; 32], [0; 32], 0);
            machine.registers.gpr[4] = address;
            run(31 << 26 | 4 << 11 | 1014 << 1, &mut machine, line).unwrap(); // dcbz 0,r4
            let first = address / line * line;
            let mut zeroed: Vec<_> = machine.memory.written().collect();
            zeroed.sort_unstable();
            let expected: Vec<_> = (0..line).map(|i| (first + i, 0)).collect();
            assert_eq!(zeroed, expected);
        }
    }
    for line in [0, 1, 2, 3, 24, 256] {
        let mut machine = Machine::new([0; 32], [0; 32], 0);
        assert_eq!(run(0x7C00_27EC, &mut machine, line), Err(Refusal::CacheLine(line)));
    }
}

const PC: u32 = 0x2000;

/// A frame about to do `lwz r3,0(r4)` or another word, with r4 misaligned.
fn frame(word: u32) -> (Frame, Machine, Surroundings) {
    let mut frame = Frame::new(VectorWord::new(Exception::Alignment, false), PC, 0x9030);
    frame.gpr[4] = 0x1001;
    frame.fault_address = 0x1001;
    let mut machine = Machine::new([0; 32], [0; 32], 0);
    machine.memory.write_u32(PC, word);
    (frame, machine, Surroundings { msr: 0x1030, cache_line: 32, own_stack: 0x3000..0x3100 })
}

const LWZ: u32 = 32 << 26 | 3 << 21 | 4 << 16;
const STW: u32 = 36 << 26 | 3 << 21 | 4 << 16;

#[test]
fn a_program_goes_on_behind_the_instruction() {
    let (mut frame, mut machine, surroundings) = frame(LWZ);
    machine.memory.write_u8(0x1001, 0xAB);
    emulate(&mut frame, None, &mut machine.memory, &surroundings).unwrap();
    assert_eq!(frame.pc, PC + 4);
    assert_eq!(frame.gpr[3] >> 24, 0xAB);
}

#[test]
fn what_cannot_be_done_right_is_left_alone() {
    let refused = |word: u32, change: &dyn Fn(&mut Frame, &mut Surroundings)| {
        let (mut frame, mut machine, mut surroundings) = frame(word);
        change(&mut frame, &mut surroundings);
        let (before, memory) = (format!("{frame:?}"), machine.memory.clone());
        let refusal = emulate(&mut frame, None, &mut machine.memory, &surroundings).unwrap_err();
        assert_eq!(format!("{frame:?}"), before);
        assert_eq!(machine.memory, memory);
        refusal
    };
    assert_eq!(refused(LWZ, &|frame, _| frame.msr |= 0x4000), Refusal::Mode(0xD030), "user");
    assert_eq!(refused(LWZ, &|frame, _| frame.msr |= 1), Refusal::Mode(0x9031), "little-endian");
    assert_eq!(refused(LWZ, &|frame, _| frame.msr &= !0x10), Refusal::Mode(0x9020), "other translation");
    assert_eq!(refused(LWZ, &|frame, _| frame.pc += 2), Refusal::ProgramCounter(PC + 2));
    let other = Refusal::OtherAddress { computed: 0x1001, reported: 0x1005 };
    assert_eq!(refused(LWZ, &|frame, _| frame.fault_address = 0x1005), other);
    assert_eq!(refused(STW, &|_, own| own.own_stack = 0x0F00..0x1002), Refusal::Unwritable(0x1001), "own frame");
    assert_eq!(refused(STW, &|_, own| own.own_stack = 0x1004..0x1100), Refusal::Unwritable(0x1001), "own frame");
    let into_r13 = LWZ & !(31 << 21) | 13 << 21;
    assert_eq!(refused(into_r13, &|_, _| ()), Refusal::ReservedRegister(13));
    let string = 31 << 26 | 12 << 21 | 4 << 16 | 5 << 11 | 597 << 1; // lswi r12,r4,5: reaches r13
    assert_eq!(refused(string, &|_, _| ()), Refusal::ReservedRegister(13));
    let update = 37 << 26 | 3 << 21 | 13 << 16; // stwu r3,0(r13)
    assert_eq!(refused(update, &|frame, _| frame.gpr[13] = 0x1001), Refusal::ReservedRegister(13));
    let float = 50 << 26 | 3 << 21 | 4 << 16; // lfd f3,0(r4)
    assert_eq!(refused(float, &|_, _| ()), Refusal::NoFpState(3));
    assert_eq!(refused(float + (4 << 26), &|_, _| ()), Refusal::NoFpState(3), "stfd");
}

#[test]
fn stores_beside_the_own_stack_are_fine() {
    for own_stack in [0x0F00..0x1001, 0x1005..0x1100, 0xFFFF_F000..0xFFFF_FFF0] {
        let (mut frame, mut machine, surroundings) = frame(STW);
        let surroundings = Surroundings { own_stack, ..surroundings };
        emulate(&mut frame, None, &mut machine.memory, &surroundings).unwrap();
    }
}

struct Fprs([u64; 32]);

impl FpRegisters for Fprs {
    fn get(&self, n: u8) -> u64 {
        self.0[usize::from(n)]
    }

    fn set(&mut self, n: u8, bits: u64) {
        self.0[usize::from(n)] = bits;
    }
}

#[test]
fn floats_go_through_the_state_at_hand() {
    let mut fprs = Fprs([0; 32]);
    let (mut load, mut machine, surroundings) = frame(48 << 26 | 3 << 21 | 4 << 16); // lfs f3,0(r4)
    for (i, byte) in 1.5f32.to_be_bytes().into_iter().enumerate() {
        machine.memory.write_u8(0x1001 + i as u32, byte);
    }
    emulate(&mut load, Some(&mut fprs), &mut machine.memory, &surroundings).unwrap();
    assert_eq!(fprs.0[3], 1.5f64.to_bits());

    let (mut store, mut machine, surroundings) = frame(54 << 26 | 3 << 21 | 4 << 16); // stfd f3,0(r4)
    emulate(&mut store, Some(&mut fprs), &mut machine.memory, &surroundings).unwrap();
    let stored: Vec<_> = (0x1001..0x1009).map(|at| machine.memory.read_u8(at).unwrap()).collect();
    assert_eq!(stored, 1.5f64.to_be_bytes());
}

#[test]
fn stores_are_known_as_such() {
    for (name, value, _) in MNEMONICS {
        let word = value | 6 << 16 | 7 << 11 | if *name == "dcbz" { 0 } else { 8 << 21 };
        let access: Access = decode(word).unwrap();
        assert_eq!(access.is_store(), name.starts_with("st") || *name == "dcbz", "{name}");
        assert_eq!(access.operation == Operation::ZeroLine, *name == "dcbz");
        assert_eq!(access.update, matches!(name.trim_end_matches('x').chars().last(), Some('u')), "{name}");
    }
}

#[test]
fn the_fake_registers_take_everything() {
    let machine = Machine::new([1; 32], [2; 32], 0);
    assert!((0..32).all(|n| machine.registers.gpr_is_writable(n)));
}
