// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which units the CPU has, from three sources that must agree: the table (by PVR), [`probe`] (MSR bits and registers), and
//! an instruction of the unit with its MSR bit off, tried on every CPU. The unit's unavailable exception comes where
//! there is one; where there is none the instruction is illegal.

use core::fmt;

use hal_exc_api::cpu::probe::{Difference, Probed, ThisCpu, probe};
use hal_exc_api::cpu::{Cpu, Features};
use hal_exc_api::exception::Exception;
use hal_exc_api::install::Exceptions;

use super::{LAST, call, called, judge, on_skip};
use crate::trial::Registers;
use crate::{Failure, ensure, println};

struct Unit {
    feature: Features,
    name: &'static str,
    unavailable: Exception,
    /// An instruction of the unit and `blr`. Data, so that the image's code has no such instruction. The word is illegal
    /// on every core without the unit: no other extension has it, MAC instructions and the other vector unit included.
    code: &'static [u32; 2],
}

static UNITS: [Unit; 3] = [
    Unit {
        feature: Features::FPU,
        name: "FPU",
        unavailable: Exception::FpUnavailable,
        code: &[0xFC00_0090, 0x4E80_0020], // fmr f0, f0
    },
    Unit {
        feature: Features::ALTIVEC,
        name: "AltiVec",
        unavailable: Exception::AltivecUnavailable,
        code: &[0x1000_0484, 0x4E80_0020], // vor v0, v0, v0
    },
    Unit {
        feature: Features::SPE,
        name: "SPE",
        unavailable: Exception::SpeUnavailable,
        code: &[0x10C5_2216, 0x4E80_0020], // evxor r6, r5, r4
    },
];

/// What a source says of a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Yes,
    No,
    /// It cannot tell.
    Maybe,
    /// It was not asked: the table says that there is no such unit.
    Unasked,
}

impl Says {
    const fn of(yes: bool, maybe: bool) -> Self {
        match (yes, maybe) {
            (_, true) => Self::Maybe,
            (true, false) => Self::Yes,
            (false, false) => Self::No,
        }
    }

    fn contradicts(self, present: bool) -> bool {
        self == if present { Self::No } else { Self::Yes }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Unasked => "unasked",
        })
    }
}

/// Asks all three for all units; the handler of program exceptions is set.
pub(super) fn check(exceptions: &Exceptions, cpu: &Cpu) -> Result<(), Failure> {
    // SAFETY: the boot CPU in supervisor mode with interrupts masked, identified by its own PVR.
    let probed = probe(cpu, &mut unsafe { ThisCpu::new() });
    for difference in probed.differences() {
        match difference {
            Difference::Missing(units) => {
                return Err(Failure::new(format_args!("the table says {units}, the probe does not find it")));
            }
            // QEMU's e300 has four pairs of BATs, the e300 eight; its e500mc has lines of a size that no core has.
            other => println!("# {other:?}"),
        }
    }
    for unit in &UNITS {
        let table = Says::of(
            cpu.features().contains(unit.feature),
            unit.feature == Features::FPU && cpu.features().contains(Features::FPU_OPTIONAL),
        );
        let asked = match table {
            Says::No => Says::Unasked,
            _ => Says::of(probed.features().contains(unit.feature), probed.undecided().contains(unit.feature)),
        };
        let present = present(exceptions, unit)?;
        let instruction = Says::of(present, false);
        let name = unit.name;
        println!("@ unit name={name} table={table} probe={asked} instruction={instruction}");
        // The e300c2 has no FPU, QEMU's has one.
        let emulator_only = unit.feature == Features::FPU && cpu.model().name == "e300c2" && present;
        ensure!(
            emulator_only || !table.contradicts(present) && !asked.contradicts(present),
            "{name}: table {table}, probe {asked}, instruction {instruction}"
        );
    }
    registers(&probed);
    Ok(())
}

/// Tries the unit's instruction.
fn present(exceptions: &Exceptions, unit: &Unit) -> Result<bool, Failure> {
    if exceptions.table().find(unit.unavailable).is_some() {
        exceptions.set_handler(unit.unavailable, on_skip)?;
    }
    let arguments = [unit.code.as_ptr() as u32, 8];
    let mut after = Registers::default();
    // SAFETY: whichever exception it is, its handler skips the instruction.
    unsafe { call(&mut after, arguments[0], arguments[1]) };
    let seen = LAST.take();
    let taken = seen.as_ref().and_then(|frame| frame.vector.exception().ok());
    if taken == Some(unit.unavailable) {
        judge("skipped the instruction", called(unit.unavailable, &after, arguments), seen, &after)?;
        return Ok(true);
    }
    let mut action = heapless::String::<32>::new();
    // The names are short enough.
    let _ = fmt::write(&mut action, format_args!("no {} here", unit.name));
    judge(&action, called(Exception::Program, &after, arguments), seen, &after)?;
    Ok(false)
}

/// What else the probe asked for.
fn registers(probed: &Probed) {
    let or_none = |number: Option<u32>| number.map_or(-1, i64::from);
    println!(
        "# probe: {} BATs, cache line {}, TLB1 entries {}, processor {}",
        probed.bats(),
        probed.cache_line(),
        or_none(probed.tlb1_entries().map(u32::from)),
        or_none(probed.processor())
    );
}
