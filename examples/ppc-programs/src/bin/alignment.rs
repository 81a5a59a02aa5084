// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ready alignment handler. QEMU raises alignment exceptions for misaligned reservations only, which the handler declines:
//! that is shown end to end. What it does for other instructions is shown by calling it with frames as a stricter core
//! would make them, on real memory.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::alignment::target::handler_for;
use hal_exc_api::exception::{Exception, VectorWord};
use hal_exc_api::fatal::FrameMut;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::{Handled, Handler};
use ppc_support::shared::Shared;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, ppc_universal::power_off);

static LAST: Last = Last::new();
static DECLINED: AtomicU32 = AtomicU32::new(0);

trial!(reservation, [], "lwarx %r6, 0, %r4");

/// What the accesses see: a line of bytes that count up, as aligned as the longest cache line.
#[repr(C, align(128))]
struct Bytes([u8; 256]);

static BYTES: Shared<Bytes> = Shared::new();

/// Instructions with the address in r4 and 1 in r5, and the first byte that they name.
const ACCESSES: &[(&str, u32, u32)] = &[
    ("lwz r6, 1(r4)", 0x80C4_0001, 1),
    ("lhz r6, 3(r4)", 0xA0C4_0003, 3),
    ("lha r6, 131(r4)", 0xA8C4_0083, 131),
    ("lwzu r6, 5(r4)", 0x84C4_0005, 5),
    ("lwzx r6, r4, r5", 0x7CC4_282E, 1),
    ("lwbrx r6, r4, r5", 0x7CC4_2C2C, 1),
    ("lhbrx r6, r4, r5", 0x7CC4_2E2C, 1),
    ("lmw r29, 2(r4)", 0xBBA4_0002, 2),
    ("lswi r29, r4, 11", 0x7FA4_5CAA, 0),
    ("stw r7, 9(r4)", 0x90E4_0009, 9),
    ("sth r7, 13(r4)", 0xB0E4_000D, 13),
    ("stwu r7, 17(r4)", 0x94E4_0011, 17),
    ("stwbrx r7, r4, r5", 0x7CE4_2D2C, 1),
    ("stmw r30, 21(r4)", 0xBFC4_0015, 21),
    ("stswi r29, r4, 7", 0x7FA4_3DAA, 0),
    ("dcbz r4, r5", 0x7C04_2FEC, 1),
];

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, cpu, setup) = ppc_programs::setup(boot)?;
    let exceptions = setup.install()?;
    let handler = handler_for(&cpu).ok_or(Failure::new("no handler for this cache line"))?;
    exceptions.set_handler(Exception::Alignment, handler)?;
    exceptions.set_global_handler(Some(on_declined));

    let odd = &raw const BYTES as u32 | 1;
    let mut after = Registers::default();
    // SAFETY: the global handler skips the instruction.
    unsafe { reservation(&mut after, odd, 2) };
    let expected = Expected::at_instruction(Exception::Alignment, &after, [odd, 2]);
    Expected { fault_address: Some(odd), ..expected }.check(LAST.take(), &after)?;
    ensure!(DECLINED.load(Ordering::Relaxed) == 1, "the handler took the reservation");
    println!("lwarx at an odd address: declined, taken by the global handler, registers intact");

    let line = usize::from(cpu.core().cache_line);
    for &(text, word, first) in ACCESSES {
        access(handler, text, word, first, line)?;
    }
    println!("{} misaligned accesses done on memory", ACCESSES.len());
    Ok(())
}

fn on_declined(frame: FrameMut<'_>) -> Handled {
    match frame {
        FrameMut::Synchronous(frame) => {
            DECLINED.fetch_add(1, Ordering::Relaxed);
            LAST.record(frame.as_full());
            frame.skip_instruction();
            Handled::Handled
        }
        _ => Handled::NotHandled,
    }
}

/// Lets the handler do one access, and compares memory and registers with what the instruction is described to do.
fn access(handler: Handler, text: &str, word: u32, first: u32, line: usize) -> Result<(), Failure> {
    BYTES.put(Bytes(core::array::from_fn(|n| n as u8)));
    let msr: u32;
    // SAFETY: reads MSR.
    unsafe { core::arch::asm!("mfmsr {}", out(reg) msr, options(nomem, nostack, preserves_flags)) };
    let code = [word];
    let mut frame = Frame::new(VectorWord::new(Exception::Alignment, false), code.as_ptr() as u32, msr);
    let base = BYTES.with(|bytes| bytes.0.as_mut_ptr() as u32).ok_or(Failure::new("the memory is in use"))?;
    for (n, gpr) in frame.gpr.iter_mut().enumerate() {
        *gpr = 0xC0DE_0000 | (n as u32 * 0x0101);
    }
    (frame.gpr[4], frame.gpr[5]) = (base, 1);
    frame.fault_address = base + first;
    let before = frame;
    ensure!(handler(&mut frame) == Handled::Handled, "{text}: declined");
    ensure!(frame.pc == before.pc + 4, "{text}: PC {:08x}", frame.pc);
    let (mut gpr, mut bytes) = (before.gpr, core::array::from_fn(|n| n as u8));
    reference(word, &mut gpr, &mut bytes, first as usize, base, line);
    for (n, (found, right)) in frame.gpr.iter().zip(&gpr).enumerate() {
        ensure!(found == right, "{text}: r{n} is {found:08x}, not {right:08x}");
    }
    let same = BYTES.with(|found| found.0 == bytes).ok_or(Failure::new("the memory is in use"))?;
    ensure!(same, "{text}: memory differs");
    println!("{text}");
    Ok(())
}

/// The instruction's effect, written down for this list of instructions.
fn reference(word: u32, gpr: &mut [u32; 32], bytes: &mut [u8; 256], first: usize, base: u32, line: usize) {
    let target = (word >> 21 & 31) as usize;
    let at = |bytes: &[u8; 256], n: usize| u32::from_be_bytes([bytes[n], bytes[n + 1], bytes[n + 2], bytes[n + 3]]);
    let half = |bytes: &[u8; 256], n: usize| u16::from_be_bytes([bytes[n], bytes[n + 1]]);
    let mut put = |value: &[u8]| bytes[first..first + value.len()].copy_from_slice(value);
    match (word >> 26, word >> 1 & 0x3FF) {
        (36, _) => put(&gpr[target].to_be_bytes()),
        (37, _) => {
            put(&gpr[target].to_be_bytes());
            gpr[4] = base + first as u32;
        }
        (44, _) => put(&(gpr[target] as u16).to_be_bytes()),
        (47, _) => {
            put(&gpr[30].to_be_bytes());
            bytes[first + 4..first + 8].copy_from_slice(&gpr[31].to_be_bytes());
        }
        (31, 662) => put(&gpr[target].to_le_bytes()),
        // Seven bytes of r29 and r30.
        (31, 725) => {
            put(&gpr[29].to_be_bytes());
            bytes[first + 4..first + 7].copy_from_slice(&gpr[30].to_be_bytes()[..3]);
        }
        (31, 1014) => bytes[first / line * line..][..line].fill(0),
        (32, _) | (31, 23) => gpr[target] = at(bytes, first),
        (33, _) => (gpr[target], gpr[4]) = (at(bytes, first), base + first as u32),
        (40, _) => gpr[target] = half(bytes, first).into(),
        (42, _) => gpr[target] = half(bytes, first) as i16 as u32,
        (31, 534) => gpr[target] = at(bytes, first).swap_bytes(),
        (31, 790) => gpr[target] = half(bytes, first).swap_bytes().into(),
        (46, _) => (gpr[29], gpr[30], gpr[31]) = (at(bytes, first), at(bytes, first + 4), at(bytes, first + 8)),
        // Eleven bytes: the last register's lowest byte is zero.
        (31, 597) => {
            (gpr[29], gpr[30], gpr[31]) = (at(bytes, first), at(bytes, first + 4), at(bytes, first + 8) & !0xFF);
        }
        _ => {}
    }
}
