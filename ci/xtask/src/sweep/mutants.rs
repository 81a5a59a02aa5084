// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mutants: each protective step taken out of the running image, and the sweep that must notice.

use anyhow::{Context, Result, ensure};
use hal_exc_api::cpu::{Cpu, Group, VectorBase};
use hal_exc_api::exception::{Exception, VectorWord};

use super::guest::Guest;
use super::pair::{self, Lower};
use super::{DECREMENTER, EXTERNAL, MACHINE_CHECK, recoverable, reservation, stack};

const NOP: u32 = 0x6000_0000;
/// `stw r10,lock(r13)`, `stw r11,nest(r13)`.
const CLEAR_LOCK: u32 = 0x914D_0004;
const RAISE_LEVEL: u32 = 0x916D_0008;
/// `mtmsr r4`: the mask on the way out.
const MASK: u32 = 0x7C80_0124;
/// `mtctr r12`, after which the test for the outermost level branches.
const MTCTR: u32 = 0x7D89_03A6;
/// `andi. r6,r5,2`: the test of MSR\[RI\].
const TEST_RI: u32 = 0x70A6_0002;
/// `rlwinm r10,r10,0,31,29`: RI off in the MSR of a machine check's handler.
const WITHOUT_RI: u32 = 0x554A_07FA;
/// `cmplw r1,r10`, the test for room on the interrupt stack; `cmplw r5,r6`, the look at its guard word.
const TEST_ROOM: u32 = 0x7C01_5040;
const TEST_GUARD: u32 = 0x7C05_3040;
/// `stwcx. r0,0,r13`.
const DROP_RESERVATION: u32 = 0x7C00_692D;

/// A mutant.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    /// Whether this CPU has the step.
    pub(super) applies: fn(&Cpu) -> bool,
    patch: fn(&mut Guest) -> Result<()>,
    notice: Notice,
}

/// Who must notice.
enum Notice {
    /// A sweep of this pair.
    Sweep(Lower, Exception),
    /// The look at every way out.
    Reservation,
    /// This exception, delivered with MSR\[RI\] off.
    Recoverable(Exception),
    /// Two CPUs, one of them in its prologue.
    TwoCpus,
    /// An overrun of the interrupt stack.
    Stack(fn(&mut Guest) -> Result<Option<String>>),
}

fn has_critical(cpu: &Cpu) -> bool {
    cpu.core().critical.is_some()
}

fn any(_: &Cpu) -> bool {
    true
}

fn shares_pair(cpu: &Cpu) -> bool {
    cpu.core().vector_base == VectorBase::MsrIp
}

/// All mutants.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "no-lock-store",
        applies: has_critical,
        patch: no_lock_store,
        notice: Notice::Sweep(EXTERNAL, Exception::CriticalInput),
    },
    Mutant {
        name: "no-pc-test",
        applies: has_critical,
        patch: no_pc_test,
        notice: Notice::Sweep(EXTERNAL, Exception::CriticalInput),
    },
    Mutant {
        name: "lock-never-cleared",
        applies: has_critical,
        patch: lock_never_cleared,
        notice: Notice::Sweep(EXTERNAL, Exception::CriticalInput),
    },
    Mutant {
        name: "level-raised-after-unlock",
        applies: has_critical,
        patch: level_after_unlock,
        notice: Notice::Sweep(EXTERNAL, Exception::CriticalInput),
    },
    Mutant {
        name: "pair-loaded-before-mask",
        applies: has_critical,
        patch: no_mask,
        notice: Notice::Sweep(EXTERNAL, Exception::CriticalInput),
    },
    Mutant { name: "reservation-not-cleared", applies: any, patch: keep_reservation, notice: Notice::Reservation },
    Mutant { name: "lock-shared-by-two-cpus", applies: has_critical, patch: |_| Ok(()), notice: Notice::TwoCpus },
    Mutant {
        name: "sign-bit-lost",
        applies: any,
        patch: sign_lost,
        notice: Notice::Sweep(EXTERNAL, Exception::MachineCheck),
    },
    Mutant {
        name: "stack-switch-without-compare",
        applies: any,
        patch: no_compare,
        notice: Notice::Sweep(DECREMENTER, Exception::ExternalInput),
    },
    Mutant {
        name: "no-ri-test",
        applies: shares_pair,
        patch: |guest| no_ri_test_for(guest, Exception::MachineCheck),
        notice: Notice::Sweep(EXTERNAL, Exception::MachineCheck),
    },
    Mutant {
        name: "no-ri-test-machine-check",
        applies: |cpu| recoverable::tested(cpu).contains(&Exception::MachineCheck),
        patch: |guest| no_ri_test_for(guest, Exception::MachineCheck),
        notice: Notice::Recoverable(Exception::MachineCheck),
    },
    Mutant {
        name: "no-ri-test-synchronous",
        applies: |cpu| recoverable::tested(cpu).contains(&Exception::SystemCall),
        patch: |guest| no_ri_test_for(guest, Exception::SystemCall),
        notice: Notice::Recoverable(Exception::SystemCall),
    },
    Mutant {
        name: "no-ri-test-interrupt",
        applies: |cpu| recoverable::tested(cpu).contains(&Exception::ExternalInput),
        patch: |guest| no_ri_test_for(guest, Exception::ExternalInput),
        notice: Notice::Recoverable(Exception::ExternalInput),
    },
    Mutant {
        name: "ri-on-in-machine-check",
        applies: shares_pair,
        patch: keep_ri,
        notice: Notice::Sweep(MACHINE_CHECK, Exception::SystemReset),
    },
    Mutant { name: "no-room-test", applies: any, patch: no_room_test, notice: Notice::Stack(stack::bound) },
    Mutant { name: "no-guard-test", applies: any, patch: no_guard_test, notice: Notice::Stack(stack::guard) },
];

/// Patches, sweeps, and tells by what the mutant was caught; `None` when nothing noticed.
pub(super) fn hunt(guest: &mut Guest, mutant: &Mutant) -> Result<Option<String>> {
    match &mutant.notice {
        Notice::Sweep(lower, upper) => {
            (mutant.patch)(guest)?;
            guest.may_run_away()?;
            let found = pair::sweep(guest, lower, *upper, true);
            Ok(match found {
                Ok(swept) => swept.failures.first().map(|first| format!("sweep {} x {upper}: {first}", lower.name)),
                // The path itself no longer comes to its end.
                Err(error) => Some(format!("sweep {} x {upper}: {error:#}", lower.name)),
            })
        }
        Notice::Reservation => {
            ensure!(reservation::check(guest)?.is_empty(), "a way out without the store, before any mutation");
            (mutant.patch)(guest)?;
            Ok(reservation::check(guest)?.first().map(|first| format!("look at every way out: {first}")))
        }
        Notice::Recoverable(exception) => {
            ensure!(recoverable::check(guest, *exception)?.is_none(), "MSR[RI] off, before any mutation");
            (mutant.patch)(guest)?;
            Ok(recoverable::check(guest, *exception)?.map(|wrong| format!("MSR[RI] off: {wrong}")))
        }
        Notice::Stack(check) => {
            ensure!(check(guest)?.is_none(), "the interrupt stack, before any mutation");
            (mutant.patch)(guest)?;
            Ok(check(guest)?.map(|wrong| format!("overrun of the interrupt stack: {wrong}")))
        }
        Notice::TwoCpus => {
            ensure!(super::two_cpus::check(guest, false)?.is_none(), "two CPUs, before any mutation");
            (mutant.patch)(guest)?;
            Ok(super::two_cpus::check(guest, true)?.map(|wrong| format!("two CPUs: {wrong}")))
        }
    }
}

/// The wrapper of standard interrupts on this CPU.
pub(super) fn interrupt_wrapper(cpu: &Cpu) -> &'static str {
    match cpu.group() {
        Group::Ppc403 | Group::Ppc405 => "hal_exc_ppc405_interrupt",
        Group::Ppc440 => "hal_exc_ppc440_interrupt",
        Group::E200 | Group::E500 | Group::E500mc | Group::E6500 => "hal_exc_e500_interrupt",
        Group::G2Le | Group::E300 => "hal_exc_e300_interrupt",
        _ => "hal_exc_classic_interrupt",
    }
}

fn first(guest: &mut Guest, word: u32) -> Result<u32> {
    let name = interrupt_wrapper(&guest.cpu);
    let found = guest.find_in(name, word)?;
    found.first().copied().with_context(|| format!("{name} has no {word:08x}"))
}

fn no_lock_store(guest: &mut Guest) -> Result<()> {
    let slot = guest.vector(guest.entry(Exception::ExternalInput)?);
    guest.set_word(slot, NOP)
}

fn no_pc_test(guest: &mut Guest) -> Result<()> {
    let test = guest.elf.symbol("hal_exc_is_lock_store")?.address as u32;
    guest.set_word(test, 0x3860_0000)?; // li r3,0
    guest.set_word(test + 4, 0x4E80_0020) // blr
}

fn lock_never_cleared(guest: &mut Guest) -> Result<()> {
    let name = interrupt_wrapper(&guest.cpu);
    for address in guest.find_in(name, CLEAR_LOCK)? {
        guest.set_word(address, NOP)?;
    }
    Ok(())
}

fn level_after_unlock(guest: &mut Guest) -> Result<()> {
    let (raise, clear) = (first(guest, RAISE_LEVEL)?, first(guest, CLEAR_LOCK)?);
    ensure!(raise < clear, "the lock is cleared before the level is raised");
    guest.set_word(raise, CLEAR_LOCK)?;
    guest.set_word(clear, RAISE_LEVEL)
}

fn no_mask(guest: &mut Guest) -> Result<()> {
    let mask = first(guest, MASK)?;
    guest.set_word(mask, NOP)
}

fn keep_reservation(guest: &mut Guest) -> Result<()> {
    let drop = first(guest, DROP_RESERVATION)?;
    guest.set_word(drop, NOP)
}

fn sign_lost(guest: &mut Guest) -> Result<()> {
    let slot = guest.vector(guest.entry(Exception::ExternalInput)?);
    let word = VectorWord::new(Exception::ExternalInput, false).immediate() as u16;
    guest.set_word(slot + 8, 0x3860_0000 | u32::from(word))
}

fn no_compare(guest: &mut Guest) -> Result<()> {
    let branch = first(guest, MTCTR)? + 4;
    ensure!(guest.word(branch)? >> 26 == 16, "no conditional branch behind mtctr");
    guest.set_word(branch, NOP)
}

/// Takes the test out of the wrapper that takes this exception.
fn no_ri_test_for(guest: &mut Guest, exception: Exception) -> Result<()> {
    let name = recoverable::wrapper(&guest.cpu, exception);
    let test = guest.find_in(&name, TEST_RI)?;
    let test = *test.first().with_context(|| format!("{name} has no test of MSR[RI]"))?;
    guest.set_word(test + 4, NOP)
}

fn keep_ri(guest: &mut Guest) -> Result<()> {
    let name = recoverable::wrapper(&guest.cpu, Exception::MachineCheck);
    let off = guest.find_in(&name, WITHOUT_RI)?;
    let off = *off.first().with_context(|| format!("{name} leaves RI on"))?;
    guest.set_word(off, NOP)
}

/// Takes out the conditional branch behind the comparison `test`.
fn no_branch_behind(guest: &mut Guest, name: &str, test: u32) -> Result<()> {
    let test = *guest.find_in(name, test)?.first().with_context(|| format!("{name} has no such test"))?;
    for address in (test + 4..test + 16).step_by(4) {
        if guest.word(address)? >> 26 == 16 {
            return guest.set_word(address, NOP);
        }
    }
    anyhow::bail!("{name}: no conditional branch behind {test:08x}")
}

fn no_room_test(guest: &mut Guest) -> Result<()> {
    let name = interrupt_wrapper(&guest.cpu);
    no_branch_behind(guest, name, TEST_ROOM)
}

fn no_guard_test(guest: &mut Guest) -> Result<()> {
    let name = stack::dispatch_entry(guest)?;
    no_branch_behind(guest, &name, TEST_GUARD)
}
