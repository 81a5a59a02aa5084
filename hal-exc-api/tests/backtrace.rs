// SPDX-License-Identifier: MIT OR Apache-2.0
//! Back-chain walks over good and damaged stacks.

use std::cell::RefCell;

use hal_exc_api::backtrace::{Backtrace, End, Mapped, ReadMemory, StackRange, Step};
use proptest::prelude::*;

const STACK: StackRange = StackRange { low: 0x1000, high: 0x1100 };

/// Stack memory; remembers every address that was read.
struct Words {
    words: Vec<u32>,
    hole: Option<u32>,
    read: RefCell<Vec<u32>>,
}

impl Words {
    fn new(pairs: &[(u32, u32)]) -> Self {
        let mut words = vec![0; 64];
        for &(address, value) in pairs {
            words[(address - STACK.low) as usize / 4] = value;
        }
        Self { words, hole: None, read: RefCell::default() }
    }
}

impl ReadMemory for Words {
    fn read_word(&self, address: u32) -> Option<u32> {
        self.read.borrow_mut().push(address);
        assert_eq!(address % 4, 0);
        assert!(address >= STACK.low && address + 4 <= STACK.high, "read outside the stack: {address:#x}");
        if self.hole == Some(address) { None } else { Some(self.words[(address - STACK.low) as usize / 4]) }
    }
}

fn walk(memory: &Words, sp: u32) -> (Vec<u32>, End) {
    let mut walk = Backtrace::new(memory, STACK, sp, 8);
    let steps = walk.by_ref().map(|step| step.return_address).collect();
    (steps, walk.end().unwrap())
}

#[test]
fn a_good_chain_is_walked_to_its_end() {
    let memory = Words::new(&[(0x1010, 0x1020), (0x1020, 0x1040), (0x1024, 0xA0), (0x1044, 0xB0)]);
    assert_eq!(walk(&memory, 0x1010), (vec![0xA0, 0xB0], End::Outermost));
    let steps: Vec<_> = Backtrace::new(&memory, STACK, 0x1010, 8).collect();
    assert_eq!(steps[0], Step { frame: 0x1020, return_address: 0xA0 });
    assert_eq!(
        Backtrace::new(&memory, STACK, 0x1010, 8).to_string(),
        "called from: 000000a0 000000b0 (outermost frame)\n"
    );
}

#[test]
fn damage_ends_the_walk_with_its_reason() {
    let case = |value| walk(&Words::new(&[(0x1010, 0x1020), (0x1024, 0xA0), (0x1020, value)]), 0x1010);
    assert_eq!(case(0x1043), (vec![0xA0], End::Misaligned(0x1043)));
    assert_eq!(case(0x1044), (vec![0xA0], End::Misaligned(0x1044)));
    assert_eq!(case(0x1100), (vec![0xA0], End::OutOfRange(0x1100)));
    assert_eq!(case(0xFFFF_FFF8), (vec![0xA0], End::OutOfRange(0xFFFF_FFF8)));
    assert_eq!(case(0x1020), (vec![0xA0], End::NotUpwards { frame: 0x1020, to: 0x1020 }));
    assert_eq!(case(0x1010), (vec![0xA0], End::NotUpwards { frame: 0x1020, to: 0x1010 }));
    assert_eq!(case(0x1043).1.to_string(), "frame 00001043 is not aligned to 8 bytes");
}

#[test]
fn the_start_is_believed_no_more_than_the_rest() {
    let memory = Words::new(&[]);
    assert_eq!(walk(&memory, 0x1002).1, End::Misaligned(0x1002));
    assert_eq!(walk(&memory, 0x0FF8).1, End::OutOfRange(0x0FF8));
    assert_eq!(walk(&memory, 0).1, End::OutOfRange(0));
    assert!(memory.read.borrow().is_empty());
    assert_eq!(
        Backtrace::new(&memory, STACK, 0x1002, 8).to_string(),
        "called from: nobody (frame 00001002 is not aligned to 8 bytes)\n"
    );
}

#[test]
fn unreadable_words_and_depth_are_reasons_too() {
    let mut memory = Words::new(&[(0x1010, 0x1020), (0x1020, 0x1040)]);
    memory.hole = Some(0x1044);
    assert_eq!(walk(&memory, 0x1010), (vec![0], End::Unreadable(0x1044)));
    let chain: Vec<_> = (0..30).map(|n| (0x1000 + 8 * n, 0x1008 + 8 * n)).collect();
    assert_eq!(walk(&Words::new(&chain), 0x1000).1, End::TooDeep(8));
    assert_eq!(walk(&Words::new(&chain), 0x1000).0.len(), 8);
}

#[test]
fn mapped_memory_keeps_to_its_range() {
    let nothing = StackRange { low: 0x1000, high: 0x1000 };
    // SAFETY: no byte is in the range.
    let memory = unsafe { Mapped::new(nothing) };
    for address in [0, 0xFFC, 0x1000, 0x1001, 0xFFFF_FFFC, 0xFFFF_FFFF] {
        assert_eq!(memory.read_word(address), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a stack holds, the walk stays inside it and ends.
    #[test]
    fn any_stack(words in prop::collection::vec(prop_oneof![0x0FF0u32..0x1110, any::<u32>()], 64), sp in 0x0FF0u32..0x1110) {
        let memory = Words { words, hole: None, read: RefCell::default() };
        let (steps, _) = walk(&memory, sp);
        prop_assert!(steps.len() <= 8);
        prop_assert!(memory.read.borrow().len() <= 2 * 9);
    }
}
