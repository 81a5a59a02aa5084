// SPDX-License-Identifier: MIT OR Apache-2.0
//! PSCI against a firmware of our own: every answer that a start, a stop and a question can get.

use std::cell::RefCell;
use std::collections::VecDeque;

use hal_smp_api::clock::{Clock, Micros};
use hal_smp_api::cpus::{Cpu, HwId};
use hal_smp_api::evidence::OffProof;
use hal_smp_api::hooks::{Stopped, VictimHook};
use hal_smp_api::word::{Generation, Refusal};
use hal_smp_arm::psci::{
    AffinityState, Code, Convention, Function, NoPen, OffOrPen, Psci, PsciError, StartError, Started,
    affinity_argument, hardware_id, reason,
};
use smccc::Call;

const NOT_SUPPORTED: i64 = -1;
const INVALID: i64 = -2;
const DENIED: i64 = -3;
const ALREADY_ON: i64 = -4;
const PENDING: i64 = -5;
const INTERNAL: i64 = -6;
const ON: i64 = 0;
const OFF: i64 = 1;
const ON_PENDING: i64 = 2;

/// Answers by function number (low byte of the id); the last of a queue stays.
#[derive(Default)]
struct Firmware {
    answers: [VecDeque<i64>; 16],
    calls: Vec<(u32, u64, u64, u64)>,
}

thread_local! {
    static FIRMWARE: RefCell<Firmware> = RefCell::default();
}

struct Fake;

fn answer(function: u32, args: [u64; 3]) -> i64 {
    FIRMWARE.with_borrow_mut(|firmware| {
        firmware.calls.push((function, args[0], args[1], args[2]));
        let answers = &mut firmware.answers[function as usize & 0xF];
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().copied().unwrap_or(NOT_SUPPORTED) }
    })
}

impl Call for Fake {
    fn call32(function: u32, args: [u32; 7]) -> [u32; 8] {
        assert_eq!(function >> 24, 0x84, "a 64-bit id in a 32-bit call");
        [answer(function, [args[0].into(), args[1].into(), args[2].into()]) as u32, 0, 0, 0, 0, 0, 0, 0]
    }
    fn call64(function: u32, args: [u64; 17]) -> [u64; 18] {
        assert_eq!(function >> 24, 0xC4, "a 32-bit id in a 64-bit call");
        let mut result = [0; 18];
        result[0] = answer(function, [args[0], args[1], args[2]]) as u64;
        result
    }
}

/// PSCI 1.1 that gives these answers; functions as in the low byte of the id.
fn firmware(answers: &[(usize, &[i64])]) -> Psci<Fake> {
    firmware_as(Convention::Smc64, answers)
}

fn firmware_as(convention: Convention, answers: &[(usize, &[i64])]) -> Psci<Fake> {
    FIRMWARE.with_borrow_mut(|firmware| {
        *firmware = Firmware::default();
        firmware.answers[0] = [0x1_0001].into();
        for (function, answers) in answers {
            firmware.answers[*function] = answers.iter().copied().collect();
        }
    });
    let psci = Psci::connect_as(convention).unwrap();
    FIRMWARE.with_borrow_mut(|firmware| firmware.calls.clear());
    psci
}

fn calls() -> Vec<(u32, u64, u64, u64)> {
    FIRMWARE.with_borrow(|firmware| firmware.calls.clone())
}

/// One tick a reading.
#[derive(Default)]
struct Ticks(std::cell::Cell<u64>);

impl Clock for Ticks {
    fn now(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
    fn frequency(&self) -> u64 {
        1_000_000
    }
}

const ID: HwId = HwId(0x0300_0102);
const ENTRY: u64 = 0x12_4010_0000;

fn start(psci: Psci<Fake>) -> Result<Started, StartError> {
    // SAFETY: nothing is started, the firmware is a fake.
    unsafe { psci.start(&Ticks::default(), ID, ENTRY, 7, Micros(50)) }
}

#[test]
fn the_version_decides() {
    FIRMWARE.with_borrow_mut(|firmware| firmware.answers[0] = [NOT_SUPPORTED].into());
    assert_eq!(Psci::<Fake>::connect().unwrap_err(), PsciError::NotSupported(Function::Version));
    FIRMWARE.with_borrow_mut(|firmware| firmware.answers[0] = [1].into());
    let error = Psci::<Fake>::connect().unwrap_err();
    assert_eq!(error, PsciError::TooOld { major: 0, minor: 1 });
    assert_eq!(error.to_string(), "PSCI 0.1 is older than 0.2");
    let psci = firmware(&[]);
    assert_eq!((psci.version().major, psci.version().minor, psci.to_string().as_str()), (1, 1, "PSCI 1.1"));
}

#[test]
fn features_are_asked_for_from_1_0_on() {
    let psci = firmware(&[(0xA, &[0, NOT_SUPPORTED, INTERNAL])]);
    assert_eq!(psci.supports(Function::AffinityInfo), Ok(true));
    assert_eq!(psci.supports(Function::MigrateInfoType), Ok(false));
    assert_eq!(
        psci.supports(Function::CpuOff),
        Err(PsciError::Refused { function: Function::Features, code: Code::InternalFailure })
    );
    assert_eq!(calls()[0], (0x8400_000A, 0xC400_0004, 0, 0));
    FIRMWARE.with_borrow_mut(|firmware| firmware.answers[0] = [2].into());
    let old = Psci::<Fake>::connect().unwrap();
    assert_eq!((old.supports(Function::CpuOff), old.supports(Function::MigrateInfoType)), (Ok(true), Ok(false)));
}

#[test]
fn ids_keep_their_aff3() {
    assert_eq!(affinity_argument(ID), 0x03_0000_0102);
    // U and MT of an MPIDR are no part of the id.
    assert_eq!(hardware_id(0x03_C100_0102), ID);
    assert_eq!(hardware_id(affinity_argument(HwId(0xFFFF_FFFF))), HwId(0xFFFF_FFFF));
}

#[test]
fn a_start_is_confirmed() {
    let psci = firmware(&[(3, &[0]), (4, &[ON_PENDING, ON_PENDING, ON])]);
    assert_eq!(start(psci), Ok(Started::Confirmed));
    assert_eq!(calls()[0], (0xC400_0003, 0x03_0000_0102, ENTRY, 7));
    assert_eq!(calls()[1], (0xC400_0004, 0x03_0000_0102, 0, 0));
    assert_eq!(calls().len(), 4);
}

#[test]
fn a_start_without_affinity_info_is_unconfirmed() {
    assert_eq!(start(firmware(&[(3, &[0])])), Ok(Started::Unconfirmed));
}

#[test]
fn a_start_can_fail_in_every_way() {
    for (answer, code) in [
        (INVALID, Code::InvalidParameters),
        (DENIED, Code::Denied),
        (INTERNAL, Code::InternalFailure),
        (-9, Code::InvalidAddress),
        (-77, Code::Unknown(-77)),
    ] {
        let error = start(firmware(&[(3, &[answer]), (4, &[ON])])).unwrap_err();
        assert_eq!(error, StartError::Psci(PsciError::Refused { function: Function::CpuOn, code }));
        assert!(error.to_string().contains(&format!("CPU_ON answered {answer}")), "{error}");
    }
    assert_eq!(start(firmware(&[])), Err(StartError::Psci(PsciError::NotSupported(Function::CpuOn))));
    assert_eq!(start(firmware(&[(3, &[ALREADY_ON]), (4, &[ON])])), Err(StartError::AlreadyOn(ID)));
}

#[test]
fn an_answer_without_sign_extension_is_understood() {
    let error = start(firmware(&[(3, &[0xFFFF_FFFD])])).unwrap_err();
    assert_eq!(error, StartError::Psci(PsciError::Refused { function: Function::CpuOn, code: Code::Denied }));
    assert_eq!(start(firmware(&[(3, &[0x1_0000_0000])])), Ok(Started::Unconfirmed));
}

#[test]
fn on_pending_is_awaited() {
    // Somebody else's start ends with the core on: it is not ours.
    let psci = firmware(&[(3, &[PENDING]), (4, &[ON_PENDING, ON])]);
    assert_eq!(start(psci), Err(StartError::AlreadyOn(ID)));
    // The earlier start was lost: the core is asked for again.
    let psci = firmware(&[(3, &[PENDING, PENDING, 0]), (4, &[OFF, OFF, ON_PENDING, ON])]);
    assert_eq!(start(psci), Ok(Started::Confirmed));
}

#[test]
fn on_pending_that_stays_is_an_error() {
    // In AFFINITY_INFO, in CPU_ON beside OFF, and without AFFINITY_INFO.
    for affinity in [&[ON_PENDING][..], &[OFF], &[NOT_SUPPORTED]] {
        let error = start(firmware(&[(3, &[PENDING]), (4, affinity)])).unwrap_err();
        assert_eq!(error, StartError::StillPending(ID));
        assert!(error.to_string().contains("0x03000102"), "{error}");
        assert!(calls().len() < 120, "bounded by the clock");
    }
    assert_eq!(start(firmware(&[(3, &[0]), (4, &[ON_PENDING])])), Err(StartError::StillPending(ID)));
}

/// A call of firmware is expensive, and may keep it from what is waited for.
#[test]
fn firmware_is_asked_seldom() {
    let psci = firmware(&[(3, &[0]), (4, &[ON_PENDING])]);
    // SAFETY: nothing is started.
    let started = unsafe { psci.start(&Ticks::default(), ID, ENTRY, 7, Micros(1_000_000)) };
    assert_eq!(started, Err(StartError::StillPending(ID)));
    assert!((60..130).contains(&calls().len()), "{}", calls().len());
}

#[test]
fn a_lost_start_is_told() {
    // Accepted, and then firmware has forgotten it.
    assert_eq!(start(firmware(&[(3, &[0]), (4, &[ON_PENDING, OFF])])), Err(StartError::Lost(ID)));
    assert_eq!(calls().iter().filter(|call| call.0 == 0xC400_0003).count(), 1, "never entered twice");
    assert!(calls().len() < 120, "bounded by the clock");
    // Off for a moment only.
    assert_eq!(start(firmware(&[(3, &[0]), (4, &[OFF, OFF, ON])])), Ok(Started::Confirmed));
}

#[test]
fn thirty_two_bit_calls_have_limits() {
    let psci = firmware_as(Convention::Smc32, &[(3, &[0]), (4, &[ON]), (6, &[0]), (7, &[0x103])]);
    assert_eq!(start(psci), Err(StartError::Psci(PsciError::EntryTooHigh(ENTRY))));
    // SAFETY: nothing is started.
    let on = |id, entry| unsafe { psci.start(&Ticks::default(), id, entry, 7, Micros(50)) };
    assert_eq!(on(ID, 0x4000_0000), Err(StartError::Psci(PsciError::IdTooWide(ID))));
    assert!(calls().is_empty(), "firmware is not asked with half an id");
    assert_eq!(on(HwId(0x102), 0x4000_0000), Ok(Started::Confirmed));
    assert_eq!(calls()[0], (0x8400_0003, 0x102, 0x4000_0000, 7));
    assert_eq!(psci.resident(), Ok(Some(HwId(0x103))));
    assert_eq!(calls().last().unwrap().0, 0x8400_0007);
}

#[test]
fn only_off_is_proof() {
    assert_eq!(firmware(&[(4, &[OFF])]).stopped(ID), Stopped::Off(OffProof::Firmware));
    for answer in [ON, ON_PENDING, 3, NOT_SUPPORTED, INVALID, DENIED, INTERNAL, 0x7FFF_FFFF] {
        assert_eq!(firmware(&[(4, &[answer])]).stopped(ID), Stopped::NoProof, "{answer}");
    }
    assert_eq!(firmware(&[(4, &[ON_PENDING])]).affinity(ID), Ok(AffinityState::OnPending));
    assert_eq!(firmware_as(Convention::Smc32, &[(4, &[OFF])]).stopped(ID), Stopped::NoProof, "half an id");
}

#[test]
fn the_resident_core_is_found() {
    assert_eq!(firmware(&[(6, &[2])]).resident(), Ok(None));
    assert_eq!(firmware(&[(6, &[NOT_SUPPORTED])]).resident(), Ok(None));
    for kind in [0, 1] {
        let psci = firmware(&[(6, &[kind]), (7, &[0x03_8000_0102])]);
        assert_eq!(psci.resident(), Ok(Some(ID)));
    }
    // Any core may be the one.
    assert_eq!(
        firmware(&[(6, &[DENIED])]).resident(),
        Err(PsciError::Refused { function: Function::MigrateInfoType, code: Code::Denied })
    );
    assert_eq!(firmware(&[(6, &[1])]).resident(), Err(PsciError::NotSupported(Function::MigrateInfoUpCpu)));
}

fn leave<P: VictimHook>(psci: Psci<Fake>, pen: P) -> (Refusal, Vec<usize>) {
    let mut quiet = Vec::new();
    let cpu = Cpu::new(2).unwrap();
    let mut hook = OffOrPen::new(psci, |cpu: Cpu| quiet.push(cpu.index()), pen);
    let Err(refusal) = hook.notify_cpu_stop(cpu, Generation::FIRST);
    drop(hook);
    (refusal, quiet)
}

#[test]
fn a_refused_victim_says_why() {
    for (answer, number) in [(DENIED, 3), (NOT_SUPPORTED, 1), (INTERNAL, 6), (-77, 15), (0, 15)] {
        let (refusal, quiet) = leave(firmware(&[(2, &[answer])]), NoPen);
        assert_eq!((refusal.number(), quiet), (number, vec![2]), "{answer}");
        assert_eq!(calls(), [(0x8400_0002, 0, 0, 0)]);
    }
    assert_eq!(reason(PsciError::IdTooWide(ID)).number(), 15);
}

struct OtherPen<'a>(&'a RefCell<Vec<(Cpu, Generation)>>);

// SAFETY: it never leaves.
unsafe impl VictimHook for OtherPen<'_> {
    fn notify_cpu_stop(&mut self, cpu: Cpu, generation: Generation) -> Result<core::convert::Infallible, Refusal> {
        self.0.borrow_mut().push((cpu, generation));
        Err(Refusal::new(9).unwrap())
    }
}

#[test]
fn a_refused_victim_goes_to_the_software_pen() {
    let visits = RefCell::new(Vec::new());
    let (refusal, _) = leave(firmware(&[(2, &[DENIED])]), OtherPen(&visits));
    assert_eq!(*visits.borrow(), [(Cpu::new(2).unwrap(), Generation::FIRST)]);
    assert_eq!(refusal.number(), 9, "the pen's own reason");
}
