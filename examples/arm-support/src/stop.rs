// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program `stop`: stops all other cores, proves that they have left the image, lets them go, again and again.
//!
//! Written once over [`Stoppable`]. A round is: pen read back → request and signals → evidence for each core → **the
//! whole image overwritten with poison** while every parked core is challenged again → image brought back → release by
//! hardware id in changing order → each core shows its argument and counts on.
//!
//! Parameters: `rounds=N`, `generation=N` (number of the first stop), `fault=NAME` (see [`faults`]).

#[cfg(target_arch = "arm")]
mod a32;
#[cfg(target_arch = "aarch64")]
mod a64;
mod code;
mod faults;
mod hooks;
mod kexec;
mod overwrite;
mod pen_check;
mod report;
mod requester;
mod restart;
mod rounds;
mod victim;

#[cfg(target_arch = "arm")]
use a32 as platform;
#[cfg(target_arch = "aarch64")]
use a64 as platform;
pub use kexec::{HandsOver, kexec, mover_address};
pub use pen_check::pen;
pub use restart::restart;
pub use victim::secondary;

use crate::gic::{Gic, Machine, Verdict};
use crate::options::Options;
use crate::{MAX_CPUS, finish, println};
use hal_smp_api::ack::AckChannel;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::hooks::Stopped;
use hal_smp_api::slots::{Order, SlotLayout, SlotWord, Slots};
use hal_smp_api::word::{Code, Generation, Word};
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::pen::{Area, Witness};
use hal_smp_arm::victim::Coherency;
use requester::Run;

/// A board whose cores can be stopped.
pub trait Stoppable: Machine {
    /// Name in the first line.
    const NAME: &'static str;
    /// Address of the pen area: outside every image, never cached.
    const PEN: usize;
    /// Its bytes.
    const PEN_LEN: usize;
    /// Whether the control of the coherency domain is ours (Secure state) or firmware's.
    const COHERENCY: Coherency;
    /// The second channel.
    type Witness: AckChannel;
    /// The second channel, ready for use.
    fn witness() -> Self::Witness;
    /// The flag register behind the second channel, if it is one.
    fn witness_flags() -> Option<FlagRegister>;
    /// Where the pen reports on the second channel, beside its slot.
    fn witness_of(cpu: Cpu) -> Option<Witness>;
    /// Where power-on leaves a core that is not wanted yet.
    const BOOT_PEN: BootPen;
    /// All possible cores.
    fn cpus() -> usize;
    /// A free-running counter of [`Machine::frequency`].
    fn now() -> u64;
    /// What firmware or hardware knows about a core.
    fn stopped(_cpu: Cpu) -> Stopped {
        Stopped::NoProof
    }
    /// Tries to end the executing core by firmware; comes back if it did not. Masked, timer and interface quiet.
    fn switch_off(_cpu: Cpu) {}
    /// Makes firmware answer so from now on, and says which cores leave by it; false if the board has no firmware.
    fn firmware(_answers: Firmware, _leavers: CpuSet) -> bool {
        false
    }
    /// Starts a core that is off, as after power-on; whether it was accepted.
    fn start_off(_cpu: Cpu, _order: &Order) -> bool {
        false
    }
}

/// Where power-on leaves a core that is not wanted yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BootPen {
    /// Nowhere: it is off until firmware starts it, or comes to the image at once.
    None,
    /// In a loop that looks for its entry in the register at this address (AArch32).
    Flags(usize),
    /// In a loop that looks for its entry in a word of memory (AArch64).
    SpinTable,
}

impl BootPen {
    /// The register.
    const fn register(self) -> Option<usize> {
        match self {
            Self::Flags(register) => Some(register),
            Self::None | Self::SpinTable => None,
        }
    }
}

/// How firmware answers: as it does, or as a fault wants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Firmware {
    /// As it does.
    Honest,
    /// `CPU_OFF` is denied.
    DeniesOff,
    /// `AFFINITY_INFO` is not supported.
    NoAffinityInfo,
    /// `CPU_ON` answers `ON_PENDING` so many times, and nothing is pending.
    Pending(u32),
}

/// The board's pen area.
fn area<B: Stoppable>() -> Area<Uncached> {
    // SAFETY: the board's memory outside every image, which start-up maps uncached at its own address.
    let area = unsafe { Area::new(B::PEN, B::PEN_LEN, SlotLayout::UNCACHED, MAX_CPUS, Uncached) };
    area.unwrap_or_else(|error| {
        println!("# {error}");
        finish(Err("no pen area"))
    })
}

/// The program, on core 0.
pub fn stop<B: Stoppable>() -> Verdict {
    println!("{}: stop", B::NAME);
    let options = Options::read().map_err(|_| "no parameters")?;
    let number = |key, default| options.parse(key, default).map_err(|_| "a parameter is no number");
    let first = number("generation", Generation::FIRST.number())?;
    let first = Generation::new(first).ok_or("the generation is out of range")?;
    let fault = match options.get("fault") {
        None | Some("") | Some("none") => None,
        Some(name) => Some(faults::find::<B>(name).ok_or("no fault of this name")?),
    };
    println!("controller: {}", B::pic().version());
    if fault.is_some() {
        // Faults are about the pen; those of firmware choose again who leaves by it.
        let _ = B::firmware(Firmware::Honest, CpuSet::EMPTY);
    }
    survive::<B>();
    let mut run = Run::<B>::start(first, fault.as_ref().map(|fault| fault.name))?;
    let verdict = match fault {
        Some(fault) => (fault.inject)(&mut run),
        None => rounds(&mut run, number("rounds", 3)?),
    };
    run.finish(verdict)
}

/// Makes the slots what memory may be that survives a reset: a stop was wanted of every core.
fn survive<B: Stoppable>() {
    let slots = area::<B>().slots();
    for cpu in (0..MAX_CPUS).filter_map(Cpu::new) {
        slots.write(cpu, SlotWord::Request, Word::new(Generation::LAST, Code::Stop).raw());
    }
    slots.barrier();
}

fn rounds<B: Stoppable>(run: &mut Run<B>, rounds: u32) -> Verdict {
    for _ in 0..rounds {
        run.round()?;
    }
    println!("{rounds} rounds: parked, image overwritten, released, alive");
    Ok(())
}
