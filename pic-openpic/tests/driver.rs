// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver against the behaving model: every capability, and every fault.

use hal_exc_api::pic::*;
use pic_openpic::fakes::{FakeKind, FakeMpic, Fault};
use pic_openpic::registers;
use pic_openpic::*;

const CPU0: CpuId = CpuId::BOOT;

fn cpu(index: usize) -> CpuId {
    CpuId::new(index).unwrap()
}

fn start(kind: FakeKind, model: Model, cpus: u8) -> (FakeMpic, OpenPic<FakeMpic>) {
    let fake = FakeMpic::new(kind, cpus);
    let pic = OpenPic::start(fake.clone(), &Config { patience: 50, ..Config::new(model) }).unwrap();
    for index in 0..usize::from(cpus) {
        pic.init_cpu(cpu(index)).unwrap();
    }
    (fake, pic)
}

fn mpic() -> (FakeMpic, OpenPic<FakeMpic>) {
    start(FakeKind::MPIC_4_2, Model::FREESCALE, 2)
}

fn claim<H: Handshake>(pic: &OpenPic<FakeMpic, H>, cpu: CpuId) -> InService {
    match pic.acknowledge(cpu) {
        Acknowledged::Claimed(claim) => claim,
        other => panic!("{other:?}"),
    }
}

fn nothing(pic: &OpenPic<FakeMpic>, cpu: CpuId) {
    assert!(matches!(pic.acknowledge(cpu), Acknowledged::Spurious));
}

#[test]
fn priorities_nest_and_hold_back() {
    let (fake, pic) = mpic();
    for (position, priority) in [(1, 3), (2, 9), (3, 9), (4, 14)] {
        let line = Line::new(position);
        pic.set_priority(line, Priority::new(priority)).unwrap();
        pic.enable(line).unwrap();
    }
    fake.set_input(1, true);
    let low = claim(&pic, CPU0);
    assert_eq!(low.line(), Line::new(1));
    fake.set_input(2, true);
    fake.set_input(3, true);
    let middle = claim(&pic, CPU0);
    assert_eq!(middle.line(), Line::new(2));
    // Equal priority does not preempt.
    assert!(!fake.output(CPU0));
    nothing(&pic, CPU0);
    fake.set_input(4, true);
    let high = claim(&pic, CPU0);
    assert_eq!(high.line(), Line::new(4));
    assert_eq!(fake.in_service(CPU0), 3);
    for position in [4, 2, 1] {
        fake.set_input(position, false);
    }
    pic.end(high);
    assert!(!fake.output(CPU0));
    pic.end(middle);
    // Now the other one of the middle priority comes, before the low one goes on.
    let other = claim(&pic, CPU0);
    assert_eq!(other.line(), Line::new(3));
    fake.set_input(3, false);
    pic.end(other);
    pic.end(low);
    assert_eq!(fake.in_service(CPU0), 0);
    assert!(!fake.output(CPU0));
}

#[test]
fn threshold_holds_back_up_to_itself() {
    let (fake, pic) = mpic();
    let line = Line::new(5);
    pic.enable(line).unwrap();
    fake.set_input(5, true);
    for level in 1..=15 {
        pic.set_threshold(CPU0, Some(Priority::new(level))).unwrap();
        assert_eq!(pic.threshold(CPU0), Ok(Some(Priority::new(level))));
        assert_eq!(fake.output(CPU0), level < 8, "{level}");
    }
    pic.set_threshold(CPU0, None).unwrap();
    assert_eq!(pic.threshold(CPU0), Ok(None));
    assert!(fake.output(CPU0));
    let bad = Priority::new(0);
    assert!(
        matches!(pic.set_threshold(CPU0, Some(bad)), Err(PicError::BadPriority { priority, .. }) if priority == bad)
    );
    assert_eq!(pic.set_threshold(cpu(2), None), Err(PicError::NoSuchCpu { cpu: cpu(2), count: 2 }));
}

#[test]
fn priorities_round_trip_in_one_direction() {
    let (_, pic) = mpic();
    let line = Line::new(42);
    for level in 1..=15 {
        pic.set_priority(line, Priority::new(level)).unwrap();
        assert_eq!(pic.priority(line), Ok(Priority::new(level)));
    }
    for level in [0, 16] {
        let priority = Priority::new(level);
        assert!(matches!(pic.set_priority(line, priority), Err(PicError::BadPriority { .. })));
    }
    assert_eq!(pic.priority(line), Ok(Priority::new(15)));
    assert_eq!(pic.priority_range().levels(), 15);
}

#[test]
fn level_lines_stay_edges_do_not() {
    let (fake, pic) = mpic();
    let (level, edge) = (Line::new(1), Line::new(2));
    pic.set_trigger(level, TriggerMode::LevelHigh).unwrap();
    pic.set_trigger(edge, TriggerMode::EdgeRising).unwrap();
    for line in [level, edge] {
        pic.enable(line).unwrap();
    }
    fake.set_input(1, true);
    let first = claim(&pic, CPU0);
    pic.end(first);
    // Not served: comes again.
    let second = claim(&pic, CPU0);
    assert_eq!(second.line(), level);
    fake.set_input(1, false);
    pic.end(second);
    fake.set_input(2, true);
    let once = claim(&pic, CPU0);
    pic.end(once);
    nothing(&pic, CPU0);
    // An edge while it is masked is kept.
    pic.disable(edge).unwrap();
    fake.set_input(2, false);
    fake.set_input(2, true);
    nothing(&pic, CPU0);
    pic.enable(edge).unwrap();
    let kept = claim(&pic, CPU0);
    assert_eq!(kept.line(), edge);
    pic.end(kept);
}

#[test]
fn trigger_modes() {
    let (fake, pic) = mpic();
    use TriggerMode::*;
    for mode in [LevelHigh, LevelLow, EdgeRising, EdgeFalling] {
        // External ones have all four, at any time: also enabled.
        pic.set_trigger(Line::new(3), mode).unwrap();
        assert_eq!(pic.trigger(Line::new(3)), Ok(mode));
        pic.enable(Line::new(3)).unwrap();
        // Internal ones are level.
        let line = Line::new(42);
        if mode.is_level() {
            pic.set_trigger(line, mode).unwrap();
            assert_eq!(pic.trigger(line), Ok(mode));
        } else {
            assert_eq!(pic.set_trigger(line, mode), Err(PicError::BadTrigger { line, mode }));
        }
    }
    assert_eq!(pic.is_enabled(Line::new(3)), Ok(true));
    let timer = pic.timer_line(0).unwrap();
    let unsupported = PicError::Unsupported { capability: Capability::Trigger, line: Some(timer) };
    assert_eq!(pic.set_trigger(timer, LevelHigh), Err(unsupported));
    assert_eq!(pic.trigger(timer), Err(unsupported));
    assert_eq!(fake.violations(), Vec::<String>::new());
}

/// The wait for activity protects: a line in service is not changed.
#[test]
fn a_line_in_service_is_not_changed() {
    let (fake, pic) = mpic();
    let line = Line::new(7);
    pic.enable(line).unwrap();
    fake.set_input(7, true);
    let in_service = claim(&pic, CPU0);
    let timeout = PicError::Timeout { what: "the activity bit", line: Some(line) };
    assert_eq!(pic.set_priority(line, Priority::new(12)), Err(timeout));
    assert_eq!(pic.set_trigger(line, TriggerMode::EdgeRising), Err(timeout));
    assert_eq!(fake.violations(), Vec::<String>::new());
    // Nothing changed, and it is still enabled.
    assert_eq!((pic.priority(line), pic.is_enabled(line)), (Ok(Priority::new(8)), Ok(true)));
    fake.set_input(7, false);
    pic.end(in_service);
    assert_eq!(pic.set_priority(line, Priority::new(12)), Ok(()));
}

#[test]
fn interprocessor_interrupts() {
    let (fake, pic) = mpic();
    assert_eq!(pic.ipi_count(), 4);
    for number in 0..4 {
        let line = pic.ipi_line(number).unwrap();
        assert_eq!(line, Line::new(256 + u16::from(number)));
        assert_eq!(pic.is_enabled(line), Ok(false));
        pic.send(CPU0, number, IpiTarget::List(CpuMask::first(2))).unwrap();
        assert!(!fake.output(CPU0) && !fake.output(cpu(1)));
        pic.enable(line).unwrap();
        for (target, hit) in [
            (IpiTarget::Myself, [true, false]),
            (IpiTarget::Others, [false, true]),
            (IpiTarget::List(CpuMask::first(2)), [true, true]),
            (IpiTarget::List(CpuMask::EMPTY), [false, false]),
        ] {
            for index in 0..2 {
                // What was pending from before.
                while let Acknowledged::Claimed(claim) = pic.acknowledge(cpu(index)) {
                    pic.end(claim);
                }
            }
            pic.send(CPU0, number, target).unwrap();
            for (index, &hit) in hit.iter().enumerate() {
                assert_eq!(fake.output(cpu(index)), hit, "{target:?} at {index}");
                if hit {
                    let claim = claim(&pic, cpu(index));
                    assert_eq!(claim.line(), line);
                    pic.end(claim);
                }
            }
        }
        pic.disable(line).unwrap();
    }
    assert_eq!(pic.send(CPU0, 4, IpiTarget::Myself), Err(PicError::NoSuchIpi { number: 4, count: 4 }));
    let beyond = IpiTarget::List(CpuMask::only(cpu(2)));
    assert_eq!(pic.send(CPU0, 0, beyond), Err(PicError::NoSuchCpu { cpu: cpu(2), count: 2 }));
    assert_eq!(pic.send(cpu(2), 0, IpiTarget::Myself), Err(PicError::NoSuchCpu { cpu: cpu(2), count: 2 }));
    // Raise is to oneself.
    let line = pic.ipi_line(1).unwrap();
    pic.enable(line).unwrap();
    pic.raise(cpu(1), line).unwrap();
    assert!(fake.output(cpu(1)) && !fake.output(CPU0));
}

#[test]
fn affinity_moves_a_line() {
    let (fake, pic) = mpic();
    let line = Line::new(42);
    pic.enable(line).unwrap();
    fake.set_input(42, true);
    assert!(fake.output(CPU0) && !fake.output(cpu(1)));
    pic.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
    assert!(!fake.output(CPU0) && fake.output(cpu(1)));
    assert_eq!(pic.affinity(line), Ok(CpuMask::only(cpu(1))));
    // One CPU only, not none, none that is absent; and nothing changed.
    for cpus in [CpuMask::first(2), CpuMask::EMPTY, CpuMask::only(cpu(5))] {
        assert_eq!(pic.set_affinity(line, cpus), Err(PicError::NotRoutable { line, cpus }));
    }
    assert_eq!(pic.affinity(line), Ok(CpuMask::only(cpu(1))));
    let ipi = pic.ipi_line(0).unwrap();
    let unsupported = PicError::Unsupported { capability: Capability::Affinity, line: Some(ipi) };
    assert_eq!(pic.set_affinity(ipi, CpuMask::first(1)), Err(unsupported));
    // A plain OpenPIC distributes.
    let (fake, pic) = start(FakeKind::KEYLARGO, Model::KEYLARGO, 2);
    pic.set_affinity(line, CpuMask::first(2)).unwrap();
    pic.enable(line).unwrap();
    fake.set_input(42, true);
    let taken = claim(&pic, cpu(1));
    nothing(&pic, CPU0);
    pic.end(taken);
}

#[test]
fn timers_count_cascade_and_stop() {
    let (fake, pic) = mpic();
    assert_eq!(Timers::timer_count(&pic), 8);
    for number in 0..8 {
        let line = pic.timer_line(number).unwrap();
        assert_eq!(line, Line::new(260 + u16::from(number)));
        pic.enable(line).unwrap();
        pic.start_timer(number, 1000).unwrap();
        fake.tick(999);
        assert!(!fake.output(CPU0));
        assert_eq!(pic.timer_count_left(number), Ok(1));
        fake.tick(1);
        let claim = claim(&pic, CPU0);
        assert_eq!(claim.line(), line);
        pic.end(claim);
        pic.stop_timer(number).unwrap();
        fake.tick(100_000);
        nothing(&pic, CPU0);
        assert_eq!(pic.timer_hz(number), Ok(Some(25_000_000)));
    }
    for ticks in [0, 1 << 31, u32::MAX] {
        assert_eq!(pic.start_timer(0, ticks), Err(PicError::BadPeriod { ticks, max: (1 << 31) - 1 }));
    }
    assert_eq!(pic.start_timer(8, 1), Err(PicError::NoSuchTimer { number: 8, count: 8 }));
    pic.set_timer_clock(5, TimerClock::DividedBy64).unwrap();
    pic.set_timer_cascade(5, TimerCascade::TwoThree).unwrap();
    assert_eq!(fake.peek(registers::timer_control(4)), 3 << 8 | 4);
    pic.set_timer_clock(5, TimerClock::RealTime).unwrap();
    assert_eq!(fake.peek(registers::timer_control(4)), 1 << 16 | 4);
    assert_eq!(fake.peek(registers::timer_control(0)), 0);
}

/// Start, save, restore and every wrong call: KeyLargo's timers stay untouched.
#[test]
fn keylargo_timers_are_never_touched() {
    let (fake, pic) = start(FakeKind::KEYLARGO, Model::KEYLARGO, 1);
    assert_eq!(pic.start_timer(0, 5), Err(PicError::NoSuchTimer { number: 0, count: 0 }));
    assert_eq!(pic.set_timer_clock(0, TimerClock::DividedBy8), Err(PicError::NoSuchTimer { number: 0, count: 0 }));
    assert_eq!(pic.timer_hz(0), Err(PicError::NoSuchTimer { number: 0, count: 0 }));
    let mut state = SavedState::new();
    pic.save(&mut state);
    pic.restore(&state).unwrap();
    assert_eq!(fake.violations(), Vec::<String>::new());
    // The model does notice: a plain OpenPIC with timers would.
    let fake = FakeMpic::new(FakeKind::KEYLARGO, 1);
    let _ = OpenPic::start(fake.clone(), &Config::new(Model::OPENPIC));
    assert!(!fake.violations().is_empty());
}

#[test]
fn messages() {
    let (fake, pic) = mpic();
    for number in 0..8 {
        let line = pic.message_line(number).unwrap();
        assert_eq!(line, Line::new(176 + u16::from(number)));
        pic.enable_message(number, true).unwrap();
        pic.enable(line).unwrap();
        assert_eq!(pic.receive_message(number), Ok(None));
        pic.send_message(number, 0xCAFE_0000 | u32::from(number)).unwrap();
        let claim = claim(&pic, CPU0);
        assert_eq!(claim.line(), line);
        assert_eq!(pic.receive_message(number), Ok(Some(0xCAFE_0000 | u32::from(number))));
        pic.end(claim);
        nothing(&pic, CPU0);
        pic.send_message(number, 1).unwrap();
        assert!(fake.output(CPU0));
        pic.clear(line).unwrap();
        assert!(!fake.output(CPU0));
        pic.enable_message(number, false).unwrap();
        pic.send_message(number, 1).unwrap();
        assert!(!fake.output(CPU0));
    }
    let line = Line::new(184);
    assert_eq!(pic.message_line(8), Err(PicError::NoSuchLine { line, count: 268 }));
}

#[test]
fn shared_msi_allocate_fire_free() {
    let (fake, pic) = mpic();
    let bank = pic.shared_msi(3, 0xFE04_1740).unwrap();
    assert_eq!(bank.upstream(), Line::new(227));
    pic.enable(bank.upstream()).unwrap();
    let mut messages = Vec::new();
    for number in 0..32u16 {
        let message = bank.allocate_msi().unwrap();
        assert_eq!(message.line, Line::new(number));
        assert_eq!(message.data, 3 << 29 | u32::from(number) << 24);
        assert_eq!(message.address, 0xFE04_1740);
        messages.push(message);
    }
    assert_eq!(bank.allocate_msi(), Err(PicError::NoFreeMsi { count: 32 }));
    bank.enable(Line::new(7)).unwrap();
    bank.enable(Line::new(30)).unwrap();
    // As devices do it.
    for line in [7, 30] {
        Bus::write(&fake, registers::MSIIR, messages[line].data);
    }
    let above = claim(&pic, CPU0);
    assert_eq!(above.line(), bank.upstream());
    for expected in [30, 7] {
        let Acknowledged::Claimed(claim) = bank.acknowledge(CPU0) else { panic!() };
        assert_eq!(claim.line(), Line::new(expected));
        bank.end(claim);
    }
    assert!(matches!(bank.acknowledge(CPU0), Acknowledged::Spurious));
    pic.end(above);
    nothing(&pic, CPU0);
    // Masked: kept until it is enabled, and then it interrupts.
    bank.raise(CPU0, Line::new(9)).unwrap();
    let above = claim(&pic, CPU0);
    assert!(matches!(bank.acknowledge(CPU0), Acknowledged::Spurious));
    pic.end(above);
    assert_eq!(bank.is_pending(Line::new(9)), Ok(true));
    nothing(&pic, CPU0);
    bank.enable(Line::new(9)).unwrap();
    let above = claim(&pic, CPU0);
    let Acknowledged::Claimed(claim) = bank.acknowledge(CPU0) else { panic!() };
    assert_eq!(claim.line(), Line::new(9));
    bank.end(claim);
    pic.end(above);
    // Clearing one leaves the other.
    bank.raise(CPU0, Line::new(7)).unwrap();
    bank.raise(CPU0, Line::new(30)).unwrap();
    bank.clear(Line::new(30)).unwrap();
    let Acknowledged::Claimed(claim) = bank.acknowledge(CPU0) else { panic!() };
    assert_eq!(claim.line(), Line::new(7));
    bank.end(claim);
    assert!(matches!(bank.acknowledge(CPU0), Acknowledged::Spurious));
    // Freed: masked, and can be had again.
    bank.free_msi(Line::new(7)).unwrap();
    assert_eq!(bank.free_msi(Line::new(7)), Err(PicError::MsiNotAllocated { line: Line::new(7) }));
    assert_eq!(bank.is_enabled(Line::new(7)), Ok(false));
    assert_eq!(bank.allocate_msi().unwrap().line, Line::new(7));
    let line = Line::new(32);
    assert_eq!(bank.free_msi(line), Err(PicError::NoSuchLine { line, count: 32 }));
    assert_eq!(pic.shared_msi(8, 0).err(), Some(PicError::NoSuchMsiRegister { number: 8, count: 8 }));
}

/// A flood of messages cannot keep the CPU: the register is left after a bounded number of reads, and nothing
/// is lost.
#[test]
fn msi_flood_is_bounded() {
    let (fake, pic) = mpic();
    let bank = pic.shared_msi(0, 0).unwrap();
    pic.enable(bank.upstream()).unwrap();
    bank.enable(Line::new(1)).unwrap();
    bank.raise(CPU0, Line::new(1)).unwrap();
    let mut served = 0;
    while let Acknowledged::Claimed(claim) = bank.acknowledge(CPU0) {
        served += 1;
        assert!(served <= u32::from(bank.burst_limit()), "no end");
        bank.raise(CPU0, Line::new(1)).unwrap();
        bank.end(claim);
    }
    assert_eq!(served, 4);
    assert!(fake.output(CPU0), "the last one is lost");
}

#[test]
fn critical_routing_by_level_register() {
    let (fake, pic) = mpic();
    let line = Line::new(42);
    pic.enable(line).unwrap();
    fake.set_input(42, true);
    for (output, normal, critical, machine_check) in [
        (Output::Critical, false, true, false),
        (Output::MachineCheck, false, false, true),
        (Output::Normal, true, false, false),
    ] {
        pic.set_output(line, output).unwrap();
        assert_eq!(pic.output(line), Ok(output));
        let outputs = (fake.output(CPU0), fake.critical_output(CPU0), fake.machine_check_output(CPU0));
        assert_eq!(outputs, (normal, critical, machine_check), "{output:?}");
        // The mask bit is ignored there, and the driver does not pretend.
        let unsupported = PicError::Unsupported { capability: Capability::Mask, line: Some(line) };
        let expected = if output == Output::Normal { Ok(()) } else { Err(unsupported) };
        assert_eq!(pic.disable(line), expected);
        pic.enable(line).unwrap();
    }
    // It follows the affinity.
    pic.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
    pic.set_output(line, Output::Critical).unwrap();
    assert!(fake.critical_output(cpu(1)) && !fake.critical_output(CPU0));
    let timer = pic.timer_line(0).unwrap();
    let unsupported = PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(timer) };
    assert_eq!(pic.set_output(timer, Output::Critical), Err(unsupported));
}

#[test]
fn critical_routing_by_destination_bits() {
    let (fake, pic) = start(FakeKind::MPIC_2_0, Model::FREESCALE, 2);
    let line = Line::new(42);
    pic.enable(line).unwrap();
    fake.set_input(42, true);
    pic.set_output(line, Output::Critical).unwrap();
    assert_eq!(fake.peek(registers::source_destination(42)), registers::IDR_CI0);
    assert!(fake.critical_output(CPU0) && !fake.output(CPU0));
    assert_eq!((pic.output(line), pic.affinity(line)), (Ok(Output::Critical), Ok(CpuMask::only(CPU0))));
    pic.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
    assert_eq!(pic.output(line), Ok(Output::Critical));
    assert!(fake.critical_output(cpu(1)) && !fake.critical_output(CPU0));
    let unsupported = PicError::Unsupported { capability: Capability::CriticalRouting, line: Some(line) };
    assert_eq!(pic.set_output(line, Output::MachineCheck), Err(unsupported));
    pic.set_output(line, Output::Normal).unwrap();
    assert!(fake.output(cpu(1)) && !fake.critical_output(cpu(1)));
    // A plain OpenPIC has none of it.
    let (_, pic) = start(FakeKind::KEYLARGO, Model::KEYLARGO, 1);
    assert_eq!(pic.set_output(line, Output::Critical), Err(unsupported));
    assert_eq!(pic.set_output(line, Output::Normal), Ok(()));
}

struct Epr(FakeMpic);
impl ProxyRegister for Epr {
    fn read(&self) -> u32 {
        self.0.proxy_vector().unwrap()
    }
}

#[test]
fn external_proxy() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    let proxy = ExternalProxy(Epr(fake.clone()));
    let pic = OpenPic::start_with(fake.clone(), &Config::new(Model::FREESCALE), proxy).unwrap();
    assert_eq!(fake.peek(registers::GCR), registers::GCR_PROXY);
    pic.init_cpu(CPU0).unwrap();
    pic.enable(Line::new(42)).unwrap();
    fake.set_input(42, true);
    // The controller acknowledges by itself when it delivers.
    assert_eq!(fake.proxy_deliver(CPU0), Some(42));
    assert_eq!(fake.in_service(CPU0), 1);
    let taken = claim(&pic, CPU0);
    assert_eq!(taken.line(), Line::new(42));
    fake.set_input(42, false);
    pic.end(taken);
    assert_eq!(fake.in_service(CPU0), 0);
    assert_eq!(fake.proxy_deliver(CPU0), None);
}

#[test]
fn private_window_is_the_reading_cpus() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 2);
    let one = cpu(1);
    let bus = fake.as_seen_by(one);
    let pic = OpenPic::start_with(bus, &Config::new(Model::FREESCALE), PrivateWindow).unwrap();
    pic.init_cpu(CPU0).unwrap();
    pic.init_cpu(one).unwrap();
    let line = Line::new(20);
    pic.set_affinity(line, CpuMask::only(one)).unwrap();
    pic.enable(line).unwrap();
    fake.set_input(20, true);
    let taken = claim(&pic, one);
    assert_eq!((taken.line(), fake.in_service(one), fake.in_service(CPU0)), (line, 1, 0));
    fake.set_input(20, false);
    pic.end(taken);
    assert_eq!(fake.in_service(one), 0);
}

#[test]
fn what_cannot_be_done_is_said() {
    let (_, pic) = mpic();
    let line = Line::new(42);
    let unsupported = |capability| Err(PicError::Unsupported { capability, line: Some(line) });
    assert_eq!(pic.raise(CPU0, line), unsupported(Capability::Raise));
    assert_eq!(pic.clear(line), unsupported(Capability::Clear));
    let absent = Line::new(233);
    let no_line = PicError::NoSuchLine { line: absent, count: 268 };
    assert_eq!(pic.enable(absent), Err(no_line));
    assert_eq!(pic.disable(absent), Err(no_line));
    assert_eq!(pic.is_enabled(absent), Err(no_line));
    assert_eq!(pic.is_pending(absent), Err(no_line));
    assert_eq!(pic.raise(CPU0, absent), Err(no_line));
    assert_eq!(pic.clear(absent), Err(no_line));
    assert_eq!(pic.set_priority(absent, Priority::new(1)), Err(no_line));
    assert_eq!(pic.priority(absent), Err(no_line));
    assert_eq!(pic.set_trigger(absent, TriggerMode::LevelHigh), Err(no_line));
    assert_eq!(pic.trigger(absent), Err(no_line));
    assert_eq!(pic.set_affinity(absent, CpuMask::first(1)), Err(no_line));
    assert_eq!(pic.affinity(absent), Err(no_line));
    assert_eq!(pic.set_output(absent, Output::Normal), Err(no_line));
    assert_eq!(pic.output(absent), Err(no_line));
    assert_eq!(pic.line_attributes(absent), Err(no_line));
    let attributes = pic.line_attributes(line).unwrap();
    assert!(attributes.can_mask && attributes.can_set_affinity && attributes.can_set_output);
    assert!(!attributes.can_raise && !attributes.can_clear);
}

#[test]
fn spurious_and_unknown_vectors() {
    let (fake, pic) = mpic();
    nothing(&pic, CPU0);
    pic.enable(Line::new(1)).unwrap();
    fake.set_input(1, true);
    fake.break_it(Fault::SpuriousBurst(3));
    for _ in 0..3 {
        nothing(&pic, CPU0);
    }
    let taken = claim(&pic, CPU0);
    fake.set_input(1, false);
    pic.end(taken);
    // Gone: all ones are no line and no spurious vector.
    fake.break_it(Fault::AllOnes);
    assert!(matches!(pic.acknowledge(CPU0), Acknowledged::Unknown(vector) if vector == Vector::new(0xFFFF)));
    assert_eq!(
        pic.set_priority(Line::new(1), Priority::new(3)),
        Err(PicError::Timeout { what: "the activity bit", line: Some(Line::new(1)) })
    );
    assert!(matches!(pic.init_cpu(CPU0), Err(PicError::Timeout { .. })));
    assert!(matches!(pic.restore(&SavedState::new()), Err(StartError::StuckInReset { .. })));
}

#[test]
fn faults_end_in_errors() {
    let (fake, pic) = mpic();
    let line = Line::new(9);
    fake.break_it(Fault::VanishedSource(9));
    // Reads zero: the vector is wrong and cannot be put right.
    assert_eq!(pic.enable(line), Err(PicError::Timeout { what: "the vector/priority register", line: Some(line) }));
    assert_eq!(pic.disable(line), Err(PicError::Timeout { what: "the mask bit", line: Some(line) }));
    fake.mend();
    fake.break_it(Fault::StuckActivity(9));
    let timeout = PicError::Timeout { what: "the activity bit", line: Some(line) };
    assert_eq!(pic.set_trigger(line, TriggerMode::LevelHigh), Err(timeout));
    assert!(timeout.to_string().contains("line 9"));
}

#[test]
fn a_former_owners_interrupts_are_ended() {
    let (fake, pic) = mpic();
    for (position, priority) in [(1, 3), (2, 9), (4, 15)] {
        let line = Line::new(position);
        pic.set_priority(line, Priority::new(priority)).unwrap();
        pic.enable(line).unwrap();
        fake.set_input(position, true);
        let _never_ended = claim(&pic, CPU0);
        fake.set_input(position, false);
    }
    assert_eq!(fake.in_service(CPU0), 3);
    pic.init_cpu(CPU0).unwrap();
    assert_eq!(fake.in_service(CPU0), 0);
    fake.set_input(1, true);
    pic.quiet_cpu(CPU0).unwrap();
    assert!(!fake.output(CPU0));
    pic.init_cpu(CPU0).unwrap();
    assert!(fake.output(CPU0));
    assert_eq!(pic.init_cpu(cpu(2)), Err(PicError::NoSuchCpu { cpu: cpu(2), count: 2 }));
}

#[test]
fn save_and_restore() {
    let (fake, pic) = mpic();
    let (line, timer, ipi) = (Line::new(3), pic.timer_line(6).unwrap(), pic.ipi_line(2).unwrap());
    pic.set_trigger(line, TriggerMode::EdgeFalling).unwrap();
    pic.set_priority(line, Priority::new(13)).unwrap();
    pic.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
    pic.set_output(Line::new(50), Output::Critical).unwrap();
    pic.set_timer_clock(6, TimerClock::DividedBy16).unwrap();
    pic.enable_message(5, true).unwrap();
    pic.start_timer(6, 77).unwrap();
    pic.set_threshold(cpu(1), Some(Priority::new(4))).unwrap();
    for line in [line, timer, ipi] {
        pic.enable(line).unwrap();
    }
    let mut state = SavedState::new();
    pic.save(&mut state);
    Bus::write(&fake, registers::GCR, registers::GCR_RESET);
    assert_eq!(pic.is_enabled(line), Ok(false));
    pic.restore(&state).unwrap();
    for line in [line, timer, ipi] {
        assert_eq!(pic.is_enabled(line), Ok(true));
    }
    assert_eq!(pic.is_enabled(Line::new(4)), Ok(false));
    assert_eq!(pic.trigger(line), Ok(TriggerMode::EdgeFalling));
    assert_eq!(pic.priority(line), Ok(Priority::new(13)));
    assert_eq!(pic.affinity(line), Ok(CpuMask::only(cpu(1))));
    assert_eq!(pic.output(Line::new(50)), Ok(Output::Critical));
    assert_eq!((pic.threshold(CPU0), pic.threshold(cpu(1))), (Ok(None), Ok(Some(Priority::new(4)))));
    assert_eq!(fake.peek(registers::timer_control(4)), 1 << 8);
    assert_eq!(fake.peek(registers::message_enable(4)), 2);
    assert_eq!(fake.peek(registers::GCR), registers::GCR_MIXED);
    fake.tick(77);
    let taken = claim(&pic, CPU0);
    assert_eq!(taken.line(), timer);
    pic.end(taken);
    // Saved again it is the same.
    let mut again = SavedState::new();
    pic.save(&mut again);
    assert_eq!(format!("{state:?}"), format!("{again:?}"));
}

/// 256 sources on an 8-bit controller: every line can be had, none is taken for another.
#[test]
fn eight_bit_vectors_for_256_sources() {
    let kind = FakeKind { sources: 256, positions: 256, timers: 4, ..FakeKind::KEYLARGO };
    let (fake, pic) = start(kind, Model::OPENPIC, 1);
    assert_eq!(pic.line_count(), 264);
    for position in 0..256 {
        let line = Line::new(position);
        pic.enable(line).unwrap();
        fake.set_input(position, true);
        let taken = claim(&pic, CPU0);
        assert_eq!(taken.line(), line);
        fake.set_input(position, false);
        pic.end(taken);
        if position >= 223 {
            pic.disable(line).unwrap();
        }
    }
    for number in 0..4 {
        let line = pic.ipi_line(number).unwrap();
        pic.enable(line).unwrap();
        pic.raise(CPU0, line).unwrap();
        let taken = claim(&pic, CPU0);
        assert_eq!(taken.line(), line);
        pic.end(taken);
    }
    // 28 vectors are left, then it is said.
    for position in 223..251 {
        pic.enable(Line::new(position)).unwrap();
    }
    let line = Line::new(251);
    assert_eq!(pic.enable(line), Err(PicError::NoFreeVector { line }));
    pic.disable(Line::new(230)).unwrap();
    pic.enable(line).unwrap();
    fake.set_input(251, true);
    fake.set_input(230, true);
    let taken = claim(&pic, CPU0);
    assert_eq!(taken.line(), line);
    pic.end(taken);
    assert_eq!(fake.violations(), Vec::<String>::new());
}
