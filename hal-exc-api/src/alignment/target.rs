// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ready handlers for PowerPC: `set_handler(Exception::Alignment, alignment::target::handler_for(cpu))`.

use core::arch::asm;
use core::mem::size_of;
use core::ops::Range;

use super::{FpRegisters, Memory, Surroundings, emulate};
use crate::context::{Context, FpContext};
use crate::cpu::{Cpu, Features};
use crate::frame::Frame;
use crate::handler::{Handled, Handler};
use crate::msr::MsrBit;

/// The handler for a CPU, which knows its cache line; `None` when the line is of no size that has a handler.
///
/// The handler accesses what the interrupted instruction would have accessed, nothing else: it is as safe as the
/// program was. A fault in it is an exception like any other.
#[must_use]
pub const fn handler_for(cpu: &Cpu) -> Option<Handler> {
    match cpu.core().cache_line {
        16 => Some(handler::<16>),
        32 => Some(handler::<32>),
        64 => Some(handler::<64>),
        _ => None,
    }
}

/// The handler for a CPU with floating-point registers, which emulates their loads and stores too. It saves and restores
/// all of them (see [`FpContext`]), so an image that refers to it contains floating-point instructions. `None`
/// when `features` (the model's, or those found by probing) have no such registers or [`handler_for`] has no handler.
#[must_use]
pub const fn handler_with_fp_for(cpu: &Cpu, features: Features) -> Option<Handler> {
    if !features.contains(Features::FPU) {
        return None;
    }
    match cpu.core().cache_line {
        16 => Some(handler_with_fp::<16>),
        32 => Some(handler_with_fp::<32>),
        64 => Some(handler_with_fp::<64>),
        _ => None,
    }
}

/// Deep enough for what the emulation itself calls.
const OWN_DEPTH: u32 = 2048;

extern "C" fn handler<const LINE: u32>(frame: &mut Frame) -> Handled {
    run::<LINE>(frame, None)
}

extern "C" fn handler_with_fp<const LINE: u32>(frame: &mut Frame) -> Handled {
    if frame.msr & MsrBit::FloatingPoint.mask() == 0 {
        // The program's FP state is not in the registers.
        return run::<LINE>(frame, None);
    }
    let mut area = FpContext::ZERO;
    // SAFETY: `handler_with_fp_for` gives this handler out for CPUs with the unit only.
    let msr = unsafe { FpContext::save(&raw mut area) };
    let handled = run::<LINE>(frame, Some(&mut area));
    // SAFETY: the area holds what `save` put there, but for the register that the program loaded.
    unsafe { FpContext::restore(&raw const area, msr) };
    handled
}

fn run<const LINE: u32>(frame: &mut Frame, fp: Option<&mut dyn FpRegisters>) -> Handled {
    let surroundings = Surroundings { msr: own_msr(), cache_line: LINE, own_stack: own_stack(frame) };
    match emulate(frame, fp, &mut Real(()), &surroundings) {
        Ok(()) => Handled::Handled,
        Err(_) => Handled::NotHandled,
    }
}

/// From below this function's callees to the end of the exception's frame: both lie on the interrupted stack.
fn own_stack(frame: &Frame) -> Range<u32> {
    let here = 0u8;
    let start = (&raw const here as usize as u32).saturating_sub(OWN_DEPTH);
    start..(&raw const *frame as usize as u32).wrapping_add(size_of::<Frame>() as u32)
}

fn own_msr() -> u32 {
    let msr;
    // SAFETY: reads MSR in supervisor state, where every handler runs; no memory, no flags, no stack.
    unsafe {
        asm!("mfmsr {}", // the handler's own translation
             out(reg) msr, options(nomem, nostack, preserves_flags))
    };
    msr
}

/// The memory of this machine, as the interrupted program sees it.
///
/// Only the handler makes one: what is accessed through it is what the program was about to access.
struct Real(());

// Assembly and not pointers: a program may well access address 0, which a pointer of Rust may not.
macro_rules! load {
    ($insn:literal, $address:expr) => {{
        let value: u32;
        // SAFETY: the access that the interrupted program was about to do, or a part of it, in its translation. Not `nomem`
        // and not `pure`: it may be a device.
        unsafe {
            asm!(concat!($insn, " {0}, 0({1})"), // naturally aligned, so no core refuses it
                 out(reg) value, in(reg_nonzero) $address, options(nostack, preserves_flags))
        };
        value
    }};
}

macro_rules! store {
    ($insn:literal, $address:expr, $value:expr) => {{
        let value: u32 = $value;
        // SAFETY: as for the load; `emulate` has checked that it does not touch the frame or the handler's stack.
        unsafe {
            asm!(concat!($insn, " {0}, 0({1})"), // naturally aligned, so no core refuses it
                 in(reg) value, in(reg_nonzero) $address, options(nostack, preserves_flags))
        };
    }};
}

impl Memory for Real {
    fn read_u8(&self, address: u32) -> Option<u8> {
        Some(load!("lbz", address) as u8)
    }

    fn read_u16(&self, address: u32) -> Option<u16> {
        Some(load!("lhz", address) as u16)
    }

    fn read_u32(&self, address: u32) -> Option<u32> {
        Some(load!("lwz", address))
    }

    fn is_writable(&self, _address: u32, _len: u32) -> bool {
        // A store that faults is a fault of the program: it is reported as any other.
        true
    }

    fn write_u8(&mut self, address: u32, value: u8) {
        store!("stb", address, value.into());
    }

    fn write_u16(&mut self, address: u32, value: u16) {
        store!("sth", address, value.into());
    }

    fn write_u32(&mut self, address: u32, value: u32) {
        store!("stw", address, value);
    }
}
