// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spin tables in a piece of memory: what is written, in which order it is maintained, and what is refused.

use std::cell::RefCell;

use hal_smp_api::cpus::HwId;
use hal_smp_api::slots::Maintain;
use hal_smp_arm::spin_table::{ROW, Rows, SpinCore, SpinTable, SpinTableError};

/// Notes what is maintained.
#[derive(Default)]
struct Log(RefCell<Vec<(&'static str, usize)>>);

impl Maintain for &Log {
    fn before_read(&self, address: usize) {
        self.0.borrow_mut().push(("invalidate", address));
    }
    fn after_write(&self, address: usize) {
        self.0.borrow_mut().push(("clean", address));
    }
    fn barrier(&self) {
        self.0.borrow_mut().push(("barrier", 0));
    }
}

#[repr(align(64))]
struct Memory([u64; 32]);

impl Memory {
    fn address(&mut self, word: usize) -> u64 {
        &raw mut self.0[word] as u64
    }
}

const A: HwId = HwId(1);
const B: HwId = HwId(0x100);
const C: HwId = HwId(0x0200_0101);
const ENTRY: u64 = 0x8_0000_4000;

#[test]
fn a_release_is_written_cleaned_and_completed() {
    let mut memory = Memory([0; 32]);
    let address = memory.address(3);
    let cores = [SpinCore { id: A, release: address }];
    let log = Log::default();
    // SAFETY: the word is this test's.
    let table = unsafe { SpinTable::new(&cores, &log) }.unwrap();
    // SAFETY: nobody waits.
    unsafe { table.start(A, ENTRY) }.unwrap();
    assert_eq!(memory.0[3], ENTRY.to_le());
    assert_eq!(*log.0.borrow(), [("invalidate", address as usize), ("clean", address as usize), ("barrier", 0)]);
    // SAFETY: nobody waits.
    let again = unsafe { table.start(A, 0x1000) }.unwrap_err();
    assert_eq!(again, SpinTableError::Released { id: A, word: ENTRY });
    assert_eq!(again.to_string(), "core 0x00000001 was released before, to 0x800004000");
    assert_eq!(memory.0[3], ENTRY.to_le(), "nothing is written by a refusal");
}

#[test]
fn a_shared_word_needs_a_gate() {
    let mut memory = Memory([0; 32]);
    let (shared, own) = (memory.address(0), memory.address(1));
    let cores =
        [SpinCore { id: A, release: shared }, SpinCore { id: B, release: own }, SpinCore { id: C, release: shared }];
    let log = Log::default();
    // SAFETY: the words are this test's.
    let table = unsafe { SpinTable::new(&cores, &log) }.unwrap();
    // SAFETY: nobody waits.
    unsafe {
        assert_eq!(table.start(A, ENTRY), Err(SpinTableError::Shared { id: A, with: C }));
        assert_eq!(table.start(C, ENTRY), Err(SpinTableError::Shared { id: C, with: A }));
        assert_eq!((memory.0[0], memory.0[1]), (0, 0));
        table.start(B, ENTRY).unwrap();
        table.start_together(C, ENTRY + 4).unwrap();
    }
    assert_eq!(memory.0[..2], [ENTRY + 4, ENTRY].map(u64::to_le));
}

#[test]
fn bad_input_is_refused() {
    let mut memory = Memory([0; 32]);
    let word = memory.address(0);
    let log = Log::default();
    for release in [0, word + 4] {
        let cores = [SpinCore { id: A, release }];
        // SAFETY: refused before any access.
        let error = unsafe { SpinTable::new(&cores, &log) }.map(|_| ()).unwrap_err();
        assert_eq!(error, SpinTableError::ReleaseAddress(release));
        assert!(error.to_string().contains(&format!("{release:#x}")));
    }
    let cores = [SpinCore { id: A, release: word }];
    // SAFETY: the word is this test's; nobody waits.
    unsafe {
        let table = SpinTable::new(&cores, &log).unwrap();
        assert_eq!(table.start(B, ENTRY), Err(SpinTableError::NoSuchCore(B)));
        assert_eq!(table.start(A, 0), Err(SpinTableError::Entry(0)));
        assert_eq!(table.start(A, ENTRY + 2), Err(SpinTableError::Entry(ENTRY + 2)));
    }
    assert!(log.0.borrow().iter().all(|(what, _)| *what == "invalidate"), "nothing was written");
}

#[test]
fn rows_advertise_a_word_for_each_core() {
    let mut memory = Memory([0xAAAA_AAAA_AAAA_AAAA; 32]);
    let base = memory.address(0);
    let log = Log::default();
    let ids = [A, C];
    // SAFETY: the memory is this test's.
    let rows = unsafe { Rows::write(base, 32 * 8, &ids, &&log) }.unwrap();
    assert_eq!(memory.0[..6], [1, 0, 0x02_0000_0101, 0, u64::MAX, 0]);
    assert_eq!(memory.0[6], 0xAAAA_AAAA_AAAA_AAAA, "not beyond the end mark");
    assert_eq!(log.0.borrow().last(), Some(&("barrier", 0)));
    assert_eq!(rows.core(1, C), Some(SpinCore { id: C, release: base + ROW as u64 + 8 }));
    assert_eq!(rows.core(2, A), None);
    // The next image starts a core by it.
    let cores = [rows.core(0, A).unwrap(), rows.core(1, C).unwrap()];
    // SAFETY: the words are this test's.
    unsafe { SpinTable::new(&cores, &log).unwrap().start(C, ENTRY) }.unwrap();
    assert_eq!(memory.0[3], ENTRY);
    // SAFETY: refused before any access.
    unsafe {
        assert_eq!(Rows::write(base, 47, &ids, &&log).unwrap_err(), SpinTableError::NoRoom(2));
        assert_eq!(Rows::write(base + 8, 64, &ids, &&log).unwrap_err(), SpinTableError::ReleaseAddress(base + 8));
    }
}
