// SPDX-License-Identifier: MIT OR Apache-2.0
//! The exceptions, named by meaning.
//!
//! Manuals number vectors by offset or by IVOR, and the same number means different things on different
//! cores. Here every *meaning* has one name and one abstract number; a family's vector table says where
//! a given CPU delivers it. Register dumps of two boards are therefore comparable.

use core::fmt;

macro_rules! exceptions {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)+) => {
        /// An exception, named by its meaning; the discriminant is its abstract vector number.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Exception {
            $($(#[$doc])* $name = $number,)+
        }

        impl Exception {
            /// All exceptions, in the order of their numbers.
            pub const ALL: &'static [Exception] = &[$(Exception::$name,)+];

            /// The name in words, as a report prints it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Exception::$name => $text,)+ }
            }

            /// The name of the variant, as machine-readable output prints it.
            #[must_use]
            pub const fn ident(self) -> &'static str {
                match self { $(Exception::$name => stringify!($name),)+ }
            }

            /// The exception with this number.
            ///
            /// # Errors
            /// [`UnknownVector`] with the number, when no exception has it.
            pub const fn from_number(number: u8) -> Result<Self, UnknownVector> {
                match number { $($number => Ok(Exception::$name),)+ _ => Err(UnknownVector(number)) }
            }
        }
    };
}

exceptions! {
    /// Critical input pin, or a source that the interrupt controller routes there.
    CriticalInput = 0, "critical input";
    /// Machine check: bus error, parity, or the machine-check pin.
    MachineCheck = 1, "machine check";
    /// Data storage (protection, or no translation on cores with a table walk in hardware).
    DataStorage = 2, "data storage";
    /// Instruction storage.
    InstructionStorage = 3, "instruction storage";
    /// External input from the interrupt controller.
    ExternalInput = 4, "external input";
    /// Alignment.
    Alignment = 5, "alignment";
    /// Program: illegal or privileged instruction, trap, enabled floating-point exception.
    Program = 6, "program";
    /// Floating-point instruction while MSR\[FP\] is off.
    FpUnavailable = 7, "floating-point unavailable";
    /// `sc`.
    SystemCall = 8, "system call";
    /// Auxiliary processor instruction while it is unavailable.
    ApuUnavailable = 9, "auxiliary processor unavailable";
    /// Decrementer; on the 405 the programmable interval timer, which does the same job.
    Decrementer = 10, "decrementer";
    /// Fixed-interval timer.
    FixedIntervalTimer = 11, "fixed-interval timer";
    /// Watchdog timer.
    Watchdog = 12, "watchdog";
    /// Data TLB miss (405, Book E, 8xx).
    DataTlbMiss = 13, "data TLB miss";
    /// Instruction TLB miss (405, Book E, 8xx, 603 type).
    InstructionTlbMiss = 14, "instruction TLB miss";
    /// Debug.
    Debug = 15, "debug";
    /// SPE instruction while MSR\[SPE\] is off.
    SpeUnavailable = 16, "SPE unavailable";
    /// Embedded floating-point data exception.
    EmbeddedFpData = 17, "embedded floating-point data";
    /// Embedded floating-point round exception.
    EmbeddedFpRound = 18, "embedded floating-point round";
    /// Performance monitor.
    PerformanceMonitor = 19, "performance monitor";
    /// Processor doorbell.
    Doorbell = 20, "processor doorbell";
    /// Critical processor doorbell.
    CriticalDoorbell = 21, "critical processor doorbell";
    /// Guest processor doorbell.
    GuestDoorbell = 22, "guest processor doorbell";
    /// Guest critical or machine-check doorbell.
    GuestCriticalDoorbell = 23, "guest critical doorbell";
    /// Hypervisor system call.
    Hypercall = 24, "hypervisor system call";
    /// Guest access to a hypervisor resource.
    HypervisorPrivilege = 25, "hypervisor privilege";
    /// Logical-to-real address translation error.
    LratError = 26, "LRAT error";
    /// AltiVec instruction while MSR\[VEC\] is off.
    AltivecUnavailable = 27, "AltiVec unavailable";
    /// AltiVec assist (denormal in Java mode).
    AltivecAssist = 28, "AltiVec assist";
    /// System reset (soft reset pin).
    SystemReset = 29, "system reset";
    /// Trace: single step or branch trace by MSR\[SE\] or MSR\[BE\].
    Trace = 30, "trace";
    /// Floating-point assist.
    FpAssist = 31, "floating-point assist";
    /// Software emulation of an unimplemented instruction (5xx, 8xx).
    SoftwareEmulation = 32, "software emulation";
    /// Data TLB miss on a load (603 type).
    DataLoadTlbMiss = 33, "data-load TLB miss";
    /// Data TLB miss on a store, or a changed bit to set (603 type).
    DataStoreTlbMiss = 34, "data-store TLB miss";
    /// Instruction TLB error (8xx).
    InstructionTlbError = 35, "instruction TLB error";
    /// Data TLB error (8xx).
    DataTlbError = 36, "data TLB error";
    /// Instruction protection (5xx).
    InstructionProtection = 37, "instruction protection";
    /// Data protection (5xx).
    DataProtection = 38, "data protection";
    /// Instruction address breakpoint.
    InstructionBreakpoint = 39, "instruction address breakpoint";
    /// Data breakpoint (5xx, 8xx).
    DataBreakpoint = 40, "data breakpoint";
    /// Maskable external (5xx) or peripheral (8xx) breakpoint.
    PeripheralBreakpoint = 41, "peripheral breakpoint";
    /// Non-maskable external breakpoint (5xx) or development port (8xx).
    DevelopmentPort = 42, "development port";
    /// System management interrupt.
    SystemManagement = 43, "system management";
    /// Thermal management.
    ThermalManagement = 44, "thermal management";
}

/// How many numbers a handler table must have room for; every [`Exception`] number is below it.
pub const MAX_EXCEPTIONS: usize = 64;

const _: () = {
    let mut i = 0;
    while i < Exception::ALL.len() {
        assert!((Exception::ALL[i] as usize) < MAX_EXCEPTIONS);
        i += 1;
    }
};

impl Exception {
    /// The abstract vector number, below [`MAX_EXCEPTIONS`].
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A vector number that belongs to no exception, as a damaged frame would hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownVector(
    /// The number.
    pub u8,
);

impl fmt::Display for UnknownVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vector number {} belongs to no exception", self.0)
    }
}

impl core::error::Error for UnknownVector {}

/// The word that a prologue loads and a frame keeps: which exception, and whether it came asynchronously.
///
/// The sign bit is set for asynchronous exceptions. Bits 9 to 2 (LSB 0) hold the number, so that the word
/// is also the distance from the per-CPU block to the handler's slot: the asynchronous slots lie below the
/// block, the synchronous ones above its fields (see [`crate::percpu`]). That saves the wrapper the
/// shift, the mask and the load of a table address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct VectorWord(u32);

impl VectorWord {
    /// Distance from the per-CPU block to the first asynchronous slot.
    pub const ASYNCHRONOUS_BASE: i16 = -(4 * MAX_EXCEPTIONS as i16);
    /// Distance from the per-CPU block to the first synchronous slot.
    pub const SYNCHRONOUS_BASE: i16 = 4 * MAX_EXCEPTIONS as i16;

    /// The word for `exception`.
    #[must_use]
    pub const fn new(exception: Exception, asynchronous: bool) -> Self {
        let base = if asynchronous { Self::ASYNCHRONOUS_BASE } else { Self::SYNCHRONOUS_BASE };
        Self((base as i32 + 4 * exception.number() as i32) as u32)
    }

    /// The word as a frame holds it.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The word as it stands in the frame.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// The word as the 16-bit immediate of the prologue, which the CPU sign-extends.
    #[must_use]
    pub const fn immediate(self) -> i16 {
        self.0 as i16
    }

    /// Whether the exception came asynchronously.
    #[must_use]
    pub const fn is_asynchronous(self) -> bool {
        (self.0 as i32) < 0
    }

    /// Which exception.
    ///
    /// # Errors
    /// [`UnknownVector`] when the word is not one that a prologue loads.
    pub const fn exception(self) -> Result<Exception, UnknownVector> {
        let number = ((self.0 >> 2) & (MAX_EXCEPTIONS as u32 - 1)) as u8;
        match Exception::from_number(number) {
            Ok(exception) if Self::new(exception, self.is_asynchronous()).0 == self.0 => Ok(exception),
            _ => Err(UnknownVector(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_come_back() {
        for (i, &a) in Exception::ALL.iter().enumerate() {
            assert_eq!(Exception::from_number(a.number()), Ok(a));
            assert!(Exception::ALL[..i].iter().all(|b| b.number() != a.number() && b.name() != a.name()));
        }
        assert_eq!(Exception::from_number(63), Err(UnknownVector(63)));
    }

    #[test]
    fn the_sign_bit_says_asynchronous_and_nothing_else() {
        for &e in Exception::ALL {
            let (s, a) = (VectorWord::new(e, false), VectorWord::new(e, true));
            assert!(!s.is_asynchronous() && a.is_asynchronous());
            assert_eq!(s.exception(), Ok(e));
            assert_eq!(a.exception(), Ok(e));
            assert_eq!(a.raw(), i32::from(a.immediate()) as u32);
            assert_eq!(s.raw(), i32::from(s.immediate()) as u32);
        }
        for damaged in [0, 1, 0x1234, 0x8000_0000, VectorWord::new(Exception::Program, false).raw() | 1] {
            assert!(VectorWord::from_raw(damaged).exception().is_err(), "{damaged:#x}");
        }
    }
}
