// SPDX-License-Identifier: MIT OR Apache-2.0
//! PSCI (ARM DEN0022): firmware starts cores, ends them, and says whether they are off.
//!
//! Two rules run through this module. **"Not supported" is never success**: a firmware without `AFFINITY_INFO` proves
//! nothing about a core. And **every wait is bounded**: `ON_PENDING` may be an answer that firmware never takes back.
//!
//! `OFF` proves that a core has left the normal world's memory: firmware writes it after the core's caches are clean and
//! its coherency is off. It proves neither that the power is gone nor that a later `CPU_ON` will work.
//!
//! The conduit is the type parameter, `Hvc` or `Smc` of this module, as the device tree's `method` says; a board that
//! learns it at run time has one `match`. Tests put a firmware of their own there.

use core::convert::Infallible;
use core::fmt;
use core::marker::PhantomData;

use hal_smp_api::clock::{Clock, Deadline, Micros, Spacing};
use hal_smp_api::cpus::HwId;
use hal_smp_api::evidence::OffProof;
use hal_smp_api::hooks::Stopped;
use smccc::Call;
pub use smccc::psci::{AffinityState, Error as Code, LowestAffinityLevel, MigrateType, Version};

#[cfg(target_arch = "arm")]
mod conduit;
mod error;
mod victim;

#[cfg(target_arch = "arm")]
pub use conduit::{Hvc, Smc};
#[cfg(target_arch = "aarch64")]
pub use smccc::{Hvc, Smc};

pub use error::{Function, PsciError, StartError};
pub use victim::{NoPen, OffOrPen, reason};

/// Which form of the calls that have two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Convention {
    /// 32-bit registers: the only form for an AArch32 caller. No Aff3, entries below 4 GiB.
    Smc32,
    /// 64-bit registers, for AArch64 callers.
    Smc64,
}

impl Convention {
    /// What the code of this target is to use.
    pub const NATIVE: Self = if cfg!(target_arch = "arm") { Self::Smc32 } else { Self::Smc64 };
}

/// Firmware that answered. Costs nothing: it is a proof and a choice of convention.
pub struct Psci<C> {
    convention: Convention,
    version: (u16, u16),
    conduit: PhantomData<fn() -> C>,
}

impl<C> Clone for Psci<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Psci<C> {}

/// The affinity fields of an MPIDR as PSCI wants them: Aff3 in 39:32, Aff2..Aff0 in 23:0 (DEN0022, 5.1.4).
#[must_use]
pub const fn affinity_argument(id: HwId) -> u64 {
    (id.0 as u64 & 0xFF00_0000) << 8 | id.0 as u64 & 0x00FF_FFFF
}

/// The hardware id in an MPIDR, or in what PSCI hands out as one; flag bits are dropped.
#[must_use]
pub const fn hardware_id(mpidr: u64) -> HwId {
    HwId((mpidr >> 8) as u32 & 0xFF00_0000 | mpidr as u32 & 0x00FF_FFFF)
}

impl<C: Call> Psci<C> {
    /// Asks for the version, in the form of this target.
    ///
    /// # Errors
    /// [`PsciError::NotSupported`] if nobody answers the call as PSCI, [`PsciError::TooOld`] below 0.2, which had neither
    /// `AFFINITY_INFO` nor fixed function ids.
    pub fn connect() -> Result<Self, PsciError> {
        Self::connect_as(Convention::NATIVE)
    }

    /// The same in a form of the caller's choice. [`Convention::Smc64`] is for AArch64 callers only.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_as(convention: Convention) -> Result<Self, PsciError> {
        let version = smccc::psci::version::<C>().map_err(|code| PsciError::from_code(Function::Version, code))?;
        if (version.major, version.minor) < (0, 2) {
            return Err(PsciError::TooOld { major: version.major, minor: version.minor });
        }
        Ok(Self { convention, version: (version.major, version.minor), conduit: PhantomData })
    }

    /// The version that firmware reported.
    #[must_use]
    pub const fn version(&self) -> Version {
        Version { major: self.version.0, minor: self.version.1 }
    }

    /// Whether firmware has a function. Before 1.0 there is no `PSCI_FEATURES`; then what 0.2 makes mandatory is assumed
    /// (DEN0022, 5.16.1), and the call itself may still say "not supported".
    ///
    /// # Errors
    /// [`PsciError::Refused`] with a code other than "not supported".
    pub fn supports(&self, function: Function) -> Result<bool, PsciError> {
        if self.version < (1, 0) {
            return Ok(function.mandatory_in_0_2());
        }
        match smccc::psci::psci_features::<C>(function.id(self.convention)) {
            Ok(_) => Ok(true),
            Err(Code::NotSupported) => Ok(false),
            Err(code) => Err(PsciError::from_code(Function::Features, code)),
        }
    }

    /// Asks firmware once to start a core at the physical address `entry`, with `context` in its first register.
    /// [`start`](Self::start) also waits and tells how it went.
    ///
    /// # Errors
    /// [`PsciError`]; `ALREADY_ON` and `ON_PENDING` come as [`PsciError::Refused`].
    ///
    /// # Safety
    /// * `entry` is code for a core with MMU and caches off, in the exception level and security state of the caller
    ///   (DEN0022, 6.4), and sets up all that it needs.
    /// * Everything that it reads before it turns its caches on is clean to the point of coherency, the code included.
    /// * In [`Convention::Smc32`], `context` fits 32 bits; higher bits are dropped.
    pub unsafe fn cpu_on(&self, id: HwId, entry: u64, context: u64) -> Result<(), PsciError> {
        let answer = match self.convention {
            Convention::Smc64 => smccc::psci::cpu_on::<C>(affinity_argument(id), entry, context),
            Convention::Smc32 => {
                let low = u32::try_from(entry).map_err(|_| PsciError::EntryTooHigh(entry))?;
                smccc::psci::cpu_on_32::<C>(self.narrow(id)?, low, context as u32)
            }
        };
        // The answer is 32 bits wide in either form; firmware that does not extend the sign is understood too.
        match answer {
            Err(Code::Unknown(wide)) if wide as i32 == 0 => Ok(()),
            Err(Code::Unknown(wide)) => Err((wide as i32).into()),
            other => other,
        }
        .map_err(|code| PsciError::from_code(Function::CpuOn, code))
    }

    /// Starts a core and waits, at most `patience`, until firmware says that it is on.
    ///
    /// `ON_PENDING` means that somebody's earlier call is still at work: its end is awaited. If it ends with the core
    /// off, that call was lost, and the core is asked for again.
    ///
    /// # Errors
    /// [`StartError`] says which of the ways to fail it was. None of them leaves a start under way that firmware
    /// has admitted to, but for [`StartError::StillPending`].
    ///
    /// # Safety
    /// As [`cpu_on`](Self::cpu_on).
    pub unsafe fn start<K: Clock>(
        &self,
        clock: &K,
        id: HwId,
        entry: u64,
        context: u64,
        patience: Micros,
    ) -> Result<Started, StartError> {
        let deadline = Deadline::after(clock, patience);
        let mut spacing = Spacing::new();
        loop {
            // SAFETY: the contract is the same.
            let asked = match unsafe { self.cpu_on(id, entry, context) } {
                Ok(()) => true,
                Err(PsciError::Refused { code: Code::OnPending, .. }) => false,
                Err(PsciError::Refused { code: Code::AlreadyOn, .. }) => return Err(StartError::AlreadyOn(id)),
                Err(error) => return Err(StartError::Psci(error)),
            };
            match (asked, self.settle(clock, id, asked, &deadline, &mut spacing)) {
                (true, Settled::On) => return Ok(Started::Confirmed),
                (true, Settled::Unknown) => return Ok(Started::Unconfirmed),
                (true, Settled::Off) => return Err(StartError::Lost(id)),
                (false, Settled::On) => return Err(StartError::AlreadyOn(id)),
                // Nobody can tell when the earlier call ends, so another try is the only way to look.
                (false, Settled::Off | Settled::Unknown) if !pause(clock, &deadline, &mut spacing) => {}
                _ => return Err(StartError::StillPending(id)),
            }
        }
    }

    /// Waits until firmware has an answer that stays. After an accepted call `OFF` is none: firmware that starts the
    /// core a moment after its answer shows it (QEMU does), although DEN0022, 5.7.2, wants `ON_PENDING` there.
    fn settle<K: Clock>(
        &self,
        clock: &K,
        id: HwId,
        accepted: bool,
        deadline: &Deadline,
        spacing: &mut Spacing,
    ) -> Settled {
        loop {
            let late = pause(clock, deadline, spacing);
            match self.affinity(id) {
                Ok(AffinityState::On) => return Settled::On,
                Ok(AffinityState::Off) if late || !accepted => return Settled::Off,
                Ok(AffinityState::OnPending) if late => return Settled::Pending,
                Ok(_) => {}
                Err(_) => return Settled::Unknown,
            }
        }
    }

    /// What firmware knows about one core (affinity level 0).
    ///
    /// # Errors
    /// [`PsciError`]. No error says anything about the core.
    pub fn affinity(&self, id: HwId) -> Result<AffinityState, PsciError> {
        let level = LowestAffinityLevel::All;
        match self.convention {
            Convention::Smc64 => smccc::psci::affinity_info::<C>(affinity_argument(id), level),
            Convention::Smc32 => smccc::psci::affinity_info_32::<C>(self.narrow(id)?, level),
        }
        .map_err(|code| PsciError::from_code(Function::AffinityInfo, code))
    }

    /// The answer for [`is_cpu_stopped`](hal_smp_api::hooks::RequesterHooks::is_cpu_stopped): `OFF` is proof, and
    /// everything else, errors and "not supported" among it, is none.
    #[must_use]
    pub fn stopped(&self, id: HwId) -> Stopped {
        match self.affinity(id) {
            Ok(AffinityState::Off) => Stopped::Off(OffProof::Firmware),
            _ => Stopped::NoProof,
        }
    }

    /// The core that cannot be turned off because a Trusted OS lives on it (`MIGRATE_INFO_TYPE` 0 or 1). `None` if there
    /// is no such core; firmware without the call has no such Trusted OS (DEN0022, 5.9).
    ///
    /// The requester should run there: everybody else can be turned off.
    ///
    /// # Errors
    /// [`PsciError`]; then any core may be that one.
    pub fn resident(&self) -> Result<Option<HwId>, PsciError> {
        match smccc::psci::migrate_info_type::<C>() {
            Ok(MigrateType::MigrationNotRequired) | Err(Code::NotSupported) => Ok(None),
            Ok(MigrateType::MigrateCapable | MigrateType::NotMigrateCapable) => self.resident_core().map(Some),
            Err(code) => Err(PsciError::from_code(Function::MigrateInfoType, code)),
        }
    }

    fn resident_core(&self) -> Result<HwId, PsciError> {
        let mpidr = match self.convention {
            Convention::Smc64 => smccc::psci::migrate_info_up_cpu::<C>(),
            Convention::Smc32 => u64::from(smccc::psci::migrate_info_up_cpu_32::<C>()),
        };
        // An MPIDR has bits 30:24 clear but for MT (24) and U (30), an error code has not.
        match mpidr as i32 {
            code @ -9..=-1 => Err(PsciError::from_code(Function::MigrateInfoUpCpu, code.into())),
            _ => Ok(hardware_id(mpidr)),
        }
    }

    /// Turns this core off. It comes back only with the reason why it could not.
    ///
    /// # Errors
    /// [`PsciError`]: `DENIED` where a Trusted OS lives on this core.
    ///
    /// # Safety
    /// * Interrupts are masked and this core's interrupt interface is quiet, so that nothing wakes it or waits for it.
    /// * Nothing that others need rests on this core: no lock is held, no interrupt is routed to it alone.
    /// * Caches and coherency are firmware's duty (DEN0022, 5.5) and are as the rest of the image has them.
    pub unsafe fn cpu_off(&self) -> Result<Infallible, PsciError> {
        match smccc::psci::cpu_off::<C>() {
            // Success that returns is none.
            Ok(()) => Err(PsciError::Returned),
            Err(code) => Err(PsciError::from_code(Function::CpuOff, code)),
        }
    }

    fn narrow(&self, id: HwId) -> Result<u32, PsciError> {
        if id.0 >> 24 == 0 { Ok(id.0) } else { Err(PsciError::IdTooWide(id)) }
    }
}

/// Lets time go by until firmware is to be asked again; whether the deadline has passed by then.
fn pause<K: Clock>(clock: &K, deadline: &Deadline, spacing: &mut Spacing) -> bool {
    loop {
        let late = deadline.passed(clock);
        if late || spacing.is_due(deadline.elapsed(clock)) {
            return late;
        }
        core::hint::spin_loop();
    }
}

/// How a start went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Started {
    /// Firmware says that the core is on.
    Confirmed,
    /// Firmware took the call and has no `AFFINITY_INFO`: only the core itself can tell.
    Unconfirmed,
}

enum Settled {
    On,
    Off,
    Pending,
    Unknown,
}

// By hand: the conduits of `smccc` have no `Debug`.
impl<C> fmt::Debug for Psci<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} in {:?}", self.convention)
    }
}

impl<C> fmt::Display for Psci<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PSCI {}.{}", self.version.0, self.version.1)
    }
}
