// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trials: one instruction that raises an exception, with a known value in every register.
//!
//! [`trial!`](macro@crate::trial) makes a function that loads the pattern, executes the instruction and notes every
//! register afterwards. The handler passes its frame to [`Last::record`]; [`Expected::check`] then compares both: the
//! frame must show the registers at the instruction, and the program must find them again.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use hal_exc_api::exception::Exception;
use hal_exc_api::frame::{Frame, FullFrame, InterruptFrame};

use crate::Failure;
use crate::ensure;

/// Registers after the instruction, and where it stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Registers {
    /// r0 to r31.
    pub gpr: [u32; 32],
    /// Condition register.
    pub cr: u32,
    /// Fixed-point exception register.
    pub xer: u32,
    /// Count register.
    pub ctr: u32,
    /// Link register.
    pub lr: u32,
    /// Address of the instruction.
    pub instruction: u32,
    /// Address of the one behind.
    pub next: u32,
    /// MSR before everything.
    pub msr: u32,
}

/// The pattern: CR, XER, CTR, LR. XER has no other bits than SO, OV, CA and the byte count everywhere.
pub const CR: u32 = 0x9A5C_36E1;
/// XER of the pattern.
pub const XER: u32 = 0xA000_002A;
/// CTR of the pattern.
pub const CTR: u32 = 0x0BAD_CAFE;
/// LR of the pattern.
pub const LR: u32 = 0x1234_5670;

/// Bits of a saved MSR that tell the cause of a program exception.
const PROGRAM_CAUSE: u32 = 0x001F_0000;

/// The pattern in register `n`; r1, r4, r5 and r13 have other values.
#[must_use]
pub const fn pattern(n: u32) -> u32 {
    0x5A00_A500 | n << 16 | n
}

/// Makes a trial: `unsafe extern "C" fn(out: &mut Registers, r4: u32, r5: u32)`.
///
/// The instructions in brackets run before the pattern is loaded and may use r6 to r12; the instruction (or
/// instructions) after them run with the pattern and with r4 and r5 as passed. Whatever it changes must be what the
/// test expects; r1 and r13 it must leave alone.
#[macro_export]
macro_rules! trial {
    ($(#[$doc:meta])* $name:ident, [$($before:literal),*], $($instruction:literal),+) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name(out: &mut $crate::trial::Registers, r4: u32, r5: u32) {
            ::core::arch::naked_asm!(
                // Keep what the ABI says is the caller's.
                "stwu %r1, -128(%r1)",
                "mflr %r0",
                "stw %r0, 132(%r1)",
                "stmw %r14, 16(%r1)",
                "stw %r2, 88(%r1)",
                "mfcr %r0",
                "stw %r0, 96(%r1)",
                "stw %r3, 8(%r1)",          // out
                // Where the instruction stands.
                "lis %r6, 22f@ha",
                "addi %r6, %r6, 22f@l",
                "stw %r6, {instruction}(%r3)",
                "lis %r6, 23f@ha",
                "addi %r6, %r6, 23f@l",
                "stw %r6, {next}(%r3)",
                "mfmsr %r6",
                "stw %r6, {msr}(%r3)",
                $($before,)*
                // The pattern.
                "lis %r0, {xer}@h",
                "ori %r0, %r0, {xer}@l",
                "mtxer %r0",
                "lis %r0, {ctr}@h",
                "ori %r0, %r0, {ctr}@l",
                "mtctr %r0",
                "lis %r0, {lr}@h",
                "ori %r0, %r0, {lr}@l",
                "mtlr %r0",
                "lis %r0, {cr}@h",
                "ori %r0, %r0, {cr}@l",
                "mtcrf 0xFF, %r0",
                ".irp n, 0,2,3,6,7,8,9,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                "lis \\n, 0x5A00 + \\n",
                "ori \\n, \\n, 0xA500 + \\n",
                ".endr",
                // The trial.
                "22:",
                $($instruction,)+
                "23:",
                // What is in the registers now.
                "stw %r31, 12(%r1)",
                "lwz %r31, 8(%r1)",         // out
                "stw %r0, 0(%r31)",
                "stw %r1, 4(%r31)",
                "stmw %r2, 8(%r31)",        // r31 is not right yet
                "lwz %r30, 12(%r1)",
                "stw %r30, 124(%r31)",      // now it is
                "mfcr %r0",
                "stw %r0, 128(%r31)",
                "mfxer %r0",
                "stw %r0, 132(%r31)",
                "mfctr %r0",
                "stw %r0, 136(%r31)",
                "mflr %r0",
                "stw %r0, 140(%r31)",
                // Back to the caller's.
                "lmw %r14, 16(%r1)",
                "lwz %r2, 88(%r1)",
                "lwz %r0, 96(%r1)",
                "mtcrf 0xFF, %r0",
                "lwz %r0, 132(%r1)",
                "mtlr %r0",
                "addi %r1, %r1, 128",
                "blr",
                instruction = const ::core::mem::offset_of!($crate::trial::Registers, instruction),
                next = const ::core::mem::offset_of!($crate::trial::Registers, next),
                msr = const ::core::mem::offset_of!($crate::trial::Registers, msr),
                cr = const $crate::trial::CR,
                xer = const $crate::trial::XER,
                ctr = const $crate::trial::CTR,
                lr = const $crate::trial::LR,
            )
        }
    };
}

// The stores of the macro.
const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Registers, gpr) == 0 && offset_of!(Registers, cr) == 128);
    assert!(offset_of!(Registers, xer) == 132 && offset_of!(Registers, ctr) == 136 && offset_of!(Registers, lr) == 140);
};

/// The frame that a handler saw last.
#[derive(Debug)]
pub struct Last {
    filled: AtomicBool,
    frame: UnsafeCell<Option<FullFrame>>,
}

// SAFETY: `frame` is written by `record` only while it is not `filled`, and read by `take` only while it is.
unsafe impl Sync for Last {}

impl Last {
    /// Nothing seen yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a `static`'s initial value has to be `const`")]
    pub const fn new() -> Self {
        Self { filled: AtomicBool::new(false), frame: UnsafeCell::new(None) }
    }

    /// Notes a frame; if the one before was not taken yet, that one stays.
    pub fn record(&self, frame: &FullFrame) {
        if !self.filled.load(Ordering::Acquire) {
            // SAFETY: not filled, so nobody reads; one CPU, and handlers of one program do not nest here.
            unsafe { *self.frame.get() = Some(*frame) };
            self.filled.store(true, Ordering::Release);
        }
    }

    /// Notes the frame of an interrupt, which holds the volatile registers only; the others stay 0.
    pub fn record_interrupt(&self, frame: &InterruptFrame) {
        let mut full = Frame::new(frame.vector, frame.pc, frame.msr);
        (full.cr, full.xer, full.ctr, full.lr) = (frame.cr, frame.xer, frame.ctr, frame.lr);
        (full.gpr[0], full.gpr[1]) = (frame.r0, frame.back_chain);
        full.gpr[3..=12].copy_from_slice(&frame.r3_to_r12);
        self.record(&full);
    }

    /// Takes the frame out.
    pub fn take(&self) -> Option<FullFrame> {
        if !self.filled.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: filled, so nobody writes.
        let frame = unsafe { (*self.frame.get()).take() };
        self.filled.store(false, Ordering::Release);
        frame
    }
}

/// What a trial must show.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The exception.
    pub exception: Exception,
    /// PC in the frame.
    pub pc: u32,
    /// r4 and r5.
    pub arguments: [u32; 2],
    /// CTR and LR at the instruction.
    pub ctr_lr: [u32; 2],
    /// MSR at the instruction.
    pub msr: u32,
    /// Bits that the syndrome must have.
    pub syndrome: u32,
    /// Bits that it must not have.
    pub syndrome_lacks: u32,
    /// The fault address, where the exception has one.
    pub fault_address: Option<u32>,
    /// A register that the handler or the instruction changes, and its new value.
    pub changed: Option<(usize, u32)>,
}

impl Expected {
    /// An exception of `trial` at its instruction, which changes nothing.
    #[must_use]
    pub const fn at_instruction(exception: Exception, trial: &Registers, arguments: [u32; 2]) -> Self {
        Self {
            exception,
            pc: trial.instruction,
            arguments,
            ctr_lr: [CTR, LR],
            msr: trial.msr,
            syndrome: 0,
            syndrome_lacks: 0,
            fault_address: None,
            changed: None,
        }
    }

    /// As [`check`](Self::check), for what [`Last::record_interrupt`] noted: the registers that an interrupt's frame
    /// does not hold are looked at in the program afterwards.
    ///
    /// # Errors
    /// A [`Failure`] that names the first difference.
    pub fn check_interrupt(&self, frame: Option<FullFrame>, after: &Registers) -> Result<(), Failure> {
        let frame = frame.map(|mut frame| {
            for n in (2..32).filter(|n| !(3..=12).contains(n)) {
                frame.gpr[n] = if n == 13 { after.gpr[13] } else { pattern(n as u32) };
            }
            frame
        });
        self.check(frame, after)
    }

    /// Compares the frame that the handler saw and the registers that the program found afterwards.
    ///
    /// # Errors
    /// A [`Failure`] that names the first difference.
    pub fn check(&self, frame: Option<FullFrame>, after: &Registers) -> Result<(), Failure> {
        let name = self.exception.name();
        let Some(frame) = frame else { return Err(Failure::new(format_args!("{name}: no handler was called"))) };
        ensure!(
            frame.vector.exception() == Ok(self.exception),
            "{name}: the frame says {:?}",
            frame.vector.exception()
        );
        ensure!(frame.pc == self.pc, "{name}: PC {:08x}, not {:08x}", frame.pc, self.pc);
        ensure!(
            frame.syndrome & self.syndrome == self.syndrome,
            "{name}: syndrome {:08x} lacks {:08x}",
            frame.syndrome,
            self.syndrome
        );
        ensure!(
            frame.syndrome & self.syndrome_lacks == 0,
            "{name}: syndrome {:08x} has {:08x}",
            frame.syndrome,
            frame.syndrome & self.syndrome_lacks
        );
        // The saved MSR of a program exception holds its cause on classic cores, in 0x001F_0000; QEMU does the same
        // on all.
        let foreign = if self.exception == Exception::Program { PROGRAM_CAUSE } else { 0 };
        ensure!((frame.msr ^ self.msr) & !foreign == 0, "{name}: MSR {:08x}, not {:08x}", frame.msr, self.msr);
        if let Some(address) = self.fault_address {
            ensure!(
                frame.fault_address == address,
                "{name}: fault address {:08x}, not {address:08x}",
                frame.fault_address
            );
        }
        let [ctr, lr] = self.ctr_lr;
        let special = [("CR", frame.cr, after.cr, CR), ("XER", frame.xer, after.xer, XER)];
        let special = special.into_iter().chain([("CTR", frame.ctr, after.ctr, ctr), ("LR", frame.lr, after.lr, lr)]);
        for (register, seen, found, value) in special {
            ensure!(seen == value, "{name}: {register} in the frame is {seen:08x}, not {value:08x}");
            ensure!(found == value, "{name}: {register} afterwards is {found:08x}, not {value:08x}");
        }
        for n in 0..32 {
            let value = match n {
                1 | 13 => after.gpr[n],
                4 | 5 => self.arguments[n - 4],
                _ => pattern(n as u32),
            };
            ensure!(frame.gpr[n] == value, "{name}: r{n} in the frame is {:08x}, not {value:08x}", frame.gpr[n]);
            let value = self.changed.filter(|&(register, _)| register == n).map_or(value, |(_, value)| value);
            ensure!(after.gpr[n] == value, "{name}: r{n} afterwards is {:08x}, not {value:08x}", after.gpr[n]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
