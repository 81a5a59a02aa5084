// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a vector table refuses. In a family crate each of these is an error of the compiler.

use hal_exc_api::exception::Exception;
use hal_exc_api::flavor::Flavor;
use hal_exc_api::install::MAX_PLAN;
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};

const fn at(offset: u16, exception: Exception) -> VectorEntry {
    VectorEntry::synchronous(exception, VectorAddress::Offset(offset), Flavor::Classic)
}

const fn ivor(n: u8, exception: Exception) -> VectorEntry {
    VectorEntry::synchronous(exception, VectorAddress::Ivor(n), Flavor::Classic)
}

#[test]
fn sixteen_bytes_apart_is_enough() {
    const ROWS: &[VectorEntry] = &[at(0x1000, Exception::Decrementer), at(0x1010, Exception::FixedIntervalTimer)];
    const TABLE: VectorTable = VectorTable::new("test", ROWS);
    assert_eq!(TABLE.len_bytes(), 0x1020);
}

#[test]
#[should_panic(expected = "more rows than a plan has places")]
fn more_rows_than_an_install_can_plan() {
    const ROWS: [VectorEntry; MAX_PLAN + 1] = {
        let mut rows = [at(0, Exception::Program); MAX_PLAN + 1];
        let mut n = 0;
        while n < rows.len() {
            rows[n] = at(0x100 * (n as u16 + 1), Exception::ALL[n]);
            n += 1;
        }
        rows
    };
    let _ = VectorTable::new("test", &ROWS);
}

#[test]
#[should_panic(expected = "exception stands twice")]
fn an_exception_twice() {
    const ROWS: &[VectorEntry] = &[at(0x0100, Exception::Program), at(0x0200, Exception::Program)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "address stands twice")]
fn an_address_twice() {
    const ROWS: &[VectorEntry] = &[at(0x0700, Exception::Program), at(0x0700, Exception::Alignment)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "IVOR stands twice")]
fn an_ivor_twice() {
    const ROWS: &[VectorEntry] = &[ivor(6, Exception::Program), ivor(6, Exception::Alignment)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "not a multiple of 16")]
fn a_crooked_offset() {
    const ROWS: &[VectorEntry] = &[at(0x0708, Exception::Program)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "no such IVOR")]
fn an_ivor_that_no_core_has() {
    const ROWS: &[VectorEntry] = &[ivor(16, Exception::Program)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "prologue would reach into the next vector")]
fn a_long_prologue_in_a_short_slot() {
    const ROWS: &[VectorEntry] =
        &[at(0x1000, Exception::InstructionTlbMiss).with_shadow_gprs(), at(0x1010, Exception::DataLoadTlbMiss)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "prologue would reach into the next vector")]
fn a_long_prologue_in_a_short_slot_declared_the_other_way_round() {
    const ROWS: &[VectorEntry] =
        &[at(0x1010, Exception::DataLoadTlbMiss), at(0x1000, Exception::InstructionTlbMiss).with_shadow_gprs()];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "prologue does not fit an IVOR slot")]
fn a_long_prologue_in_an_ivor_slot() {
    const ROWS: &[VectorEntry] = &[ivor(14, Exception::InstructionTlbMiss).with_shadow_gprs()];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
#[should_panic(expected = "mixed")]
fn offsets_and_ivors_together() {
    const ROWS: &[VectorEntry] = &[at(0x0700, Exception::Program), ivor(5, Exception::Alignment)];
    let _ = VectorTable::new("test", ROWS);
}

#[test]
fn join_keeps_rows_and_order() {
    const A: &[VectorEntry] = &[at(0x0700, Exception::Program)];
    const B: &[VectorEntry] = &[at(0x0600, Exception::Alignment), at(0x0C00, Exception::SystemCall)];
    assert_eq!(VectorEntry::join::<3>(&[A, &[], B]), [A[0], B[0], B[1]]);
}

#[test]
#[should_panic(expected = "more rows")]
fn join_counts_too_few_places() {
    const A: &[VectorEntry] = &[at(0x0600, Exception::Alignment), at(0x0C00, Exception::SystemCall)];
    let _: [VectorEntry; 1] = VectorEntry::join(&[A]);
}

#[test]
#[should_panic(expected = "fewer rows")]
fn join_counts_too_many_places() {
    const A: &[VectorEntry] = &[at(0x0600, Exception::Alignment)];
    let _: [VectorEntry; 2] = VectorEntry::join(&[A]);
}
