// SPDX-License-Identifier: MIT OR Apache-2.0
//! FIQ by group 0: armed on every core, tested by every core, told as it is.

use super::{Gic, Machine, Verdict, clean, count, fiqs, setup_with};
use crate::{MAX_CPUS, cpu, println, smp};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{CpuId, InterProcessor, IpiTarget, Line, LineMask, LinePriority};
use pic_gic::fiq::{FiqVerdict, self_test};

const SGI: u8 = 7;
/// The one line that is armed as FIQ.
pub(super) const LINE: Line = Line::new(SGI as u16);
static FOUND: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// Enables the FIQ's SGI as the most urgent one and tests it, with IRQ open and then masked.
fn test<M: Machine>(this: usize) {
    let pic = M::pic();
    let me = CpuId::new(this).unwrap_or(CpuId::BOOT);
    let urgent = pic.priority_range().highest();
    let ready = pic.set_fiq(LINE, true).and_then(|()| pic.set_priority(LINE, urgent)).and_then(|()| pic.enable(LINE));
    let send = || {
        let _ = pic.send(me, SGI, IpiTarget::Myself);
    };
    let run = || match self_test(send, || fiqs(this), || count(this, SGI.into()), 10_000_000) {
        FiqVerdict::Available => 1,
        FiqVerdict::ArrivesAsIrq => 2,
        FiqVerdict::Silent => 3,
    };
    let open = if ready.is_ok() { run() } else { 4 };
    cpu::mask_irq();
    let masked = if open == 1 { run() } else { 1 };
    // SAFETY: the masking above was for the test only.
    unsafe { cpu::unmask_irq() };
    FOUND[this].store(open * 10 + masked, Ordering::Release);
}

/// The program.
pub fn fiq<M: Machine>() -> Verdict {
    let pic = M::pic();
    let cores = setup_with::<M>(|| {
        // The group of an SGI is set before the other cores' interfaces come up.
        let set = !pic.fiq_available() || pic.set_fiq(LINE, true).is_ok();
        if set { Ok(()) } else { Err("the FIQ's SGI could not be armed") }
    })?;
    if !pic.fiq_available() {
        if pic.set_fiq(LINE, true).is_ok() {
            return Err("FIQ is not available and was not refused");
        }
        println!("FIQ: not available (no groups)");
        return clean::<M>();
    }
    for (core, found) in FOUND.iter().enumerate().take(cores) {
        if !smp::run_on(core, test::<M>) {
            return Err("a core did not end its FIQ test");
        }
        match found.load(Ordering::Acquire) {
            11 => println!("core {core}: FIQ arrives, also with IRQ masked"),
            21 => println!("core {core}: not available (arrives as IRQ)"),
            31 => println!("core {core}: not available (does not arrive)"),
            _ => return Err("FIQ arrives with IRQ open only, or could not be armed"),
        }
    }
    clean::<M>()
}
