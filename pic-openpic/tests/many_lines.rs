// SPDX-License-Identifier: MIT OR Apache-2.0
//! More lines than usual: MPIC 4.3 with sources above position 255 and sixteen MSI registers a bank, and a controller whose
//! eight-bit vectors do not suffice for its lines.

use std::collections::BTreeSet;

use hal_exc_api::pic::*;
use pic_openpic::fakes::{FakeKind, FakeMpic};
use pic_openpic::*;
use proptest::prelude::*;

const CPU0: CpuId = CpuId::BOOT;
const MODEL: Model = Model::FREESCALE_4_3;

fn config(model: Model) -> Config {
    Config { patience: 50, ..Config::new(model) }
}

fn start(kind: FakeKind, model: Model) -> (FakeMpic, OpenPic<FakeMpic>) {
    let fake = FakeMpic::new(kind, 1);
    let pic = OpenPic::start(fake.clone(), &config(model)).unwrap();
    pic.init_cpu(CPU0).unwrap();
    (fake, pic)
}

fn claimed<P: Acknowledge>(pic: &P) -> P::Claim {
    let Acknowledged::Claimed(claim) = pic.acknowledge(CPU0) else { panic!("nothing") };
    claim
}

/// Takes what is pending, silences its source, and says which line it was.
fn take<H: Handshake>(fake: &FakeMpic, pic: &OpenPic<FakeMpic, H>) -> Line {
    let claim = claimed(pic);
    let line = claim.line();
    fake.set_input(line.number(), false);
    pic.end(claim);
    line
}

#[test]
fn lines_of_4_3() {
    let (fake, pic) = start(FakeKind::MPIC_4_3, MODEL);
    assert_eq!(pic.line_count(), MPIC_4_3_LINES);
    for (position, kind) in [
        (175, Some(LineKind::Source)),
        (176, Some(LineKind::Message)),
        (184, None),
        (224, Some(LineKind::Msi)),
        (256, Some(LineKind::Msi)),
        (287, Some(LineKind::Msi)),
        (288, None),
        (383, None),
        (384, Some(LineKind::Source)),
        (479, Some(LineKind::Source)),
        (480, Some(LineKind::InterProcessor)),
        (484, Some(LineKind::Timer)),
        (491, Some(LineKind::Timer)),
        (492, None),
    ] {
        assert_eq!(pic.line_kind(Line::new(position)), kind, "{position}");
    }
    for position in [0, 16, 175, 384, 479] {
        let line = pic.source_line(position).unwrap();
        pic.enable(line).unwrap();
        fake.set_input(position, true);
        assert_eq!(take(&fake, &pic), line);
    }
    for line in [pic.ipi_line(3).unwrap(), pic.timer_line(7).unwrap()] {
        pic.enable(line).unwrap();
    }
    pic.send(CPU0, 3, IpiTarget::Myself).unwrap();
    assert_eq!(take(&fake, &pic), Line::new(483));
    pic.start_timer(7, 5).unwrap();
    fake.tick(5);
    assert_eq!(take(&fake, &pic), Line::new(491));
    assert_eq!(fake.violations(), Vec::<String>::new());
}

/// A position that the model names and a smaller member lacks: refused when it is enabled.
#[test]
fn missing_source_of_4_3() {
    let (_, pic) = start(FakeKind { positions: 400, ..FakeKind::MPIC_4_3 }, MODEL);
    assert_eq!(pic.enable(Line::new(399)), Ok(()));
    let line = Line::new(400);
    assert_eq!(pic.enable(line), Err(PicError::Timeout { what: "the vector/priority register", line: Some(line) }));
}

#[test]
fn save_and_restore_reach_the_last_line() {
    let (fake, pic) = start(FakeKind::MPIC_4_3, MODEL);
    let last = Line::new(479);
    pic.set_priority(last, Priority::new(13)).unwrap();
    pic.enable(last).unwrap();
    let mut state = SavedState::new();
    pic.save(&mut state);
    pic.disable(last).unwrap();
    pic.set_priority(last, Priority::new(2)).unwrap();
    pic.restore(&state).unwrap();
    assert_eq!((pic.priority(last), pic.is_enabled(last)), (Ok(Priority::new(13)), Ok(true)));
    fake.set_input(479, true);
    assert_eq!(take(&fake, &pic), last);
}

#[test]
fn handshakes_know_their_lines() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_3, 1);
    let pic = OpenPic::start_with(fake.clone(), &config(MODEL), Mpic43(PrivateWindow)).unwrap();
    pic.init_cpu(CPU0).unwrap();
    pic.enable(Line::new(470)).unwrap();
    fake.set_input(470, true);
    assert_eq!(take(&fake, &pic), Line::new(470));
    assert!(matches!(pic.acknowledge(CPU0), Acknowledged::Spurious));
    let error = OpenPic::start_with(fake, &config(MODEL), PrivateWindow).err().unwrap();
    assert_eq!(error, StartError::OtherLines { handshake: 268, controller: 492 });
    assert!(error.to_string().contains("268") && error.to_string().contains("492"), "{error}");
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    let error = OpenPic::start_with(fake.clone(), &config(Model::FREESCALE), Mpic43(PrivateWindow)).err();
    assert_eq!(error, Some(StartError::OtherLines { handshake: 492, controller: 268 }));
    let error = OpenPic::start(fake, &config(MODEL)).err().unwrap();
    assert_eq!(error, StartError::NoMsiir1 { word: 0x0040_0402 });
    assert!(error.to_string().contains("0x00400402"), "{error}");
}

/// The feature register may count more than 256 sources, up to what has line numbers.
#[test]
fn feature_register_above_256() {
    let kind = FakeKind { sources: 400, positions: 400, ..FakeKind::MPIC_4_2 };
    let (fake, pic) = start(kind, Model::FREESCALE);
    assert_eq!(pic.line_count(), 412);
    assert_eq!(pic.source_line(400), Err(PicError::NoSuchLine { line: Line::new(400), count: 400 }));
    pic.enable(Line::new(399)).unwrap();
    fake.set_input(399, true);
    assert_eq!(take(&fake, &pic), Line::new(399));
    let error = OpenPic::start_with(FakeMpic::new(kind, 1), &config(Model::FREESCALE), PrivateWindow).err();
    assert_eq!(error, Some(StartError::OtherLines { handshake: 268, controller: 412 }));
    for (sources, refused) in [(500, false), (501, true)] {
        let fake = FakeMpic::new(FakeKind { sources, positions: sources, ..kind }, 1);
        let error = OpenPic::start(fake, &config(Model::FREESCALE)).err();
        assert_eq!(error, refused.then_some(StartError::TooLarge { sources, cpus: 1 }));
    }
}

/// Every message of every register of MPIC 4.3's four banks, and of older ones with three, sent as a device sends it.
#[test]
fn every_message_arrives() {
    let older = Model { msi: MsiLayout::Msiir { banks: 3 }, ..Model::FREESCALE };
    let old_kind = FakeKind { msi: MsiLayout::Msiir { banks: 3 }, ..FakeKind::MPIC_4_2 };
    for (kind, model, banks, per_bank) in [(FakeKind::MPIC_4_3, MODEL, 4, 16), (old_kind, older, 3, 8)] {
        let (fake, pic) = start(kind, model);
        for number in 0..banks * per_bank {
            let bank = number / per_bank;
            let index =
                if per_bank == 16 { registers::shared_msi_index_1(bank) } else { registers::shared_msi_index(bank) };
            let register = pic.shared_msi(number, index.offset() as u64).unwrap();
            pic.enable(register.upstream()).unwrap();
            for _ in 0..32 {
                let message = register.allocate_msi().unwrap();
                register.enable(message.line).unwrap();
                assert_eq!(message.address, index.offset() as u64);
                Bus::write(&fake, index, message.data);
                let above = claimed(&pic);
                assert_eq!(above.line(), register.upstream());
                let claim = claimed(&register);
                assert_eq!(claim.line(), message.line);
                register.end(claim);
                assert!(matches!(register.acknowledge(CPU0), Acknowledged::Spurious));
                pic.end(above);
                assert!(!fake.output(CPU0));
            }
        }
        let count = banks * per_bank;
        let error = pic.shared_msi(count, 0).err().unwrap();
        assert_eq!(error, PicError::NoSuchMsiRegister { number: count, count });
        assert!(error.to_string().contains(&count.to_string()));
        // Cleared through the upstream line as well.
        let register = pic.shared_msi(count - 1, 0).unwrap();
        register.raise(CPU0, Line::new(31)).unwrap();
        assert!(fake.output(CPU0));
        pic.clear(register.upstream()).unwrap();
        assert!(!fake.output(CPU0));
    }
}

/// Words for the index registers as they are written down, so that driver and model cannot be wrong together.
#[test]
fn words_of_the_index_registers() {
    let (_, pic) = start(FakeKind::MPIC_4_3, MODEL);
    for (number, bit, word) in [(0, 0, 0), (5, 0, 0x0500_0000), (31, 1, 0x1F00_0000), (15, 16, 0x0F01_0000)] {
        let register = pic.shared_msi(number, 0).unwrap();
        let messages: Vec<MsiMessage> = (0..32).map(|_| register.allocate_msi().unwrap()).collect();
        assert_eq!(messages[bit].data, word, "{number} {bit}");
    }
}

#[test]
fn allocation_goes_through_the_registers() {
    let (_, pic) = start(FakeKind::MPIC_4_3, MODEL);
    let registers: Vec<_> = [7, 8, 40].map(|number| pic.shared_msi(number, 0).unwrap()).into();
    let mut seen = BTreeSet::new();
    for n in 0..96 {
        let (register, message) = SharedMsi::allocate_from(&registers).unwrap();
        assert_eq!(register.upstream(), registers[n / 32].upstream());
        assert!(seen.insert((register.upstream(), message.line)));
    }
    assert_eq!(SharedMsi::allocate_from(&registers).err(), Some(PicError::NoFreeMsi { count: 96 }));
    registers[1].free_msi(Line::new(9)).unwrap();
    let (register, message) = SharedMsi::allocate_from(&registers).unwrap();
    assert_eq!((register.upstream(), message.line), (Line::new(256), Line::new(9)));
    let none: &[SharedMsi<FakeMpic>] = &[];
    assert_eq!(SharedMsi::allocate_from(none).err(), Some(PicError::NoFreeMsi { count: 0 }));
}

/// 256 sources, four inter-processor interrupts, four timers and the spurious vector on eight bits.
const CROWDED: FakeKind = FakeKind { sources: 256, positions: 256, timers: 4, ..FakeKind::KEYLARGO };
/// Lines below it have a vector of their own.
const SHARING: u16 = 223;
/// Vectors for the others.
const SHARED: usize = 32;

/// A line that is disabled while a CPU has it in service keeps its vector until that CPU ends it: the CPU may have read the
/// vector and not yet looked up whose it is.
#[test]
fn a_vector_in_service_is_nobody_elses() {
    let (fake, pic) = start(CROWDED, Model::OPENPIC);
    let lines = || (SHARING..SHARING + SHARED as u16).map(Line::new);
    lines().for_each(|line| pic.enable(line).unwrap());
    let (first, late) = (Line::new(SHARING), Line::new(SHARING + SHARED as u16));
    fake.set_input(SHARING, true);
    // What the CPU holds between reading the register and looking the vector up.
    let vector = Bus::read(&fake, registers::acknowledge(CPU0));
    pic.disable(first).unwrap();
    assert_eq!(pic.enable(late), Err(PicError::NoFreeVector { line: late }));
    fake.set_input(SHARING, false);
    Bus::write(&fake, registers::end(CPU0), 0);
    pic.enable(late).unwrap();
    fake.set_input(late.number(), true);
    assert_eq!(Bus::read(&fake, registers::acknowledge(CPU0)), vector, "given on after the end");
    fake.set_input(late.number(), false);
    Bus::write(&fake, registers::end(CPU0), 0);
    assert_eq!(fake.violations(), Vec::<String>::new());
}

proptest! {
    /// Whatever is enabled and disabled in whatever order: an interrupt is the line that raised it, and a line is refused
    /// when, and only when, no vector is left.
    #[test]
    fn eight_bits_for_264_lines(steps in prop::collection::vec((200u16..264, any::<bool>()), 1..250)) {
        let (fake, pic) = start(CROWDED, Model::OPENPIC);
        let mut enabled = BTreeSet::new();
        for (number, enable) in steps {
            let line = Line::new(number);
            if enable {
                let used = enabled.iter().filter(|&&other| other >= SHARING).count();
                let room = number < SHARING || enabled.contains(&number) || used < SHARED;
                let result = pic.enable(line);
                prop_assert_eq!(result, if room { Ok(()) } else { Err(PicError::NoFreeVector { line }) });
                if room {
                    enabled.insert(number);
                }
            } else {
                pic.disable(line).unwrap();
                enabled.remove(&number);
            }
            prop_assert_eq!(pic.is_enabled(line), Ok(enabled.contains(&number)));
        }
        for &number in enabled.iter().filter(|&&number| number < 256) {
            fake.set_input(number, true);
            prop_assert_eq!(take(&fake, &pic), Line::new(number));
        }
        for &number in enabled.range(256..260) {
            pic.send(CPU0, (number - 256) as u8, IpiTarget::Myself).unwrap();
            prop_assert_eq!(take(&fake, &pic), Line::new(number));
        }
        prop_assert!(!fake.output(CPU0));
        prop_assert_eq!(fake.violations(), Vec::<String>::new());
    }
}
