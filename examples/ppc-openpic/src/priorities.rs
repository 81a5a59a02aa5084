// SPDX-License-Identifier: MIT OR Apache-2.0
//! Priorities: handlers are preempted by what is more urgent and by nothing else, what was held back comes in the order
//! of urgency, the task priority holds back and lets go.

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry};
use hal_exc_api::pic::{CpuId, IpiTarget, Priority, TaskPriority};
use ppc_support::{Failure, ensure, println};

use crate::log::Event::{In, Out};
use crate::{IRQS, LOG, Setup, ipi, send, settle, take_over};

/// A handler that raises others from inside.
struct Agent {
    number: u8,
    /// Bit n: raise inter-processor interrupt n.
    raises: AtomicU32,
}

static AGENTS: [Agent; 4] = [agent(0), agent(1), agent(2), agent(3)];
static ENTRIES: [IrqEntry; 4] = [
    IrqEntry::new("agent 0", on_agent, &AGENTS[0]),
    IrqEntry::new("agent 1", on_agent, &AGENTS[1]),
    IrqEntry::new("agent 2", on_agent, &AGENTS[2]),
    IrqEntry::new("agent 3", on_agent, &AGENTS[3]),
];

/// Priorities of the four.
const LEVELS: [u8; 4] = [4, 8, 12, 8];

const fn agent(number: u8) -> Agent {
    Agent { number, raises: AtomicU32::new(0) }
}

fn on_agent(agent: &'static Agent, _: Delivery) -> Handled {
    LOG.push(In(agent.number));
    raise(agent.raises.swap(0, Ordering::Relaxed));
    settle();
    LOG.push(Out(agent.number));
    Handled::Handled
}

fn raise(which: u32) {
    for number in (0..4).filter(|number| which & 1 << number != 0) {
        // All four exist and this CPU does, so nothing can be refused; if it were, the log would lack it.
        let _ = send(number, IpiTarget::Myself);
    }
}

/// `first` is raised by the program; the handler of `n` raises `inside[n]`.
fn play(first: u32, inside: [u32; 4]) {
    for (agent, raises) in AGENTS.iter().zip(inside) {
        agent.raises.store(raises, Ordering::Relaxed);
    }
    raise(first);
    settle();
}

const fn only(number: u8) -> u32 {
    1 << number
}

/// The body.
///
/// # Errors
/// What happened in another order, or what was refused.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    take_over(setup.exceptions, setup.machine)?;
    for (number, entry) in (0..4).zip(&ENTRIES) {
        let line = ipi(number)?;
        IRQS.set_priority(line, Priority::new(LEVELS[usize::from(number)]))?;
        IRQS.install(line, entry)?;
        ensure!(IRQS.is_enabled(line)?, "line {line} is not enabled by its first entry");
    }

    play(only(0), [0; 4]);
    LOG.expect("one", &[In(0), Out(0)])?;
    play(only(0), [only(1), only(2), 0, 0]);
    LOG.expect("each more urgent than the last", &[In(0), In(1), In(2), Out(2), Out(1), Out(0)])?;
    play(only(2), [0, 0, only(0) | only(1), 0]);
    LOG.expect("both less urgent", &[In(2), Out(2), In(1), Out(1), In(0), Out(0)])?;
    play(only(1), [0, only(3), 0, 0]);
    LOG.expect("equally urgent", &[In(1), Out(1), In(3), Out(3)])?;
    play(only(1), [0, only(0) | only(2), 0, 0]);
    LOG.expect("one more, one less urgent", &[In(1), In(2), Out(2), Out(1), In(0), Out(0)])?;
    play(only(0), [only(2), 0, only(1), 0]);
    LOG.expect("between the two", &[In(0), In(2), Out(2), In(1), Out(1), Out(0)])?;

    let pic = IRQS.controller()?;
    // No interrupt ends while another one is held back: QEMU 7.2 looks at the priorities in service only when one
    // ends, delivers what the threshold holds back, and loses it at the acknowledge.
    pic.set_threshold(CpuId::BOOT, Some(Priority::new(8)))?;
    play(only(2), [0; 4]);
    LOG.expect("threshold 8, raised 2", &[In(2), Out(2)])?;
    play(only(1), [0; 4]);
    LOG.expect("threshold 8, raised 1", &[])?;
    ensure!(IRQS.is_pending(ipi(1)?)?, "what is held back is not pending");
    pic.set_threshold(CpuId::BOOT, Some(Priority::new(7)))?;
    settle();
    LOG.expect("threshold 7", &[In(1), Out(1)])?;
    play(only(0), [0; 4]);
    LOG.expect("threshold 7, raised 0", &[])?;
    pic.set_threshold(CpuId::BOOT, None)?;
    settle();
    LOG.expect("no threshold", &[In(0), Out(0)])?;

    IRQS.set_priority(ipi(0)?, Priority::new(15))?;
    ensure!(IRQS.priority(ipi(0)?)? == Priority::new(15), "the priority is {}", IRQS.priority(ipi(0)?)?);
    play(only(2), [0, 0, only(0), 0]);
    LOG.expect("0 at priority 15", &[In(2), In(0), Out(0), Out(2)])?;

    let counts = [0, 1, 2, 3].map(|number| IRQS.line_statistics(ipi(number).ok()?).ok().map(|line| line.taken));
    println!("taken: {counts:?}");
    let longest = IRQS.line_statistics(ipi(1)?)?.longest;
    ensure!(longest.is_some_and(|time| time > 0), "no time was measured in the handlers");
    let spurious = IRQS.cpu_statistics(CpuId::BOOT)?.spurious;
    ensure!(spurious == 0, "{spurious} spurious interrupts");
    Ok(())
}
