// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every core sends SGIs to every core, to itself, and to all others.

use super::{Gic, Machine, Verdict, clean, count, setup, source, total};
use crate::{println, smp, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{CpuId, CpuMask, InterProcessor, InterruptController, IpiTarget, LineMask};

/// What the next sender does: kind (0 list, 1 self, 2 others), SGI, receivers.
static ORDER: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
static REFUSED: AtomicU32 = AtomicU32::new(0);

fn enable<M: Machine>(_cpu: usize) {
    for n in 0..16 {
        if M::pic().ipi_line(n).and_then(|line| M::pic().enable(line)).is_err() {
            REFUSED.store(1, Ordering::Release);
        }
    }
}

fn send<M: Machine>(this: usize) {
    let [kind, number, mask] = [0, 1, 2].map(|n| ORDER[n].load(Ordering::Acquire));
    let target = match kind {
        0 => IpiTarget::List(CpuMask::from_bits(mask)),
        1 => IpiTarget::Myself,
        _ => IpiTarget::Others,
    };
    let sent = CpuId::new(this).map(|id| M::pic().send(id, number as u8, target));
    if sent != Some(Ok(())) {
        REFUSED.store(1, Ordering::Release);
    }
}

/// Sends on `sender` and checks that exactly `receivers` got it, once, and from whom.
fn check<M: Machine>(cores: usize, sender: usize, kind: u32, number: u16, receivers: u32) -> Verdict {
    let before: [u32; crate::MAX_CPUS] = core::array::from_fn(|core| count(core, number));
    let all = total(number);
    for (word, value) in ORDER.iter().zip([kind, u32::from(number), receivers]) {
        word.store(value, Ordering::Release);
    }
    if !smp::run_on(sender, send::<M>) {
        return Err("the sender did not come back");
    }
    if !wait::until(|| total(number) >= all + receivers.count_ones()) {
        return Err("an SGI was lost");
    }
    for (core, before) in before.into_iter().enumerate().take(cores) {
        if count(core, number) - before != receivers >> core & 1 {
            return Err("an SGI reached a core that was not meant, or twice");
        }
        let told = source(core);
        if receivers >> core & 1 != 0 && told != M::Pic::TELLS_SOURCE.then_some(sender) {
            return Err("the source CPU of an SGI is wrong");
        }
    }
    Ok(())
}

/// The program.
pub fn sgi<M: Machine>() -> Verdict {
    let cores = setup::<M>()?;
    for core in 0..cores {
        if !smp::run_on(core, enable::<M>) {
            return Err("a core did not enable its SGIs");
        }
    }
    let everyone = (1 << cores) - 1;
    for sender in 0..cores {
        for receiver in 0..cores {
            // All but SGI 0, which wakes idle cores for their tasks.
            check::<M>(cores, sender, 0, (1 + (sender * cores + receiver) % 15) as u16, 1 << receiver)?;
        }
        check::<M>(cores, sender, 1, 1 + sender as u16, 1 << sender)?;
        check::<M>(cores, sender, 2, 15, everyone & !(1 << sender))?;
        check::<M>(cores, sender, 0, 14, everyone)?;
        let told = if M::Pic::TELLS_SOURCE { "right" } else { "not told" };
        println!("from {sender}: each core, itself, all others, all; source {told}");
    }
    let absent = CpuMask::from_bits(1 << M::pic().cpu_count());
    if M::pic().send(CpuId::BOOT, 0, IpiTarget::List(absent)).is_ok()
        || M::pic().send(CpuId::BOOT, 16, IpiTarget::Myself).is_ok()
    {
        return Err("an absent CPU or SGI 16 was not refused");
    }
    println!("absent CPU, SGI 16: refused");
    if REFUSED.load(Ordering::Acquire) != 0 {
        return Err("an SGI was refused");
    }
    clean::<M>()
}
