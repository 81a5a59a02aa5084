// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is refused, in the words of whoever refuses: at the start of the controller, by the manager, by the controller.

use core::cell::UnsafeCell;
use core::fmt::Debug;

use hal_exc_api::handler::Handled;
use hal_exc_api::irq::{Delivery, IrqEntry, IrqError};
use hal_exc_api::pic::{CpuId, CpuMask, InterProcessor, IpiTarget, Line, PicError, Priority, TriggerMode};
use pic_openpic::{Mmio, OpenPic, StartError, registers};
use ppc_support::{Failure, ensure, println};

use crate::{IRQS, Setup, ipi, take_over};

static FIRST: IrqEntry = IrqEntry::new("first", |_: &'static (), _: Delivery| Handled::Handled, &());
static SECOND: IrqEntry = IrqEntry::new("second", |_: &'static u8, _: Delivery| Handled::Handled, &0);

/// Memory where a controller should be.
#[repr(C, align(4096))]
struct Nothing(UnsafeCell<[u32; registers::SIZE / 4]>);

// SAFETY: the program has one thread and no handler uses it.
unsafe impl Sync for Nothing {}

static NOTHING: Nothing = Nothing(UnsafeCell::new([0; registers::SIZE / 4]));

fn refused<T, E: core::error::Error + PartialEq + Debug>(
    what: &str,
    seen: Result<T, E>,
    right: impl FnOnce(&E) -> bool,
) -> Result<(), Failure> {
    match seen {
        Ok(_) => Err(Failure::new(format_args!("{what} was accepted"))),
        Err(error) => {
            println!("{what}: {error}");
            ensure!(right(&error), "{what}: refused for another reason");
            Ok(())
        }
    }
}

fn start_refusals(setup: &Setup<'_>) -> Result<(), Failure> {
    let config = setup.machine.config();
    let base = setup.machine.registers;
    // SAFETY: refused before anything is accessed.
    let odd = unsafe { Mmio::new((base + 4) as *mut u32, setup.machine.order) };
    println!("unaligned: {}", if matches!(odd, Err(StartError::Unaligned { .. })) { "refused" } else { "accepted" });
    ensure!(odd.is_err(), "an unaligned base was accepted");
    for word in [0, u32::MAX] {
        // SAFETY: nobody else uses this memory.
        unsafe { (*NOTHING.0.get()).fill(word) };
        // SAFETY: memory of the right size stands for a bus on which nobody answers.
        let bus = unsafe { Mmio::new(NOTHING.0.get().cast(), setup.machine.order)? };
        refused("nobody there", OpenPic::start(bus, &config).map(|_| ()), |error| {
            matches!(error, StartError::Absent { .. })
        })?;
    }
    Ok(())
}

/// The body.
///
/// # Errors
/// Something was accepted, or refused for another reason.
pub fn run(setup: &Setup<'_>) -> Result<(), Failure> {
    start_refusals(setup)?;
    refused("too early", IRQS.install(Line::new(0), &FIRST), |e| *e == IrqError::NotInitialised)?;
    take_over(setup.exceptions, setup.machine)?;
    let (line, other) = (setup.machine.device.line, ipi(0)?);
    let beyond = Line::new(300);
    refused("no such line", IRQS.install(beyond, &FIRST), |e| matches!(e, IrqError::NoSuchLine { .. }))?;
    refused("not installed", IRQS.remove(line, &FIRST).map(|_| ()), |e| *e == IrqError::NotInstalled { line })?;
    IRQS.install(line, &FIRST)?;
    refused("installed twice", IRQS.install(line, &FIRST), |e| *e == IrqError::EntryInUse { line })?;
    refused("on a second line", IRQS.install(other, &FIRST), |e| *e == IrqError::EntryInUse { line })?;
    refused("another line's", IRQS.remove(other, &FIRST).map(|_| ()), |e| {
        *e == IrqError::NotInstalled { line: other }
    })?;
    IRQS.install(line, &SECOND)?;
    ensure!(IRQS.remove(line, &SECOND)?.is_complete(), "a removal on one CPU was not complete");
    refused("removed twice", IRQS.remove(line, &SECOND).map(|_| ()), |e| *e == IrqError::NotInstalled { line })?;

    refused("priority 0", IRQS.set_priority(line, Priority::new(0)), |e| {
        matches!(e, IrqError::Controller(PicError::BadPriority { .. }))
    })?;
    refused("priority 16", IRQS.set_priority(line, Priority::new(16)), |e| {
        matches!(e, IrqError::Controller(PicError::BadPriority { .. }))
    })?;
    refused("no CPU", IRQS.set_affinity(line, CpuMask::EMPTY), |e| matches!(e, IrqError::NoOnlineCpu { .. }))?;
    let far = CpuId::new(31).ok_or(Failure::new("no CPU 31"))?;
    refused("affinity to CPU 31", IRQS.set_affinity(line, CpuMask::only(far)), |e| {
        matches!(e, IrqError::NoSuchCpu { .. })
    })?;
    refused("raise on CPU 31", IRQS.raise_on(other, far), |e| matches!(e, IrqError::NoSuchCpu { .. }))?;
    refused("raise a device's line", IRQS.raise(line), |e| {
        matches!(e, IrqError::Controller(PicError::Unsupported { .. }))
    })?;
    refused("affinity of an inter-processor line", IRQS.set_affinity(other, CpuMask::only(CpuId::BOOT)), |e| {
        matches!(e, IrqError::Controller(PicError::Unsupported { .. }))
    })?;
    refused("trigger of an inter-processor line", IRQS.set_trigger(other, TriggerMode::LevelHigh), |e| {
        matches!(e, IrqError::Controller(PicError::Unsupported { .. }))
    })?;
    let pic = IRQS.controller()?;
    refused("IPI 4", pic.send(CpuId::BOOT, 4, IpiTarget::Myself), |e| matches!(e, PicError::NoSuchIpi { .. }))?;
    if setup.machine.model.freescale {
        refused("an edge at an internal source", IRQS.set_trigger(line, TriggerMode::EdgeRising), |e| {
            matches!(e, IrqError::Controller(PicError::BadTrigger { .. }))
        })?;
    }
    Ok(())
}
