// SPDX-License-Identifier: MIT OR Apache-2.0
//! An exception that finds MSR\[RI\] off must end in the report, whichever wrapper takes it.

use anyhow::Result;
use hal_exc_api::cpu::{Cpu, Features, Group, VectorBase};
use hal_exc_api::exception::Exception;

use super::guest::{Guest, RI};
use super::mutants::interrupt_wrapper;

/// The exceptions, one for each wrapper, that look at MSR\[RI\] on this CPU.
pub(super) fn tested(cpu: &Cpu) -> &'static [Exception] {
    let classic = cpu.core().vector_base == VectorBase::MsrIp;
    match cpu.group() {
        _ if classic && cpu.features().contains(Features::RI) => {
            &[Exception::MachineCheck, Exception::SystemCall, Exception::ExternalInput]
        }
        Group::E500mc | Group::E6500 => &[Exception::MachineCheck],
        _ => &[],
    }
}

/// The wrapper of one of them.
pub(super) fn wrapper(cpu: &Cpu, exception: Exception) -> String {
    match (exception, cpu.core().vector_base) {
        (Exception::MachineCheck, VectorBase::MsrIp) => "hal_exc_classic_machine_check".to_owned(),
        (Exception::MachineCheck, _) => "hal_exc_e500mc_machine_check".to_owned(),
        (Exception::ExternalInput, _) => interrupt_wrapper(cpu).to_owned(),
        _ => interrupt_wrapper(cpu).replace("_interrupt", "_synchronous"),
    }
}

/// Delivers one to a program that has MSR\[RI\] off; what is wrong, if anything.
pub(super) fn check(guest: &mut Guest, exception: Exception) -> Result<Option<String>> {
    guest.rewind(0x0BAD_0021)?;
    let msr = guest.msr & !RI;
    guest.gdb().write("msr", u64::from(msr))?;
    guest.deliver(exception)?;
    Ok(guest.finish()?.then(|| format!("{exception}: resumed")))
}

/// The same for all.
pub(super) fn check_all(guest: &mut Guest) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for exception in tested(&guest.cpu) {
        wrong.extend(check(guest, *exception)?.map(|text| format!("MSR[RI] off: {text}")));
    }
    Ok(wrong)
}
