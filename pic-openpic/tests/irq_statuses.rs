// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every status of the interrupt manager, and their order: full products of what can be wrong.

#[path = "support/platform.rs"]
mod platform;

use std::sync::atomic::Ordering;

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::*;
use hal_exc_api::pic::*;
use pic_openpic::Model;
use pic_openpic::fakes::{FakeKind, Fault};
use platform::*;

const LINE: Line = Line::new(42);
const ABSENT: Line = Line::new(240);
const OTHER: Line = Line::new(43);

fn cpu(index: usize) -> CpuId {
    CpuId::new(index).unwrap()
}

fn no_line(line: Line) -> IrqError {
    IrqError::NoSuchLine { line, count: 268 }
}

/// A handler that keeps CPU 1 in it until it is let go.
struct Stay {
    inside: std::sync::Barrier,
    leave: std::sync::Barrier,
}

impl Stay {
    fn serve(&'static self, _: Delivery) -> Handled {
        self.inside.wait();
        self.leave.wait();
        Handled::Handled
    }
    fn leak() -> &'static Self {
        Box::leak(Box::new(Self { inside: std::sync::Barrier::new(2), leave: std::sync::Barrier::new(2) }))
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Bit {
    No,
    Yes,
}
const BITS: [Bit; 2] = [Bit::No, Bit::Yes];

/// tc "entry install": initialised × line × interrupt × entry state × line occupied by (nobody, other, unique) ×
/// entry unique × duplicate.
#[test]
fn install_answers_the_first_of_its_order() {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for initialised in BITS {
        for valid in BITS {
            for interrupt in BITS {
                for in_use in BITS {
                    for owner in 0..3 {
                        for unique in BITS {
                            for duplicate in BITS {
                                let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
                                let manager = uninitialised();
                                let device = Device::leak(&fake, 42, 1, log());
                                let entry = if unique == Bit::Yes { device.unique_entry() } else { device.entry() };
                                let other =
                                    if duplicate == Bit::Yes { device } else { Device::leak(&fake, 42, 2, log()) };
                                let other = if owner == 2 { other.unique_entry() } else { other.entry() };
                                let line = if valid == Bit::Yes { LINE } else { ABSENT };
                                if initialised == Bit::Yes {
                                    manager.init(pic).unwrap();
                                    if owner > 0 {
                                        manager.install(LINE, other).unwrap();
                                    }
                                    if in_use == Bit::Yes {
                                        manager.install(OTHER, entry).unwrap();
                                    }
                                }
                                let install = || manager.install(line, entry);
                                let answer = if interrupt == Bit::Yes { as_interrupt(install) } else { install() };
                                let expected = if initialised == Bit::No {
                                    Err(IrqError::NotInitialised)
                                } else if valid == Bit::No {
                                    Err(no_line(ABSENT))
                                } else if interrupt == Bit::Yes {
                                    Err(IrqError::CalledFromInterrupt)
                                } else if in_use == Bit::Yes {
                                    Err(IrqError::EntryInUse { line: OTHER })
                                } else if owner == 2 {
                                    Err(IrqError::LineNotShared { line, owner: "unique" })
                                } else if owner == 1 && unique == Bit::Yes {
                                    Err(IrqError::LineNotShared { line, owner: "device" })
                                } else if owner == 1 && duplicate == Bit::Yes {
                                    Err(IrqError::DuplicateAction { line, owner: "device" })
                                } else {
                                    Ok(())
                                };
                                assert_eq!(answer, expected);
                                let name = format!("{answer:?}");
                                *seen.entry(name.split([' ', '{']).next().unwrap().into()).or_default() += 1;
                                if answer.is_ok() {
                                    assert_eq!((entry.line(), manager.is_enabled(LINE)), (Some(LINE), Ok(true)));
                                    let mut last = "";
                                    manager.iterate(LINE, |entry| last = entry.name()).unwrap();
                                    assert_eq!(last, entry.name());
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(seen.len() >= 6, "{seen:?}");
}

/// tc "entry remove": initialised × line × interrupt × entry (free, on the line, elsewhere).
#[test]
fn remove_answers_the_first_of_its_order() {
    for initialised in BITS {
        for valid in BITS {
            for interrupt in BITS {
                for place in 0..3 {
                    let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
                    let manager = uninitialised();
                    let entry = Device::leak(&fake, 42, 1, log()).entry();
                    let line = if valid == Bit::Yes { LINE } else { ABSENT };
                    if initialised == Bit::Yes {
                        manager.init(pic).unwrap();
                        match place {
                            1 => manager.install(LINE, entry).unwrap(),
                            2 => manager.install(OTHER, entry).unwrap(),
                            _ => {}
                        }
                    }
                    let remove = || manager.remove(line, entry).map(|removal| removal.is_complete());
                    let answer = if interrupt == Bit::Yes { as_interrupt(remove) } else { remove() };
                    let expected = if initialised == Bit::No {
                        Err(IrqError::NotInitialised)
                    } else if valid == Bit::No {
                        Err(no_line(ABSENT))
                    } else if interrupt == Bit::Yes {
                        Err(IrqError::CalledFromInterrupt)
                    } else if place != 1 {
                        Err(IrqError::NotInstalled { line })
                    } else {
                        Ok(true)
                    };
                    assert_eq!(answer, expected);
                    if answer.is_ok() {
                        assert_eq!((entry.line(), manager.is_enabled(LINE)), (None, Ok(false)));
                        // It can be installed again.
                        manager.install(OTHER, entry).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn replace_answers_the_first_of_its_order_and_replaces() {
    let (fake, manager) = manager();
    let calls = log();
    let devices: Vec<_> = (0..4).map(|name| Device::leak(&fake, 42, name, calls)).collect();
    let entries: Vec<_> = devices.iter().map(|device| device.entry()).collect();
    for entry in &entries[..3] {
        manager.install(LINE, entry).unwrap();
    }
    let replace = |line, old, new| manager.replace(line, old, new).map(|removal| removal.is_complete());
    assert_eq!(replace(ABSENT, entries[0], entries[3]), Err(no_line(ABSENT)));
    assert_eq!(as_interrupt(|| replace(LINE, entries[0], entries[3])), Err(IrqError::CalledFromInterrupt));
    assert_eq!(replace(LINE, entries[0], entries[1]), Err(IrqError::EntryInUse { line: LINE }));
    assert_eq!(replace(OTHER, entries[0], entries[3]), Err(IrqError::NotInstalled { line: OTHER }));
    let unique = devices[3].unique_entry();
    assert_eq!(replace(LINE, entries[0], unique), Err(IrqError::LineNotShared { line: LINE, owner: "device" }));
    let duplicate = devices[2].entry();
    assert_eq!(replace(LINE, entries[0], duplicate), Err(IrqError::DuplicateAction { line: LINE, owner: "device" }));
    // The middle one: the new one stands where the old one stood.
    assert_eq!(replace(LINE, entries[1], entries[3]), Ok(true));
    assert_eq!((entries[1].line(), entries[3].line()), (None, Some(LINE)));
    fake.set_input(42, true);
    take_all(manager, &fake);
    assert_eq!(*calls.lock().unwrap(), [0, 3, 2]);
    // Its own double: the same action may take over from itself.
    assert_eq!(replace(LINE, entries[3], devices[3].entry()), Ok(true));
}

#[test]
fn shared_lines_run_in_install_order_and_lose_any_entry() {
    let calls = log();
    for gone in 0..3 {
        let (fake, manager) = manager();
        let entries: Vec<_> = (0..3).map(|name| Device::leak(&fake, 42, name, calls).entry()).collect();
        for entry in &entries {
            manager.install(LINE, entry).unwrap();
        }
        calls.lock().unwrap().clear();
        fake.set_input(42, true);
        assert_eq!(take_all(manager, &fake), 1);
        assert_eq!(*calls.lock().unwrap(), [0, 1, 2]);
        assert!(manager.remove(LINE, entries[gone]).unwrap().is_complete());
        assert_eq!(manager.is_enabled(LINE), Ok(true));
        calls.lock().unwrap().clear();
        fake.set_input(42, true);
        take_all(manager, &fake);
        let left: Vec<u32> = (0..3).filter(|&name| name != gone as u32).collect();
        assert_eq!(*calls.lock().unwrap(), left);
        for (index, entry) in entries.iter().enumerate().filter(|&(index, _)| index != gone) {
            assert_eq!(manager.is_enabled(LINE), Ok(true), "{index}");
            assert!(manager.remove(LINE, entry).unwrap().is_complete());
        }
        assert_eq!(manager.is_enabled(LINE), Ok(false));
    }
}

#[test]
fn removal_while_another_cpu_runs_the_entry() {
    let (fake, manager) = manager();
    manager.set_removal_patience(10);
    let stay = Stay::leak();
    let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("stay", Stay::serve, stay)));
    manager.install(LINE, entry).unwrap();
    manager.set_affinity(LINE, CpuMask::only(cpu(1))).unwrap();
    fake.set_input(42, true);
    let other = std::thread::spawn(move || {
        become_cpu(1);
        as_interrupt(|| manager.dispatch())
    });
    stay.inside.wait();
    let Removal::Running(retiring) = manager.remove(LINE, entry).unwrap() else { panic!("complete") };
    assert_eq!((retiring.running_on(), retiring.entry().name()), (CpuMask::only(cpu(1)), "stay"));
    assert_eq!(format!("{retiring:?}"), "\"stay\" of line 42, still on CPUs {1}");
    // Not to be had until it is complete.
    assert_eq!(manager.install(LINE, entry), Err(IrqError::EntryRetiring { line: LINE }));
    assert_eq!(manager.remove(LINE, entry).map(|_| ()), Err(IrqError::EntryRetiring { line: LINE }));
    let Removal::Running(retiring) = retiring.poll() else { panic!("complete") };
    fake.set_input(42, false);
    stay.leave.wait();
    assert_eq!(other.join().unwrap(), Handled::Handled);
    assert!(retiring.poll().is_complete());
    assert_eq!(entry.line(), None);
    manager.install(LINE, entry).unwrap();
}

#[test]
fn initialisation() {
    let manager = uninitialised();
    let (_, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    assert_eq!(manager.dispatch(), Handled::NotHandled);
    assert_eq!(manager.dispatch_line(LINE), Handled::NotHandled);
    assert!(manager.controller().is_err());
    manager.init(pic).unwrap();
    let (_, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    assert_eq!(manager.init(pic), Err(IrqError::AlreadyInitialised));
    let (_, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    let small: &'static IrqManager<Pic, Host, 64, 2> = Box::leak(Box::new(IrqManager::new(Host::new())));
    assert_eq!(small.init(pic), Err(IrqError::TooManyLines { controller: 268, room: 64 }));
}

/// tc raise, clear, is-pending, enable, disable, is-enabled, priority, affinity, attributes: every line number of the
/// board and beyond, all checks and the effect.
#[test]
fn every_line_of_the_board() {
    let (fake, manager) = manager();
    let pic = manager.controller().unwrap();
    for line in (0..300).map(Line::new) {
        let Some(kind) = pic.line_kind(line) else {
            let error = no_line(line);
            assert_eq!(manager.enable(line), Err(error));
            assert_eq!(manager.disable(line), Err(error));
            assert_eq!(manager.is_enabled(line), Err(error));
            assert_eq!(manager.is_pending(line), Err(error));
            assert_eq!(manager.raise(line), Err(error));
            assert_eq!(manager.raise_on(line, cpu(0)), Err(error));
            assert_eq!(manager.clear(line), Err(error));
            assert_eq!(manager.set_priority(line, Priority::new(3)), Err(error));
            assert_eq!(manager.priority(line), Err(error));
            assert_eq!(manager.set_trigger(line, TriggerMode::LevelHigh), Err(error));
            assert_eq!(manager.trigger(line), Err(error));
            assert_eq!(manager.set_affinity(line, CpuMask::first(1)), Err(error));
            assert_eq!(manager.affinity(line), Err(error));
            assert_eq!(manager.attributes(line), Err(error));
            assert_eq!(manager.iterate(line, |_| ()), Err(error));
            assert_eq!(manager.line_statistics(line), Err(error));
            assert_eq!(manager.taken_on(line, cpu(0)), Err(error));
            continue;
        };
        let attributes = manager.attributes(line).unwrap();
        assert_eq!(attributes.kind, kind);
        assert_eq!(manager.is_enabled(line), Ok(false));
        manager.enable(line).unwrap();
        assert_eq!(manager.is_enabled(line), Ok(true));
        assert_eq!(manager.is_pending(line), Ok(false));
        let unsupported =
            |capability| Err(IrqError::Controller(PicError::Unsupported { capability, line: Some(line) }));
        if attributes.can_raise {
            manager.raise(line).unwrap();
            assert_eq!(manager.is_pending(line), Ok(true));
            assert_eq!(take_all(manager, &fake), 1);
            assert_eq!(manager.is_pending(line), Ok(false));
            manager.raise_on(line, cpu(1)).unwrap();
            assert!(fake.output(cpu(1)) && !fake.output(cpu(0)));
            become_cpu(1);
            take_all(manager, &fake);
            become_cpu(0);
        } else {
            assert_eq!(manager.raise(line), unsupported(Capability::Raise));
            assert_eq!(manager.raise_on(line, cpu(1)), unsupported(Capability::InterProcessor));
        }
        let expected = if attributes.can_clear { Ok(()) } else { unsupported(Capability::Clear) };
        assert_eq!(manager.clear(line), expected);
        manager.set_priority(line, Priority::new(11)).unwrap();
        assert_eq!(manager.priority(line), Ok(Priority::new(11)));
        let bad = manager.set_priority(line, Priority::new(16));
        assert!(matches!(bad, Err(IrqError::Controller(PicError::BadPriority { .. }))));
        if attributes.can_set_affinity {
            manager.set_affinity(line, CpuMask::only(cpu(1))).unwrap();
            assert_eq!(manager.affinity(line), Ok(CpuMask::only(cpu(1))));
        } else {
            assert_eq!(manager.set_affinity(line, CpuMask::first(1)), unsupported(Capability::Affinity));
        }
        manager.disable(line).unwrap();
        assert_eq!(manager.is_enabled(line), Ok(false));
        manager.set_priority(line, Priority::new(8)).unwrap();
    }
    assert_eq!(fake.violations(), Vec::<String>::new());
}

#[test]
fn offline_and_unknown_cpus() {
    let (_, manager) = manager();
    let ipi = Line::new(256);
    let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    let offline = uninitialised();
    offline.init(pic).unwrap();
    drop(fake);
    // CPU 1 exists and does not run.
    let host_with_one: &'static Manager = {
        let host = Host::new();
        host.online.store(1, Ordering::Relaxed);
        let manager: &'static Manager = Box::leak(Box::new(Manager::new(host)));
        manager.init(started(FakeKind::MPIC_4_2, Model::FREESCALE).1).unwrap();
        manager
    };
    assert_eq!(host_with_one.raise_on(ipi, cpu(1)), Err(IrqError::CpuOffline { cpu: cpu(1) }));
    assert_eq!(host_with_one.raise_on(ipi, cpu(0)), Ok(()));
    let only = CpuMask::only(cpu(1));
    assert_eq!(host_with_one.set_affinity(LINE, only), Err(IrqError::NoOnlineCpu { cpus: only }));
    assert_eq!(host_with_one.set_affinity(LINE, CpuMask::EMPTY), Err(IrqError::NoOnlineCpu { cpus: CpuMask::EMPTY }));
    // Offline ones are left out.
    assert_eq!(host_with_one.set_affinity(LINE, CpuMask::first(2)), Ok(()));
    assert_eq!(host_with_one.affinity(LINE), Ok(CpuMask::only(cpu(0))));
    let absent = cpu(2);
    let no_cpu = IrqError::NoSuchCpu { cpu: absent, count: 2 };
    assert_eq!(manager.raise_on(ipi, absent), Err(no_cpu));
    assert_eq!(manager.set_affinity(LINE, CpuMask::first(3)), Err(no_cpu));
    assert_eq!(manager.taken_on(LINE, absent), Err(no_cpu));
    assert_eq!(manager.cpu_statistics(absent), Err(no_cpu));
    // Line before CPU.
    assert_eq!(manager.raise_on(ABSENT, absent), Err(no_line(ABSENT)));
}

#[test]
fn nested_configuration_is_busy_and_does_not_hang() {
    let (fake, manager) = manager();
    let entry = Device::leak(&fake, 42, 1, log()).entry();
    manager.install(LINE, entry).unwrap();
    let mut inner = Ok(());
    manager.iterate(LINE, |_| inner = manager.disable(LINE)).unwrap();
    assert_eq!(inner, Err(IrqError::Busy));
    assert_eq!(manager.disable(LINE), Ok(()));
}

#[test]
fn errors_name_their_values() {
    for (error, words) in [
        (IrqError::TooManyLines { controller: 268, room: 64 }, vec!["268", "64"]),
        (no_line(ABSENT), vec!["240", "268"]),
        (IrqError::EntryInUse { line: LINE }, vec!["42"]),
        (IrqError::EntryRetiring { line: LINE }, vec!["42"]),
        (IrqError::LineNotShared { line: LINE, owner: "uart" }, vec!["42", "uart"]),
        (IrqError::DuplicateAction { line: LINE, owner: "uart" }, vec!["42", "uart"]),
        (IrqError::NotInstalled { line: LINE }, vec!["42"]),
        (IrqError::NoSuchCpu { cpu: cpu(7), count: 2 }, vec!["7", "2"]),
        (IrqError::CpuOffline { cpu: cpu(7) }, vec!["7"]),
        (IrqError::NoOnlineCpu { cpus: CpuMask::from_bits(6) }, vec!["{1,2}"]),
        (IrqError::Controller(PicError::NoFreeMsi { count: 32 }), vec!["32"]),
    ] {
        for word in words {
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

/// The controller refuses to enable the line: the entry is free again, and the retry succeeds.
#[test]
fn a_refused_install_leaves_the_entry_free() {
    fn check<const CPUS: usize>() {
        let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
        let manager: &'static IrqManager<Pic, Host, 512, CPUS> = Box::leak(Box::new(IrqManager::new(Host::new())));
        manager.init(pic).unwrap();
        let device = Device::leak(&fake, 42, 1, log());
        let entry = device.entry();
        fake.break_it(Fault::VanishedSource(42));
        let refused =
            Err(IrqError::Controller(PicError::Timeout { what: "the vector/priority register", line: Some(LINE) }));
        for _ in 0..2 {
            assert_eq!(manager.install(LINE, entry), refused);
            assert_eq!(entry.line(), None);
            assert_eq!(manager.remove(LINE, entry).err(), Some(IrqError::NotInstalled { line: LINE }));
        }
        // On another line meanwhile.
        manager.install(OTHER, entry).unwrap();
        assert!(manager.remove(OTHER, entry).unwrap().is_complete());
        fake.mend();
        manager.install(LINE, entry).unwrap();
        fake.set_input(42, true);
        assert_eq!(as_interrupt(|| manager.dispatch()), Handled::Handled);
        assert_eq!(device.served.load(Ordering::Relaxed), 1);
    }
    check::<1>();
    check::<2>();
}
