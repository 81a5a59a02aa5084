// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starting a controller: what is found, and every way in which it can be refused.

use hal_exc_api::pic::*;
use pic_openpic::fakes::{FakeKind, FakeMpic, Fault};
use pic_openpic::registers::{self, Register};
use pic_openpic::*;

fn config(model: Model) -> Config {
    Config { patience: 100, ..Config::new(model) }
}

fn refused(fake: &FakeMpic, config: &Config) -> StartError {
    match OpenPic::start(fake.clone(), config) {
        Ok(_) => panic!("started"),
        Err(error) => error,
    }
}

#[test]
fn what_is_found() {
    for (kind, model, sources, lines, version) in [
        (FakeKind::MPIC_4_2, Model::FREESCALE, 196, 268, Some((4, 2))),
        (FakeKind::MPIC_2_0, Model::FREESCALE, 80, 268, Some((2, 0))),
        (FakeKind::KEYLARGO, Model::KEYLARGO, 64, 68, None),
    ] {
        let fake = FakeMpic::new(kind, 2);
        let pic = OpenPic::start(fake.clone(), &config(model)).unwrap();
        let identity = pic.identity();
        assert_eq!((identity.sources, identity.cpus, identity.mpic_version()), (sources, 2, version));
        assert_eq!((pic.line_count(), pic.cpu_count()), (lines, 2));
        assert_eq!(fake.violations(), Vec::<String>::new());
        // Everything masked, at the configured priority, for the boot CPU, and every CPU held back.
        for line in (0..lines).map(Line::new).filter(|&line| pic.line_kind(line).is_some()) {
            assert_eq!(pic.is_enabled(line), Ok(false), "{line:?}");
            assert_eq!(pic.priority(line), Ok(Priority::new(8)), "{line:?}");
        }
        assert_eq!(pic.threshold(CpuId::BOOT), Ok(Some(Priority::new(15))));
        assert_eq!(fake.peek(registers::GCR), registers::GCR_MIXED);
    }
}

#[test]
fn feature_register_is_honoured() {
    // One source less than there are register positions: the last does not exist.
    let kind = FakeKind { sources: 63, ..FakeKind::KEYLARGO };
    let pic = OpenPic::start(FakeMpic::new(kind, 1), &config(Model::KEYLARGO)).unwrap();
    let line = Line::new(63);
    assert_eq!(pic.line_kind(line), Some(LineKind::InterProcessor));
    assert_eq!(pic.source_line(63), Err(PicError::NoSuchLine { line, count: 63 }));
    // Raven and Hawk forget one.
    let raven = Model { timers: 0, ..Model::RAVEN_HAWK };
    let pic = OpenPic::start(FakeMpic::new(kind, 1), &config(raven)).unwrap();
    assert_eq!(pic.source_line(63), Ok(line));
    // Internal lines of an MPIC beyond the count do not exist; message and MSI sources do.
    let pic = OpenPic::start(FakeMpic::new(FakeKind::MPIC_2_0, 1), &config(Model::FREESCALE)).unwrap();
    assert_eq!(pic.line_kind(Line::new(79)), Some(LineKind::Source));
    assert_eq!(pic.line_kind(Line::new(80)), None);
    assert_eq!(pic.line_kind(Line::new(176)), Some(LineKind::Message));
    assert_eq!(pic.line_kind(Line::new(231)), Some(LineKind::Msi));
    assert_eq!(pic.line_kind(Line::new(232)), None);
    assert_eq!(pic.line_kind(Line::new(256)), Some(LineKind::InterProcessor));
    assert_eq!(pic.line_kind(Line::new(267)), Some(LineKind::Timer));
    assert_eq!(pic.line_kind(Line::new(268)), None);
}

#[test]
fn epic_has_its_sources_where_they_are() {
    let kind = FakeKind { sources: 26, positions: 256, timers: 4, ..FakeKind::KEYLARGO };
    let fake = FakeMpic::new(kind, 1);
    let serial = Delayed { reads: 16 };
    let pic = OpenPic::start_with(fake.clone(), &config(Model::EPIC_SERIAL), serial).unwrap();
    let exists: Vec<u16> = (0..pic.line_count()).filter(|&n| pic.line_kind(Line::new(n)).is_some()).collect();
    let expected: Vec<u16> = (16..32).chain(129..132).chain(134..135).chain(135..139).collect();
    assert_eq!(exists, expected);
    assert_eq!(pic.ipi_count(), 0);
    assert_eq!(pic.timer_line(0), Ok(Line::new(135)));
    assert_eq!(fake.peek(registers::EICR), registers::EICR_SERIAL | 7 << registers::EICR_RATIO_SHIFT);
    // Taken and ended with the delay.
    pic.init_cpu(CpuId::BOOT).unwrap();
    pic.enable(Line::new(20)).unwrap();
    fake.set_input(20, true);
    let Acknowledged::Claimed(claim) = pic.acknowledge(CpuId::BOOT) else { panic!() };
    fake.set_input(20, false);
    pic.end(claim);
    assert_eq!(fake.in_service(CpuId::BOOT), 0);
}

#[test]
fn absent_controllers() {
    for (fault, word) in [(Fault::AllOnes, u32::MAX), (Fault::AllZeros, 0)] {
        let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
        fake.break_it(fault);
        let error = refused(&fake, &config(Model::FREESCALE));
        assert_eq!(error, StartError::Absent { word });
        assert!(error.to_string().contains(&format!("{word:#010x}")), "{error}");
    }
}

#[test]
fn never_leaves_reset() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    fake.break_it(Fault::NeverLeavesReset);
    let error = refused(&fake, &config(Model::FREESCALE));
    assert_eq!(error, StartError::StuckInReset { reads: 100 });
    assert!(error.to_string().contains("100"));
    // Without a reset it starts.
    let model = Model { can_reset: false, ..Model::FREESCALE };
    assert!(OpenPic::start(fake, &config(model)).is_ok());
}

#[test]
fn stuck_activity_at_start() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    fake.break_it(Fault::StuckActivity(42));
    let timeout = PicError::Timeout { what: "the activity bit", line: Some(Line::new(42)) };
    assert_eq!(refused(&fake, &config(Model::FREESCALE)), StartError::Controller(timeout));
}

#[test]
fn wrong_model() {
    let fake = FakeMpic::new(FakeKind::KEYLARGO, 1);
    assert_eq!(refused(&fake, &config(Model::FREESCALE)), StartError::NotFreescale { word: 0 });
    let fake = FakeMpic::new(FakeKind { brr1: 0x0040_0701, ..FakeKind::MPIC_4_2 }, 1);
    assert_eq!(refused(&fake, &config(Model::FREESCALE)), StartError::NotFreescale { word: 0x0040_0701 });
    let fake = FakeMpic::new(FakeKind { sources: 300, ..FakeKind::KEYLARGO }, 1);
    assert_eq!(refused(&fake, &config(Model::KEYLARGO)), StartError::TooLarge { sources: 300, cpus: 1 });
    // The private window is Freescale's.
    let fake = FakeMpic::new(FakeKind::KEYLARGO, 1);
    let error = OpenPic::start_with(fake, &config(Model::KEYLARGO), PrivateWindow).err();
    assert_eq!(error, Some(StartError::NotFreescale { word: 0 }));
}

#[test]
fn wrong_configuration() {
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    for level in [0, 16, 255] {
        let error = refused(&fake, &Config { priority: Priority::new(level), ..config(Model::FREESCALE) });
        let StartError::Controller(PicError::BadPriority { priority, range }) = error else { panic!("{error}") };
        assert_eq!((priority.level(), range.lowest().level(), range.highest().level()), (level, 1, 15));
        assert!(error.to_string().contains(&level.to_string()));
    }
    let cpu = CpuId::new(1).unwrap();
    let error = refused(&fake, &Config { boot_cpu: cpu, ..config(Model::FREESCALE) });
    let cpus = CpuMask::only(cpu);
    assert_eq!(error, StartError::Controller(PicError::NotRoutable { line: Line::new(0), cpus }));
}

/// A bus that answers like a controller to the first questions and keeps nothing.
struct Rom;
impl Bus for Rom {
    fn read(&self, register: Register) -> u32 {
        match register {
            registers::FRR => 0x003F_0002,
            registers::SVR => 0x0000_0017,
            _ => 0,
        }
    }
    fn write(&self, _: Register, _: u32) {}
}

#[test]
fn registers_that_keep_nothing() {
    let error = OpenPic::start(Rom, &config(Model::KEYLARGO)).err();
    assert_eq!(error, Some(StartError::NotWritable { written: Vector::new(0xFF), read: 0x17 }));
}

struct Version(u32);
impl Bus for Version {
    fn read(&self, _: Register) -> u32 {
        self.0
    }
    fn write(&self, _: Register, _: u32) {}
}

#[test]
fn unknown_version() {
    let error = OpenPic::start(Version(0x003F_0009), &config(Model::OPENPIC)).err();
    assert_eq!(error, Some(StartError::UnknownVersion { version: 9 }));
}

struct NoEpr;
impl ProxyRegister for NoEpr {
    fn read(&self) -> u32 {
        0
    }
}

#[test]
fn external_proxy_needs_version_4() {
    let fake = FakeMpic::new(FakeKind::MPIC_2_0, 1);
    let error = OpenPic::start_with(fake, &config(Model::FREESCALE), ExternalProxy(NoEpr)).err();
    assert_eq!(error, Some(StartError::NoExternalProxy { word: 0x0040_0200 }));
}
