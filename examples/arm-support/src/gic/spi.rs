// SPDX-License-Identifier: MIT OR Apache-2.0
//! The UART's interrupt is routed to each core in turn.

use super::{Machine, Verdict, clean, count, set_hook, setup, total};
use crate::{console, println, wait};
use arm_pl011_uart::Interrupts;
use hal_exc_api::pic::{CpuId, CpuMask, InterruptController, Line, LineAffinity, LineMask, LinePending, PicError};

const ROUNDS: u32 = 20;

/// Quiets the device: its line is a level.
fn quiet(_cpu: usize, _line: Line) {
    if let Some(mut uart) = console::uart() {
        uart.set_interrupt_masks(Interrupts::empty());
        uart.clear_interrupts(Interrupts::TXI);
    }
}

/// The program.
pub fn spi<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    set_hook(quiet);
    let (pic, line) = (M::pic(), M::UART);
    quiet(0, line);
    pic.enable(line).map_err(|_| "the UART's line was refused")?;
    for core in 0..cores {
        let only = CpuId::new(core).map(CpuMask::only).ok_or("too many cores")?;
        pic.set_affinity(line, only).map_err(|_| "the UART's line could not be routed")?;
        if pic.affinity(line) != Ok(only) {
            return Err("the route does not read back");
        }
        for _ in 0..ROUNDS {
            let (before, all) = (count(core, line.number()), total(line.number()));
            let mut uart = console::uart().ok_or("no UART")?;
            // A character sent makes the transmit interrupt; this one is a comment line's start.
            crate::print!("#\n");
            uart.set_interrupt_masks(Interrupts::TXI);
            if !wait::until(|| total(line.number()) > all) {
                return Err("the UART's interrupt did not come");
            }
            if !wait::until(|| !pic.is_pending(line).unwrap_or(true)) {
                return Err("the UART's line stays pending");
            }
            if count(core, line.number()) != before + 1 || total(line.number()) != all + 1 {
                return Err("the UART's interrupt went to another core");
            }
        }
        println!("core {core}: {ROUNDS} interrupts of the UART");
    }
    let absent = CpuMask::from_bits(1 << pic.cpu_count());
    let refused = |cpus| pic.set_affinity(line, cpus) == Err(PicError::NotRoutable { line, cpus });
    if !refused(absent) || !refused(CpuMask::EMPTY) {
        return Err("a route to nowhere was not refused");
    }
    println!("route to an absent CPU, to none: refused");
    clean::<M>()
}
