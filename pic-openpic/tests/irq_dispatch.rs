// SPDX-License-Identifier: MIT OR Apache-2.0
//! Dispatch through the manager: order, spurious and unhandled interrupts, storms, times, cascades, deferred work,
//! and two CPUs.

#[path = "support/platform.rs"]
mod platform;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::irq::*;
use hal_exc_api::irq_manager;
use hal_exc_api::pic::*;
use pic_openpic::fakes::{FakeI8259, FakeKind, FakeMpic, Fault};
use pic_openpic::i8259::I8259Pair;
use pic_openpic::{Config, Model, OpenPic, SharedMsi};
use platform::*;

const LINE: Line = Line::new(42);

fn cpu(index: usize) -> CpuId {
    CpuId::new(index).unwrap()
}

/// The events, without the host's platform in reach of the manager's users.
static EVENTS: Mutex<Vec<IrqEvent>> = Mutex::new(Vec::new());

struct Reporting;
impl Platform for Reporting {
    fn cpu(&self) -> CpuId {
        cpu(0)
    }
    fn in_interrupt(&self) -> bool {
        false
    }
    fn mask_local(&self) -> u32 {
        0
    }
    fn restore_local(&self, _: u32) {}
    fn is_online(&self, _: CpuId) -> bool {
        true
    }
    fn report(&self, event: IrqEvent) {
        EVENTS.lock().unwrap().push(event);
    }
}

type One = IrqManager<Pic, Reporting, 268, 1>;

/// tc "dispatch unchecked": nothing to serve, an empty line, a line whose entry declines, a storm, a dead
/// controller. One test, because the events are one list.
#[test]
fn what_should_not_happen_is_counted_and_reported() {
    let events = || std::mem::take(&mut *EVENTS.lock().unwrap());
    let (fake, pic) = started(FakeKind::MPIC_4_2, Model::FREESCALE);
    let manager: &'static One = Box::leak(Box::new(One::new(Reporting)));
    manager.init(pic).unwrap();
    // Spurious: handled, counted.
    fake.break_it(Fault::SpuriousBurst(5));
    for _ in 0..5 {
        assert_eq!(manager.dispatch(), Handled::Handled);
    }
    assert_eq!(manager.cpu_statistics(cpu(0)).unwrap().spurious, 5);
    assert_eq!(events(), [IrqEvent::Spurious { cpu: cpu(0) }; 5]);
    // An empty line, enabled by somebody.
    manager.enable(LINE).unwrap();
    fake.set_input(42, true);
    assert_eq!(manager.dispatch(), Handled::Handled);
    assert_eq!(events(), [IrqEvent::Unhandled { line: LINE, has_entries: false }]);
    assert_eq!(fake.in_service(cpu(0)), 0, "not ended");
    // Filled meanwhile: dispatched.
    let device = Device::leak(&fake, 42, 1, log());
    manager.install(LINE, device.entry()).unwrap();
    assert_eq!(manager.dispatch(), Handled::Handled);
    assert_eq!((device.served.load(Ordering::Relaxed), events().len()), (1, 0));
    let statistics = manager.line_statistics(LINE).unwrap();
    assert_eq!((statistics.taken, statistics.unhandled, statistics.longest), (2, 1, None));
    // A line whose only entry declines storms and is masked; one that was handled in between starts over.
    manager.set_storm_limit(10);
    let line = Line::new(50);
    let declines: &'static Device = Box::leak(Box::new(Device {
        fake: fake.clone(),
        input: 1000,
        name: 2,
        served: AtomicU32::new(0),
        mine: false,
        log: log(),
    }));
    manager.install(line, declines.entry()).unwrap();
    fake.set_input(50, true);
    for _ in 0..9 {
        assert_eq!(manager.dispatch(), Handled::Handled);
    }
    let sometimes: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(true)));
    let responsible: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new(
        "sometimes",
        |yes: &'static AtomicBool, _| if yes.load(Ordering::Relaxed) { Handled::Handled } else { Handled::NotHandled },
        sometimes,
    )));
    manager.install(line, responsible).unwrap();
    assert_eq!(manager.dispatch(), Handled::Handled);
    sometimes.store(false, Ordering::Relaxed);
    assert_eq!(events(), [IrqEvent::Unhandled { line, has_entries: true }; 9]);
    for _ in 0..9 {
        let _ = manager.dispatch();
    }
    assert!(fake.output(cpu(0)), "masked too early");
    let _ = manager.dispatch();
    assert!(!fake.output(cpu(0)), "not masked");
    assert_eq!(events().last(), Some(&IrqEvent::StormMasked { line, run: 10 }));
    let statistics = manager.line_statistics(line).unwrap();
    assert_eq!((statistics.taken, statistics.unhandled, statistics.storms), (20, 19, 1));
    assert_eq!(manager.is_enabled(line), Ok(false));
    // Enabled again: a new run. And never, with limit 0.
    manager.set_storm_limit(0);
    manager.enable(line).unwrap();
    for _ in 0..5000 {
        let _ = manager.dispatch();
    }
    assert_eq!(manager.is_enabled(line), Ok(true));
    manager.disable(line).unwrap();
    events();
    // A controller that is gone.
    fake.break_it(Fault::AllOnes);
    assert_eq!(manager.dispatch(), Handled::NotHandled);
    let vector = Vector::new(0xFFFF);
    assert_eq!(events(), [IrqEvent::UnknownVector { cpu: cpu(0), vector }]);
    assert_eq!(manager.cpu_statistics(cpu(0)).unwrap().unknown, 1);
    for event in [IrqEvent::StormMasked { line, run: 10 }, IrqEvent::Unhandled { line, has_entries: true }] {
        assert!(event.to_string().contains("50"), "{event}");
    }
}

#[test]
fn the_longest_time_is_kept() {
    let (fake, manager) = manager();
    let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new(
        "slow",
        |(fake, ticks): &'static (FakeMpic, AtomicU32), _| {
            NOW.fetch_add(ticks.load(Ordering::Relaxed), Ordering::Relaxed);
            fake.set_input(42, false);
            Handled::Handled
        },
        Box::leak(Box::new((fake.clone(), AtomicU32::new(0)))),
    )));
    // Another handle on the ticks, through the same entry's data.
    manager.install(LINE, entry).unwrap();
    NOW.store(u32::MAX - 5, Ordering::Relaxed);
    fake.set_input(42, true);
    take_all(manager, &fake);
    assert_eq!(manager.line_statistics(LINE).unwrap().longest, Some(0));
    let slow: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new(
        "slower",
        |fake: &'static FakeMpic, _| {
            // Also over the wrap of the clock.
            NOW.fetch_add(70, Ordering::Relaxed);
            fake.set_input(42, false);
            Handled::Handled
        },
        Box::leak(Box::new(fake.clone())),
    )));
    assert!(manager.replace(LINE, entry, slow).unwrap().is_complete());
    fake.set_input(42, true);
    take_all(manager, &fake);
    assert_eq!(manager.line_statistics(LINE).unwrap().longest, Some(70));
}

#[test]
fn more_urgent_lines_preempt_handlers() {
    struct Nest {
        manager: &'static Manager,
        fake: FakeMpic,
        order: Mutex<Vec<String>>,
    }
    let (fake, manager) = manager();
    let nest: &'static Nest = Box::leak(Box::new(Nest { manager, fake: fake.clone(), order: Mutex::default() }));
    fn handler(nest: &'static Nest, delivery: Delivery) -> Handled {
        let number = delivery.line().number();
        nest.order.lock().unwrap().push(format!("+{number}"));
        assert!(nest.manager.is_enabled(delivery.line()).unwrap());
        if number < 30 {
            // While this one runs, a less urgent, an equal and a more urgent one come.
            for input in [number - 1, number + 5, number + 10] {
                nest.fake.set_input(input, true);
            }
            take_all(nest.manager, &nest.fake);
        }
        nest.fake.set_input(number, false);
        nest.order.lock().unwrap().push(format!("-{number}"));
        Handled::Handled
    }
    for (number, priority) in [(19, 4), (20, 5), (25, 5), (30, 6)] {
        let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("nest", handler, nest)));
        manager.set_priority(Line::new(number), Priority::new(priority)).unwrap();
        manager.install(Line::new(number), entry).unwrap();
    }
    fake.set_input(20, true);
    // 25 and 19 raise further inputs that nobody has enabled.
    take_all(manager, &fake);
    let order = nest.order.lock().unwrap().join(" ");
    assert!(order.starts_with("+20 +30 -30 -20 +25"), "{order}");
    assert_eq!(fake.in_service(cpu(0)), 0);
}

#[test]
fn an_8259_pair_below_a_line() {
    type Isa = IrqManager<I8259Pair<FakeI8259>, Host, 16, 2>;
    let (fake, manager) = manager();
    let chips = FakeI8259::new(true);
    let isa: &'static Isa = Box::leak(Box::new(Isa::new(Host::new())));
    let below: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("isa", Isa::dispatch_cascaded, isa)));
    isa.init(I8259Pair::start(chips.clone()).unwrap()).unwrap();
    let above = Line::new(0);
    manager.set_trigger(above, isa.controller().unwrap().upstream_trigger()).unwrap();
    manager.install(above, below).unwrap();
    let order: &'static Mutex<Vec<u16>> = Box::leak(Box::default());
    let data: &'static (FakeI8259, &Mutex<Vec<u16>>) = Box::leak(Box::new((chips.clone(), order)));
    for number in (0..16).filter(|&number| number != 2) {
        let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new(
            "isa device",
            |(chips, order): &'static (FakeI8259, &Mutex<Vec<u16>>), delivery| {
                let number = delivery.line().number();
                chips.set_request(number as u8, false);
                order.lock().unwrap().push(number);
                Handled::Handled
            },
            data,
        )));
        isa.install(Line::new(number), entry).unwrap();
    }
    for number in [12, 4, 9, 1] {
        chips.set_request(number, true);
    }
    fake.set_input(0, chips.output());
    assert_eq!(manager.dispatch(), Handled::Handled);
    fake.set_input(0, chips.output());
    // Most urgent first; all in one interrupt of the line above.
    assert_eq!(*order.lock().unwrap(), [1, 9, 12, 4]);
    assert!(!fake.output(cpu(0)));
    assert_eq!(manager.line_statistics(above).unwrap().taken, 1);
    assert_eq!(isa.line_statistics(Line::new(9)).unwrap().taken, 1);
    // Spurious below: counted there, and the line above had nothing to do.
    chips.withdraw(0);
    fake.set_input(0, true);
    let _ = manager.dispatch();
    fake.set_input(0, false);
    assert_eq!(isa.cpu_statistics(cpu(0)).unwrap().spurious, 1);
    assert_eq!(manager.line_statistics(above).unwrap().unhandled, 1);
}

#[test]
fn shared_msi_below_its_line() {
    type Bank = IrqManager<SharedMsi<FakeMpic>, Host, 32, 2>;
    let (fake, manager) = manager();
    let controller = manager.controller().unwrap().shared_msi(2, 0).unwrap();
    let above = controller.upstream();
    let bank: &'static Bank = Box::leak(Box::new(Bank::new(Host::new())));
    bank.init(controller).unwrap();
    let below: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("msi", Bank::dispatch_cascaded, bank)));
    manager.install(above, below).unwrap();
    let message = bank.configure(|bank| Ok(bank.allocate_msi()?)).unwrap();
    let hits: &'static AtomicU32 = Box::leak(Box::new(AtomicU32::new(0)));
    let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new(
        "msi device",
        |hits: &'static AtomicU32, _| {
            hits.fetch_add(1, Ordering::Relaxed);
            Handled::Handled
        },
        hits,
    )));
    bank.install(message.line, entry).unwrap();
    for _ in 0..100 {
        bank.raise(message.line).unwrap();
        assert_eq!(take_all(manager, &fake), 1);
    }
    assert_eq!(hits.load(Ordering::Relaxed), 100);
    assert!(bank.remove(message.line, entry).unwrap().is_complete());
    bank.configure(|bank| Ok(bank.free_msi(message.line)?)).unwrap();
    // A device that does not know that it was freed does no harm.
    manager.set_storm_limit(5);
    for _ in 0..20 {
        bank.configure(|bank| Ok(bank.raise(cpu(0), message.line)?)).unwrap();
        assert_eq!(take_all(manager, &fake), 1);
    }
    assert_eq!(hits.load(Ordering::Relaxed), 100);
    // Nor to the other messages of its register, which share the line above.
    assert_eq!(manager.is_enabled(above), Ok(true));
    assert_eq!(manager.line_statistics(above).unwrap().unhandled, 0);
    let other = bank.configure(|bank| Ok(bank.allocate_msi()?)).unwrap();
    bank.install(other.line, entry).unwrap();
    bank.raise(other.line).unwrap();
    assert_eq!(take_all(manager, &fake), 1);
    assert_eq!(hits.load(Ordering::Relaxed), 101);
    // An interrupt of the line above with nothing in the register still is nobody's.
    assert_eq!(Bank::dispatch_cascaded(bank, Delivery::new(above, None)), Handled::NotHandled);
}

#[test]
fn lines_that_arrive_another_way() {
    let (fake, manager) = manager();
    let device = Device::leak(&fake, 42, 1, log());
    manager.install(LINE, device.entry()).unwrap();
    manager.configure(|pic| Ok(pic.set_output(LINE, Output::Critical)?)).unwrap();
    fake.set_input(42, true);
    assert!(fake.critical_output(cpu(0)) && !fake.output(cpu(0)));
    assert_eq!(manager.dispatch_line(LINE), Handled::Handled);
    assert!(!fake.critical_output(cpu(0)));
    assert_eq!(manager.dispatch_line(Line::new(43)), Handled::NotHandled);
    assert_eq!(manager.dispatch_line(Line::new(9999)), Handled::NotHandled);
    // A critical line ignores its mask; its last entry can be removed all the same.
    let mut entry = None;
    manager.iterate(LINE, |found| entry = Some(found)).unwrap();
    assert!(manager.remove(LINE, entry.unwrap()).unwrap().is_complete());
}

irq_manager! {
    /// A manager as a board declares it.
    static IRQS: IrqManager<OpenPic<FakeMpic>, Host, 512, 2> = Host::new(), named Irqs;
}

#[test]
fn the_exception_handler() {
    assert_eq!(exception_handler::<Irqs, 512, 2>().err(), Some(IrqError::NotInitialised));
    let fake = FakeMpic::new(FakeKind::MPIC_4_2, 1);
    let pic = OpenPic::start(fake.clone(), &Config::new(Model::FREESCALE)).unwrap();
    pic.init_cpu(cpu(0)).unwrap();
    IRQS.init(pic).unwrap();
    let handler = exception_handler::<Irqs, 512, 2>().unwrap();
    let device = Device::leak(&fake, 42, 1, log());
    IRQS.install(LINE, device.entry()).unwrap();
    fake.set_input(42, true);
    // SAFETY: all of the frame's fields are integers.
    let mut frame: InterruptFrame = unsafe { core::mem::zeroed() };
    assert_eq!(handler(&mut frame), Handled::Handled);
    assert_eq!((device.served.load(Ordering::Relaxed), fake.in_service(cpu(0))), (1, 0));
}

#[test]
fn deferred_work_runs_once_in_order() {
    static QUEUE: DeferredQueue = DeferredQueue::new();
    static ORDER: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let work: Vec<&'static Deferred> = (0..5usize)
        .map(|number| {
            let number: &'static usize = Box::leak(Box::new(number));
            let run = |number: &'static usize| ORDER.lock().unwrap().push(*number);
            let work: &'static Deferred = Box::leak(Box::new(Deferred::new("work", run, number)));
            work
        })
        .collect();
    for number in [3, 0, 4, 3, 1] {
        assert_eq!(
            QUEUE.push(work[number]),
            !ORDER.lock().unwrap().contains(&number) && number != 3 || number == 3 && !work[0].is_queued()
        );
    }
    assert_eq!(QUEUE.drain(2), 2);
    assert!(QUEUE.push(work[3]));
    assert_eq!(QUEUE.drain(usize::MAX), 3);
    assert_eq!(*ORDER.lock().unwrap(), [3, 0, 4, 1, 3]);
    assert!(QUEUE.is_empty());
    assert_eq!(QUEUE.drain(1), 0);
    // From several CPUs at once: nothing lost, nothing twice.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let pushed: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let count = |count: &'static AtomicU32| {
                        count.fetch_add(1, Ordering::Relaxed);
                    };
                    let mine: &'static Deferred = Box::leak(Box::new(Deferred::new("count", count, &COUNT)));
                    (0..20_000).filter(|_| QUEUE.push(mine)).count() as u32
                })
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            QUEUE.drain(100);
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    QUEUE.drain(usize::MAX);
    assert_eq!(COUNT.load(Ordering::Relaxed), pushed);
}

/// Two CPUs: one takes a line's interrupts, the other installs, replaces and removes its entries all the while.
/// No entry is called after its removal was complete, and no interrupt finds the steady entry missing.
#[test]
fn install_and_remove_while_the_line_fires() {
    struct Guarded {
        alive: AtomicBool,
        calls: AtomicU32,
    }
    fn guarded(data: &'static Guarded, _: Delivery) -> Handled {
        assert!(data.alive.load(Ordering::SeqCst), "called after its removal");
        data.calls.fetch_add(1, Ordering::Relaxed);
        std::hint::spin_loop();
        assert!(data.alive.load(Ordering::SeqCst), "torn down while it ran");
        Handled::NotHandled
    }
    let (fake, manager) = manager();
    manager.set_storm_limit(0);
    manager.set_affinity(LINE, CpuMask::only(cpu(1))).unwrap();
    let steady = Device::leak(&fake, 42, 1, log());
    manager.install(LINE, steady.entry()).unwrap();
    static STOP: AtomicBool = AtomicBool::new(false);
    let firing = {
        let fake = fake.clone();
        std::thread::spawn(move || {
            become_cpu(1);
            let mut fired = 0u32;
            while !STOP.load(Ordering::Relaxed) {
                fake.set_input(42, true);
                take_all(manager, &fake);
                fired += 1;
            }
            fired
        })
    };
    let data: Vec<&'static Guarded> = (0..2)
        .map(|_| {
            let data: &'static Guarded =
                Box::leak(Box::new(Guarded { alive: AtomicBool::new(false), calls: AtomicU32::new(0) }));
            data
        })
        .collect();
    let entries: Vec<&'static IrqEntry> = data
        .iter()
        .map(|data| {
            let entry: &'static IrqEntry = Box::leak(Box::new(IrqEntry::new("guarded", guarded, *data)));
            entry
        })
        .collect();
    let complete = |mut removal: Removal<'static, 512, 2>| {
        while let Removal::Running(retiring) = removal {
            std::thread::yield_now();
            removal = retiring.poll();
        }
    };
    for _ in 0..2000 {
        data[0].alive.store(true, Ordering::SeqCst);
        manager.install(LINE, entries[0]).unwrap();
        data[1].alive.store(true, Ordering::SeqCst);
        complete(manager.replace(LINE, entries[0], entries[1]).unwrap());
        data[0].alive.store(false, Ordering::SeqCst);
        complete(manager.remove(LINE, entries[1]).unwrap());
        data[1].alive.store(false, Ordering::SeqCst);
    }
    STOP.store(true, Ordering::Relaxed);
    let fired = firing.join().unwrap();
    assert_eq!(steady.served.load(Ordering::Relaxed), fired);
    assert_eq!(manager.taken_on(LINE, cpu(1)), Ok(fired));
    assert_eq!(manager.taken_on(LINE, cpu(0)), Ok(0));
    assert_eq!(manager.line_statistics(LINE).unwrap().unhandled, 0);
}
