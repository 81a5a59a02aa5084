// SPDX-License-Identifier: MIT OR Apache-2.0
//! Installs on a host: what is written, what is refused, and how each refusal reads.

use std::collections::BTreeMap;

use hal_exc_api::cpu::{Cpu, Pvr, identify};
use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::family::{Family, MsrImages, Wrapper};
use hal_exc_api::flavor::{Class, Flavor};
use hal_exc_api::frame::{Frame, InterruptFrame, IsolatedFrame};
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{
    CpuMemory, Exceptions, HandlerError, InstallError, Layout, MIN_STACK, Range, Setup, StackName, StackSet, VectorArea,
};
use hal_exc_api::memory::CodeMemory;
use hal_exc_api::percpu::{LOCK_STORE, PerCpu};
use hal_exc_api::prologue::{PrologueError, Target, decode, decode_trampoline};
use hal_exc_api::vectors::{VectorAddress, VectorEntry, VectorTable};

const E500V2: u32 = 0x8021_0030;

static TABLE: VectorTable = VectorTable::new(
    "test",
    &[
        VectorEntry::asynchronous(Exception::CriticalInput, VectorAddress::Ivor(0), Flavor::Critical),
        VectorEntry::asynchronous(Exception::MachineCheck, VectorAddress::Ivor(1), Flavor::MachineCheck),
        VectorEntry::asynchronous(Exception::ExternalInput, VectorAddress::Ivor(4), Flavor::Classic),
        VectorEntry::synchronous(Exception::Program, VectorAddress::Ivor(6), Flavor::Classic),
        VectorEntry::synchronous(Exception::FpUnavailable, VectorAddress::Ivor(7), Flavor::Classic),
    ],
);

const NEAR: Target = Target { near: 0x0010_000C, far: 0x0010_0000 };

const fn wrapper(flavor: Flavor, class: Class, asynchronous: bool, target: fn() -> Target) -> Wrapper {
    Wrapper { flavor, class, asynchronous, only: &[], target }
}

static WRAPPERS: [Wrapper; 4] = [
    wrapper(Flavor::Classic, Class::Standard, false, || NEAR),
    wrapper(Flavor::Classic, Class::Standard, true, || Target { near: NEAR.near + 0x100, far: NEAR.far + 0x100 }),
    wrapper(Flavor::Critical, Class::Critical, true, || Target { near: NEAR.near + 0x200, far: NEAR.far + 0x200 }),
    wrapper(Flavor::MachineCheck, Class::MachineCheck, true, || NEAR),
];

/// Wrappers that no branch from a vector at 64 MiB or above reaches.
static FAR: [Wrapper; 4] = [
    wrapper(Flavor::Classic, Class::Standard, false, || Target { near: 0x4000_000C, far: 0x4000_0000 }),
    wrapper(Flavor::Classic, Class::Standard, true, || Target { near: 0x4000_010C, far: 0x4000_0100 }),
    wrapper(Flavor::Critical, Class::Critical, true, || Target { near: 0x4000_020C, far: 0x4000_0200 }),
    wrapper(Flavor::MachineCheck, Class::MachineCheck, true, || Target { near: 0x4000_030C, far: 0x4000_0300 }),
];

struct TestFamily {
    name: &'static str,
    wrappers: &'static [Wrapper],
    table: Option<&'static VectorTable>,
}

// SAFETY: nothing is executed.
unsafe impl Family for TestFamily {
    fn crate_name(&self) -> &'static str {
        self.name
    }

    fn family_name(&self, _: &Cpu) -> &'static str {
        "test"
    }

    fn claims(&self, cpu: &Cpu) -> bool {
        cpu.pvr().0 >> 16 == 0x8021
    }

    fn table(&self, _: &Cpu) -> Option<&'static VectorTable> {
        self.table
    }

    fn wrappers(&self, _: &Cpu) -> &'static [Wrapper] {
        self.wrappers
    }

    fn msr(&self, _: &Cpu) -> MsrImages {
        MsrImages { handler: 0, exit: 0x1000 }
    }

    fn check_base(&self, _: &Cpu, base: u32) -> Result<(), InstallError> {
        if base & 0xFFFF == 0 { Ok(()) } else { Err(InstallError::VectorBase { base, rule: "64 KiB" }) }
    }

    unsafe fn point(&self, _: &Cpu, _: u32, _: &VectorTable) -> Result<(), InstallError> {
        Ok(())
    }
}

static FAMILY: TestFamily = TestFamily { name: "test-family", wrappers: &WRAPPERS, table: Some(&TABLE) };
static OTHER: TestFamily = TestFamily { name: "other-family", wrappers: &WRAPPERS, table: Some(&TABLE) };
static FAR_FAMILY: TestFamily = TestFamily { name: "far", wrappers: &FAR, table: Some(&TABLE) };
static WITHOUT_CRITICAL: TestFamily = TestFamily { name: "few", wrappers: WRAPPERS.split_at(2).0, table: Some(&TABLE) };
static WITHOUT_TABLE: TestFamily = TestFamily { name: "none", wrappers: &WRAPPERS, table: None };

#[derive(Default)]
struct Memory {
    words: BTreeMap<u32, u32>,
    published: Option<(u32, u32, u32)>,
    /// A bit that sticks at one, as a bad cell or a flash does.
    stuck: Option<(u32, u32)>,
}

impl CodeMemory for Memory {
    fn write(&mut self, address: u32, word: u32) {
        self.words.insert(address, word);
    }

    fn read(&self, address: u32) -> u32 {
        let stuck = self.stuck.filter(|(at, _)| *at == address).map_or(0, |(_, bits)| bits);
        self.words.get(&address).copied().unwrap_or(0) | stuck
    }

    fn publish(&mut self, start: u32, len: u32, line: u32) {
        self.published = Some((start, len, line));
    }
}

fn cpu() -> Cpu {
    identify(Pvr(E500V2)).unwrap()
}

const fn stack(start: u32) -> Range {
    Range { start, len: MIN_STACK }
}

const STACKS: StackSet = StackSet {
    interrupt: stack(0x2_0000),
    critical: stack(0x2_1000),
    debug: stack(0x2_2000),
    machine_check: stack(0x2_3000),
    fatal: stack(0x2_4000),
};

fn block() -> &'static PerCpu {
    Box::leak(Box::new(PerCpu::new()))
}

fn layout(stacks: StackSet) -> Layout {
    // SAFETY: nothing is executed, the addresses are never used.
    unsafe { Layout::new(block(), stacks) }
}

fn area(base: u32, len: u32) -> VectorArea {
    // SAFETY: as above.
    unsafe { VectorArea::new(base, len) }
}

fn setup(family: &'static TestFamily) -> Setup {
    Exceptions::new(&cpu(), &[family]).unwrap().memory(layout(STACKS)).vectors(area(0x1_0000, 0x1000))
}

fn refused(setup: Setup) -> InstallError {
    setup.prepare(&mut Memory::default(), 0, true).expect_err("must be refused")
}

#[test]
fn every_vector_is_written_and_decodes_to_its_wrapper() {
    let mut memory = Memory::default();
    let installed = setup(&FAMILY).prepare(&mut memory, 0, true).unwrap();
    for entry in installed.table().entries() {
        let slot = 0x1_0000 + VectorTable::offset_of(entry);
        let words: Vec<u32> = (0..4).map(|i| memory.words[&(slot + 4 * i)]).collect();
        let decoded = decode(slot, &words).unwrap();
        assert_eq!(decoded.vector, VectorWord::new(entry.exception, entry.asynchronous));
        let wrapper = WRAPPERS.iter().find(|w| w.serves(entry)).unwrap();
        assert_eq!(decoded.target, (wrapper.target)().near);
        // Only a standard interrupt begins with the lock store.
        assert_eq!(decoded.first == LOCK_STORE, entry.class() == Class::Standard && entry.asynchronous);
    }
    assert_eq!(memory.published, Some((0x1_0000, 0x80, 32)));
}

#[test]
fn wrappers_out_of_reach_get_trampolines_behind_the_vectors() {
    let mut memory = Memory::default();
    let far = Exceptions::new(&cpu(), &[&FAR_FAMILY]).unwrap();
    let far = far.memory(layout(STACKS)).vectors(area(0x1000_0000, 0x1000));
    let installed = far.prepare(&mut memory, 0, true).unwrap();
    let mut places = Vec::new();
    for entry in installed.table().entries() {
        let slot = 0x1000_0000 + VectorTable::offset_of(entry);
        let words: Vec<u32> = (0..4).map(|i| memory.words[&(slot + 4 * i)]).collect();
        let place = decode(slot, &words).unwrap().target;
        let trampoline: [u32; 7] = core::array::from_fn(|i| memory.words[&(place + 4 * i as u32)]);
        let wrapper = FAR.iter().find(|w| w.serves(entry)).unwrap();
        assert_eq!(decode_trampoline(&trampoline), Some((wrapper.target)().far));
        assert!(place >= 0x1000_0080 && place + 28 <= 0x1000_1000);
        places.push(place);
    }
    places.dedup();
    assert_eq!(places.len(), 5, "one trampoline per vector");
    // No room for them: the error names exception, slot and wrapper.
    let error = refused(
        Exceptions::new(&cpu(), &[&FAR_FAMILY]).unwrap().memory(layout(STACKS)).vectors(area(0x1000_0000, 0x80)),
    );
    assert_eq!(error.to_string(), "critical input: wrapper at 0x4000020c is out of reach of the vector at 0x10000000");
}

#[test]
fn a_naked_vector_is_one_branch() {
    let mut memory = Memory::default();
    setup(&FAMILY).naked(Exception::FpUnavailable, 0x0012_3450).prepare(&mut memory, 0, true).unwrap();
    let word = memory.words[&0x1_0070];
    assert_eq!(hal_exc_api::insn::branch_target(0x1_0070, word), Some(0x0012_3450));
    assert!(!memory.words.contains_key(&0x1_0074));
    assert_eq!(refused(setup(&FAMILY).naked(Exception::Trace, 0x100)).to_string(), "e500v2 has no trace vector");
    assert!(matches!(
        refused(setup(&FAMILY).naked(Exception::FpUnavailable, 0x1234_5678)),
        InstallError::Prologue { exception: Exception::FpUnavailable, error: PrologueError::OutOfReach { .. } }
    ));
}

#[test]
fn no_family_or_two() {
    let none = Exceptions::new(&cpu(), &[]).err().unwrap();
    assert_eq!(none.to_string(), "no family serves PVR 80210030 (e500v2)");
    let two = Exceptions::new(&cpu(), &[&FAMILY, &OTHER]).err().unwrap();
    assert_eq!(two.to_string(), "both test-family and other-family claim PVR 80210030");
    let stranger = identify(Pvr(0x5121_0950)).unwrap();
    assert!(matches!(Exceptions::new(&stranger, &[&FAMILY]), Err(InstallError::NoFamily { .. })));
    assert_eq!(refused(setup(&WITHOUT_TABLE)).to_string(), "no vector table for e500v2");
    assert_eq!(refused(setup(&WITHOUT_CRITICAL)).to_string(), "no wrapper for critical input in flavor critical");
}

#[test]
fn mistake_15_cache_work_is_skipped_when_the_words_are_there() {
    // They are in memory: whether the instruction cache has them is another question.
    let mut memory = Memory::default();
    setup(&FAMILY).prepare(&mut memory, 0, true).unwrap();
    memory.published = None;
    setup(&FAMILY).prepare(&mut memory, 0, true).unwrap();
    assert_eq!(memory.published, Some((0x1_0000, 0x80, 32)));
    // What does not stay is found, with its address.
    memory.stuck = Some((0x1_0004, 1));
    let error = setup(&FAMILY).prepare(&mut memory, 0, true).expect_err("must be refused");
    assert!(matches!(error, InstallError::ReadBack { address: 0x1_0004, .. }), "{error}");
}

#[test]
fn mistake_19_one_code_for_every_failure_and_no_vector_in_it() {
    let failures = [
        refused(setup(&WITHOUT_TABLE)),
        refused(setup(&WITHOUT_CRITICAL)),
        refused(setup(&FAMILY).naked(Exception::Trace, 0x100)),
        refused(setup(&FAMILY).naked(Exception::FpUnavailable, 0x1234_5678)),
    ];
    let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
    for (text, named) in texts.iter().zip(["e500v2", "critical input", "trace", "floating-point unavailable"]) {
        assert!(text.contains(named), "{text}");
        assert_eq!(texts.iter().filter(|other| *other == text).count(), 1, "{text}");
    }
}

#[test]
fn memory_that_does_not_fit() {
    let new = || Exceptions::new(&cpu(), &[&FAMILY]).unwrap();
    assert_eq!(refused(new()), InstallError::NoMemory);
    assert_eq!(refused(new().memory(layout(STACKS))), InstallError::NoVectorArea);
    let with = |base, len| new().memory(layout(STACKS)).vectors(area(base, len));
    assert_eq!(refused(with(0x1_0010, 0x1000)).to_string(), "vectors cannot lie at 0x00010010: 64 KiB");
    assert_eq!(refused(with(0x1_0000, 0x40)).to_string(), "the vector area has 0x40 bytes, 0x80 are needed");
    assert_eq!(
        refused(with(0x2_0000, 0x1000)).to_string(),
        "interrupt stack 0x00020000+0x400 and vector area 0x00020000+0x1000 overlap"
    );
    let stacks = |change: fn(&mut StackSet)| {
        let mut stacks = STACKS;
        change(&mut stacks);
        refused(new().memory(layout(stacks)).vectors(area(0x1_0000, 0x1000)))
    };
    assert_eq!(
        stacks(|s| s.debug = s.critical).to_string(),
        "critical stack 0x00021000+0x400 and debug stack 0x00021000+0x400 overlap"
    );
    assert_eq!(stacks(|s| s.fatal.start += 8).to_string(), "fatal stack 0x00024008+0x400 is not aligned to 16 bytes");
    assert_eq!(
        stacks(|s| s.machine_check.len = 512),
        InstallError::StackTooSmall { stack: StackName::MachineCheck, len: 512, min: MIN_STACK }
    );
    assert_eq!(stacks(|s| s.machine_check.len = 512).to_string(), "machine-check stack has 512 bytes, 1024 are needed");
}

#[test]
fn a_second_install_is_refused_and_a_failed_one_leaves_the_block_free() {
    let both = || layout(STACKS);
    let layout = both();
    let with = || Exceptions::new(&cpu(), &[&FAMILY]).unwrap().memory(layout).vectors(area(0x1_0000, 0x1000));
    let mut bad = Memory { stuck: Some((0x1_0048, 0x8000_0000)), ..Memory::default() };
    let error = with().prepare(&mut bad, 0, true).unwrap_err();
    assert!(matches!(error, InstallError::ReadBack { address: 0x1_0048, .. }));
    assert!(
        error.to_string().starts_with("vector word at 0x00010048 should be 0x3860ff10 and is 0xb860ff10"),
        "{error}"
    );
    with().prepare(&mut Memory::default(), 3, true).unwrap();
    assert_eq!(refused(with()).to_string(), "exceptions are already installed on CPU 3");
}

#[test]
fn a_secondary_cpu_compares_and_does_not_write() {
    let mut memory = Memory::default();
    setup(&FAMILY).prepare(&mut memory, 0, true).unwrap();
    memory.published = None;
    let second = setup(&FAMILY).prepare(&mut memory, 1, false).unwrap();
    assert_eq!((second.per_cpu().index(), memory.published), (1, None));
    *memory.words.get_mut(&0x1_0060).unwrap() ^= 4;
    assert!(matches!(
        setup(&FAMILY).prepare(&mut memory, 1, false),
        Err(InstallError::ReadBack { address: 0x1_0060, .. })
    ));
}

extern "C" fn synchronous(_: &mut Frame) -> Handled {
    Handled::Handled
}

extern "C" fn interrupt(_: &mut InterruptFrame) -> Handled {
    Handled::Handled
}

extern "C" fn isolated(_: &mut IsolatedFrame) -> Handled {
    Handled::Handled
}

#[test]
fn handlers_are_set_got_and_cleared_each_in_its_kind() {
    let installed = setup(&FAMILY).prepare(&mut Memory::default(), 0, true).unwrap();
    assert!(installed.handler(Exception::Program).unwrap().is_none());
    assert!(installed.set_handler(Exception::Program, synchronous).unwrap().is_none());
    assert!(installed.handler(Exception::Program).unwrap().is_some());
    let old = installed.set_handler(Exception::Program, synchronous).unwrap().unwrap();
    assert_eq!(old(&mut Frame::new(VectorWord::new(Exception::Program, false), 0, 0)), Handled::Handled);
    assert!(installed.clear_handler(Exception::Program).unwrap().is_some());
    assert!(installed.clear_handler(Exception::Program).unwrap().is_none());
    installed.set_interrupt_handler(Exception::ExternalInput, interrupt).unwrap();
    installed.set_interrupt_handler(Exception::CriticalInput, interrupt).unwrap();
    installed.set_isolated_handler(Exception::MachineCheck, isolated).unwrap();
}

#[test]
fn a_handler_of_the_wrong_kind_or_for_a_vector_that_is_not_there() {
    let installed = setup(&FAMILY).prepare(&mut Memory::default(), 0, true).unwrap();
    let error = installed.set_handler(Exception::AltivecUnavailable, synchronous).unwrap_err();
    assert_eq!(error, HandlerError::NoVector { exception: Exception::AltivecUnavailable, model: "e500v2" });
    assert_eq!(error.to_string(), "e500v2 has no AltiVec unavailable vector");
    let error = installed.set_handler(Exception::ExternalInput, synchronous).unwrap_err();
    assert_eq!(error.to_string(), "handlers of external input are set by `set_interrupt_handler`");
    let error = installed.set_interrupt_handler(Exception::Program, interrupt).unwrap_err();
    assert_eq!(error.to_string(), "handlers of program are set by `set_handler`");
    let error = installed.set_interrupt_handler(Exception::MachineCheck, interrupt).unwrap_err();
    assert_eq!(error.to_string(), "handlers of machine check are set by `set_isolated_handler`");
    let error = installed.set_isolated_handler(Exception::CriticalInput, isolated).unwrap_err();
    assert_eq!(error.to_string(), "handlers of critical input are set by `set_interrupt_handler`");
}

#[test]
fn a_naked_vector_takes_no_handler() {
    let setup = setup(&FAMILY).naked(Exception::FpUnavailable, 0x0012_3450);
    let installed = setup.prepare(&mut Memory::default(), 0, true).unwrap();
    let error = installed.set_handler(Exception::FpUnavailable, synchronous).unwrap_err();
    assert_eq!(error, HandlerError::Naked { exception: Exception::FpUnavailable });
    assert_eq!(error.to_string(), "the floating-point unavailable vector is naked and calls no handler");
    assert_eq!(installed.handler(Exception::FpUnavailable).unwrap_err(), error);
    installed.set_handler(Exception::Program, synchronous).unwrap();
}

#[test]
fn the_static_memory_of_a_cpu_passes_its_own_checks() {
    static MEMORY: CpuMemory = CpuMemory::new();
    let setup = Exceptions::new(&cpu(), &[&FAMILY]).unwrap().memory(&MEMORY).vectors(area(0x1_0000, 0x1000));
    setup.prepare(&mut Memory::default(), 0, true).unwrap();
}
