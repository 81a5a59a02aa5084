// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random sequences of operations, devices and faults: the driver never forgets a setting, never does what the manuals
//! forbid, never leaves an interrupt in service, and always comes back.

use hal_exc_api::pic::*;
use pic_openpic::fakes::{FakeKind, FakeMpic, Fault};
use pic_openpic::{Config, Model, OpenPic, SavedState};
use proptest::prelude::*;

const SOURCES: u16 = 12;

#[derive(Clone, Debug)]
enum Step {
    Enable(u16),
    Disable(u16),
    Priority(u16, u8),
    Trigger(u16, TriggerMode),
    Affinity(u16, u32),
    Threshold(usize, u8),
    Input(u16, bool),
    Take(usize, bool),
    SaveRestore,
}

fn step() -> impl Strategy<Value = Step> {
    let line = 0..SOURCES;
    let mode = prop::sample::select(vec![
        TriggerMode::LevelHigh,
        TriggerMode::LevelLow,
        TriggerMode::EdgeRising,
        TriggerMode::EdgeFalling,
    ]);
    prop_oneof![
        line.clone().prop_map(Step::Enable),
        line.clone().prop_map(Step::Disable),
        (line.clone(), any::<u8>()).prop_map(|(line, level)| Step::Priority(line, level % 18)),
        (line.clone(), mode).prop_map(|(line, mode)| Step::Trigger(line, mode)),
        (line.clone(), 0u32..5).prop_map(|(line, cpus)| Step::Affinity(line, cpus)),
        (0usize..2, 0u8..16).prop_map(|(cpu, level)| Step::Threshold(cpu, level)),
        (line, any::<bool>()).prop_map(|(line, active)| Step::Input(line, active)),
        (0usize..2, any::<bool>()).prop_map(|(cpu, served)| Step::Take(cpu, served)),
        Just(Step::SaveRestore),
    ]
}

fn kinds() -> impl Strategy<Value = (FakeKind, Model)> {
    prop::sample::select(vec![
        (FakeKind::MPIC_4_2, Model::FREESCALE),
        (FakeKind::MPIC_4_3, Model::FREESCALE_4_3),
        (FakeKind::MPIC_2_0, Model::FREESCALE),
        (FakeKind::KEYLARGO, Model::KEYLARGO),
    ])
}

/// What was asked for last, and granted.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Wanted {
    enabled: bool,
    priority: u8,
    trigger: TriggerMode,
    cpus: u32,
}

fn start(kind: FakeKind, model: Model) -> (FakeMpic, OpenPic<FakeMpic>) {
    let fake = FakeMpic::new(kind, 2);
    let pic = OpenPic::start(fake.clone(), &Config { patience: 20, ..Config::new(model) }).unwrap();
    for cpu in CpuMask::first(2) {
        pic.init_cpu(cpu).unwrap();
    }
    (fake, pic)
}

proptest! {
    #[test]
    fn settings_are_kept((kind, model) in kinds(), steps in prop::collection::vec(step(), 1..120)) {
        let (fake, pic) = start(kind, model);
        let initial = Wanted { enabled: false, priority: 8, trigger: TriggerMode::LevelLow, cpus: 1 };
        let mut wanted = [initial; SOURCES as usize];
        let mut inputs = [false; SOURCES as usize];
        for step in steps {
            match step {
                Step::Enable(n) => {
                    pic.enable(Line::new(n)).unwrap();
                    wanted[usize::from(n)].enabled = true;
                }
                Step::Disable(n) => {
                    pic.disable(Line::new(n)).unwrap();
                    wanted[usize::from(n)].enabled = false;
                }
                Step::Priority(n, level) => {
                    let result = pic.set_priority(Line::new(n), Priority::new(level));
                    prop_assert_eq!(result.is_ok(), (1..=15).contains(&level));
                    if result.is_ok() {
                        wanted[usize::from(n)].priority = level;
                    }
                }
                Step::Trigger(n, mode) => {
                    pic.set_trigger(Line::new(n), mode).unwrap();
                    wanted[usize::from(n)].trigger = mode;
                }
                Step::Affinity(n, cpus) => {
                    let result = pic.set_affinity(Line::new(n), CpuMask::from_bits(cpus));
                    let legal = if model.freescale { cpus == 1 || cpus == 2 } else { (1..=3).contains(&cpus) };
                    prop_assert_eq!(result.is_ok(), legal);
                    if legal {
                        wanted[usize::from(n)].cpus = cpus;
                    }
                }
                Step::Threshold(cpu, level) => {
                    let level = (level > 0).then(|| Priority::new(level));
                    let cpu = CpuId::new(cpu).unwrap();
                    pic.set_threshold(cpu, level).unwrap();
                    prop_assert_eq!(pic.threshold(cpu), Ok(level));
                }
                Step::Input(n, active) => {
                    fake.set_input(n, active);
                    inputs[usize::from(n)] = active;
                }
                Step::Take(cpu, served) => {
                    let cpu = CpuId::new(cpu).unwrap();
                    let asserted = fake.output(cpu);
                    match pic.acknowledge(cpu) {
                        Acknowledged::Claimed(claim) => {
                            prop_assert!(asserted);
                            let n = claim.line().number();
                            let line = wanted[usize::from(n)];
                            prop_assert!(line.enabled && line.cpus & 1 << cpu.index() != 0);
                            let threshold = pic.threshold(cpu).unwrap().map_or(0, Priority::level);
                            prop_assert!(line.priority > threshold);
                            // In service it is not to be changed, and is not.
                            let change = pic.set_priority(claim.line(), Priority::new(1));
                            prop_assert!(matches!(change, Err(PicError::Timeout { .. })), "{:?}", change);
                            if served {
                                fake.set_input(n, false);
                                inputs[usize::from(n)] = false;
                            }
                            pic.end(claim);
                        }
                        Acknowledged::Spurious => prop_assert!(!asserted),
                        Acknowledged::Unknown(vector) => prop_assert!(false, "{:?}", vector),
                    }
                    prop_assert_eq!(fake.in_service(cpu), 0);
                }
                Step::SaveRestore => {
                    let mut state = SavedState::new();
                    pic.save(&mut state);
                    pic.restore(&state).unwrap();
                }
            }
            for (n, line) in wanted.iter().enumerate() {
                let number = Line::new(n as u16);
                prop_assert_eq!(pic.is_enabled(number), Ok(line.enabled));
                prop_assert_eq!(pic.priority(number), Ok(Priority::new(line.priority)));
                prop_assert_eq!(pic.trigger(number), Ok(line.trigger));
                prop_assert_eq!(pic.affinity(number), Ok(CpuMask::from_bits(line.cpus)));
            }
        }
        prop_assert_eq!(fake.violations(), Vec::<String>::new());
    }

    /// Whatever breaks, and whenever: every call comes back, and mended it works again.
    #[test]
    fn faults_never_hang(
        (kind, model) in kinds(),
        fault in prop::sample::select(vec![
            Fault::AllOnes,
            Fault::AllZeros,
            Fault::NeverLeavesReset,
            Fault::StuckActivity(3),
            Fault::VanishedSource(3),
            Fault::SpuriousBurst(7),
        ]),
        steps in prop::collection::vec(step(), 1..40),
        when in 0usize..40,
    ) {
        let (fake, pic) = start(kind, model);
        for (n, step) in steps.into_iter().enumerate() {
            if n == when {
                fake.break_it(fault);
            }
            match step {
                Step::Enable(n) => drop(pic.enable(Line::new(n))),
                Step::Disable(n) => drop(pic.disable(Line::new(n))),
                Step::Priority(n, level) => drop(pic.set_priority(Line::new(n), Priority::new(level))),
                Step::Trigger(n, mode) => drop(pic.set_trigger(Line::new(n), mode)),
                Step::Affinity(n, cpus) => drop(pic.set_affinity(Line::new(n), CpuMask::from_bits(cpus))),
                Step::Threshold(cpu, _) => drop(pic.init_cpu(CpuId::new(cpu).unwrap())),
                Step::Input(n, active) => fake.set_input(n, active),
                Step::Take(cpu, _) => {
                    if let Acknowledged::Claimed(claim) = pic.acknowledge(CpuId::new(cpu).unwrap()) {
                        pic.end(claim);
                    }
                }
                Step::SaveRestore => drop(pic.restore(&SavedState::new())),
            }
        }
        fake.mend();
        drop(pic);
        let pic = OpenPic::start(fake.clone(), &Config { patience: 20, ..Config::new(model) }).unwrap();
        pic.init_cpu(CpuId::BOOT).unwrap();
        pic.enable(Line::new(3)).unwrap();
        fake.set_input(3, false);
        fake.set_input(3, true);
        let Acknowledged::Claimed(claim) = pic.acknowledge(CpuId::BOOT) else { panic!() };
        // Others may be up as well, but nobody has enabled them.
        prop_assert_eq!(claim.line(), Line::new(3));
        pic.end(claim);
    }
}
