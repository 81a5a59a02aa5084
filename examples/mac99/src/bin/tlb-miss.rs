// SPDX-License-Identifier: MIT OR Apache-2.0
//! TLB misses of the 603 type, which leave the table walk to software and their address in DMISS or IMISS. The vectors are
//! entered with shadow registers in the place of r0 to r3; frame and program must show the program's own.
//@ only=603e,g2le
#![no_std]
#![no_main]

use core::fmt::{self, Write};

use hal_exc_api::cpu;
use hal_exc_api::exception::Exception;
use hal_exc_api::frame::Frame;
use hal_exc_api::handler::Handled;
use hal_exc_api::report::Report;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, println, program, trial};

program!(main, mac99::power_off);

static LAST: Last = Last::new();

/// SRR1: what is no MSR bit there, with CR0 and the reasons; TGPR is none of the interrupted program's.
const REASONS: u32 = 0xF83F_0000;

/// Addresses that no block covers, until the handler lets the first lead to memory at 0.
const FIRST: u32 = 0x4000_0000;
const NOWHERE: u32 = 0x5000_0000;
/// Behind the vectors, in front of the image.
const PLACE: u32 = 0x8000;

trial!(load, [], "lwz %r6, 0(%r4)");
trial!(store, [], "stw %r5, 0(%r4)");
trial!(call, [], "mtctr %r4", "bctrl");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let (_board, _cpu, setup) = mac99::Board::setup(boot)?;
    mac99::translate();
    let exceptions = setup.install()?;
    exceptions.set_handler(Exception::DataLoadTlbMiss, on_load)?;
    exceptions.set_handler(Exception::DataStoreTlbMiss, on_store)?;
    exceptions.set_handler(Exception::InstructionTlbMiss, on_fetch)?;

    let mut after = Registers::default();
    // SAFETY: memory behind the vectors, mapped one to one, used by nobody.
    unsafe { (PLACE as *mut u32).write_volatile(0x600D_DA7A) };
    // SAFETY: the handler makes the address lead there.
    unsafe { load(&mut after, FIRST + PLACE, 3) };
    let expected = Expected::at_instruction(Exception::DataLoadTlbMiss, &after, [FIRST + PLACE, 3]);
    Expected { fault_address: Some(FIRST + PLACE), changed: Some((6, 0x600D_DA7A)), ..expected }
        .check(LAST.take(), &after)?;
    println!("load: mapped by the handler, tried again");

    // SAFETY: the handler skips the store.
    unsafe { store(&mut after, NOWHERE, 4) };
    let expected = Expected::at_instruction(Exception::DataStoreTlbMiss, &after, [NOWHERE, 4]);
    Expected { fault_address: Some(NOWHERE), ..expected }.check(LAST.take(), &after)?;
    println!("store: skipped");

    // SAFETY: the handler goes back to the caller.
    unsafe { call(&mut after, NOWHERE, 5) };
    let expected = Expected::at_instruction(Exception::InstructionTlbMiss, &after, [NOWHERE, 5]);
    Expected { pc: NOWHERE, ctr_lr: [NOWHERE, after.next], fault_address: Some(NOWHERE), ..expected }
        .check(LAST.take(), &after)?;
    println!("fetch: back to the caller");
    Ok(())
}

/// Prints what the report says about the miss, and notes the frame with the MSR of the program. The reasons are taken out for
/// good: hardware ignores them at the return, but the emulator would make the one of a store ILE.
fn note(frame: &mut Frame) {
    if let Ok(cpu) = cpu::identify(cpu::read_pvr()) {
        // Printing cannot fail.
        let _ = write!(Miss { line: [0; 80], len: 0 }, "{}", Report::new(&cpu, &*frame));
    }
    frame.msr &= !REASONS;
    LAST.record(frame.as_full());
}

extern "C" fn on_load(frame: &mut Frame) -> Handled {
    note(frame);
    mac99::show_memory_at(FIRST);
    Handled::Handled
}

extern "C" fn on_store(frame: &mut Frame) -> Handled {
    note(frame);
    frame.skip_instruction();
    Handled::Handled
}

extern "C" fn on_fetch(frame: &mut Frame) -> Handled {
    note(frame);
    frame.pc = frame.lr;
    Handled::Handled
}

/// Prints the first line of a report and the one that names the address; the others depend on the build.
struct Miss {
    line: [u8; 80],
    len: usize,
}

impl Write for Miss {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if byte != b'\n' {
                if let Some(place) = self.line.get_mut(self.len) {
                    *place = byte;
                    self.len += 1;
                }
                continue;
            }
            let line = self.line.get(..self.len).and_then(|line| core::str::from_utf8(line).ok()).unwrap_or("");
            if ["exception", "DMISS", "IMISS", "DAR"].iter().any(|start| line.starts_with(start)) {
                println!("{line}");
            }
            self.len = 0;
        }
        Ok(())
    }
}
