// SPDX-License-Identifier: MIT OR Apache-2.0
//@ full
//@ smp=1
//@ only=gicv2-a32,gicv3-a32,gicv2-a64,gicv3-a64
//! Acknowledge, dispatch and end of one interrupt: our driver and `arm-gic`, on the same board.
//!
//! Each `count_*` function does the same work: take the pending interrupt, call its handler from
//! a table of all ids, end it. The instructions between its first and its last, without the
//! handler's, are the cost; `cargo xtask count` counts them. Both drivers are used on one controller,
//! which ours has initialised; neither is given anything that the other has not.
#![no_std]
#![no_main]

use arm_gic::gicv3::GicCpuInterface;
use arm_gic::{IntId, InterruptGroup};
use arm_support::gic::Machine;
use arm_support::{cpu, finish, println};
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, Line, LineMask, LinePending};
use pic_gic::Version;
use virt::machine::{WithV2, WithV3};

arm_support::entry!(primary, arm_support::smp::serve);

type Handler = extern "C" fn(u32);

/// One handler per id; the special numbers have none. Two kinds, so that the call is not decided
/// at compile time.
static HANDLERS: [Handler; 1020] = {
    let mut handlers: [Handler; 1020] = [other; 1020];
    handlers[60] = count_handler;
    handlers
};
static LAST: AtomicU32 = AtomicU32::new(u32::MAX);

#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn count_handler(id: u32) {
    LAST.store(id, Ordering::Relaxed);
}

extern "C" fn other(id: u32) {
    LAST.store(id ^ 0xffff, Ordering::Relaxed);
}

#[inline(never)]
#[unsafe(no_mangle)]
fn count_ours_v2(pic: &<WithV2 as Machine>::Pic) -> bool {
    match pic.acknowledge(CpuId::BOOT) {
        Acknowledged::Claimed(claim) => {
            let id = claim.line().number();
            if let Some(handler) = HANDLERS.get(usize::from(id)) {
                handler(id.into());
            }
            pic.end(claim);
            true
        }
        _ => false,
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn count_ours_v3(pic: &<WithV3 as Machine>::Pic) -> bool {
    match pic.acknowledge(CpuId::BOOT) {
        Acknowledged::Claimed(claim) => {
            let id = claim.line().number();
            if let Some(handler) = HANDLERS.get(usize::from(id)) {
                handler(id.into());
            }
            pic.end(claim);
            true
        }
        _ => false,
    }
}

/// The id is cleaned of the source CPU here, because that driver leaves it in.
#[inline(never)]
#[unsafe(no_mangle)]
fn count_armgic_v2(pic: &mut arm_gic::gicv2::GicV2<'_>) -> bool {
    pic.handle_interrupt(InterruptGroup::Group0, |id| {
        let id = u32::from(id) & 0x3ff;
        if let Some(handler) = HANDLERS.get(id as usize) {
            handler(id);
        }
    })
}

#[inline(never)]
#[unsafe(no_mangle)]
fn count_armgic_v3() -> bool {
    GicCpuInterface::handle_interrupt(InterruptGroup::Group1, |id: IntId| {
        let id = u32::from(id);
        if let Some(handler) = HANDLERS.get(id as usize) {
            handler(id);
        }
    })
}

/// A spare SPI, raised before each run.
const LINE: Line = Line::new(60);

fn check<P: LinePending>(pic: &P, name: &str, run: impl FnOnce() -> bool) -> bool {
    LAST.store(u32::MAX, Ordering::Relaxed);
    let raised = pic.raise(CpuId::BOOT, LINE).is_ok();
    cpu::dsb();
    let taken = run();
    let right = raised && taken && LAST.load(Ordering::Relaxed) == 60;
    println!("{name}: {}", if right { "taken, dispatched, ended" } else { "wrong" });
    right
}

fn measure<M: Machine>(
    ours: impl Fn(&'static M::Pic) -> bool,
    theirs: impl FnOnce() -> bool,
) -> Result<(), &'static str> {
    let pic = M::pic();
    // Interrupts stay masked: the functions are called, not taken.
    pic.init_cpu(CpuId::BOOT).and_then(|()| pic.enable(LINE)).map_err(|_| "the controller refused")?;
    let right = check(pic, "pic-gic", || ours(black_box(pic))) & check(pic, "arm-gic", theirs);
    if right { Ok(()) } else { Err("a driver did not take the interrupt") }
}

fn primary() -> ! {
    virt::init();
    println!("{}: count", virt::NAME);
    finish(match virt::machine::version() {
        Ok(Version::V3) => measure::<WithV3>(count_ours_v3, count_armgic_v3),
        Ok(_) => {
            // SAFETY: the machine's addresses; the aliasing with our driver is the point of the
            // comparison, and calls do not overlap.
            let mut theirs = unsafe { arm_gic::gicv2::GicV2::new(virt::GICD as *mut _, virt::GICC as *mut _) };
            measure::<WithV2>(count_ours_v2, || count_armgic_v2(black_box(&mut theirs)))
        }
        Err(_) => Err("no interrupt controller"),
    })
}
