// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=19
//@ only=gicv3-a32,gicv3-a64
//! Cores in two clusters, and redistributors in two regions.
//!
//! The machine puts 16 cores into a cluster; of 19 cores three are used: 0.0.0.0, 0.0.1.1 and
//! 0.0.1.2. Their last fields, which number stacks and statics here, differ, and none of the
//! two other numbers is the place of the core's redistributor frame. The one region that the machine
//! has is given to the driver as two. The emulator has no range selector.
#![no_std]
#![no_main]

use arm_support::once::SetOnce;
use arm_support::{MAX_CPUS, cpu, println, smp, vectors, wait};
use core::sync::atomic::{AtomicU32, Ordering};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, CpuId, CpuInterface, CpuMask, InterProcessor, InterruptController, IpiTarget,
    Line, LineAffinity, LineMask, LinePending,
};
use pic_gic::access::Mmio;
use pic_gic::v2::Combined;
use pic_gic::v3::{Affinity, CoreRegisters, GicV3, Region};
use virt::{GICD, GICR};

arm_support::entry!(primary, smp::serve);

type Pic = GicV3<Mmio, CoreRegisters, Combined, 2>;

/// The cores in use, by the last field of their affinity.
const CORES: [Affinity; 3] = [Affinity::new(0), Affinity::new(0x101), Affinity::new(0x102)];
/// Bytes of one core's redistributor.
const FRAMES: usize = 0x2_0000;
/// Frames in the first region.
const FIRST: usize = 10;
/// Frames altogether.
const ALL: usize = 19;
const SPARE: Line = Line::new(60);

static PIC: SetOnce<Pic> = SetOnce::new();
static COUNTS: [[AtomicU32; 64]; MAX_CPUS] = [const { [const { AtomicU32::new(0) }; 64] }; MAX_CPUS];
static READY: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

fn pic() -> &'static Pic {
    PIC.get().unwrap_or_else(|| arm_support::finish(Err("no interrupt controller")))
}

fn make() -> Option<Pic> {
    // SAFETY: the machine's blocks at their identity-mapped addresses, used by this one driver; every
    // CPU of it has the system registers, which start-up has enabled.
    let (distributor, first, second, sys) =
        unsafe { (Mmio::at(GICD)?, Mmio::at(GICR)?, Mmio::at(GICR + FIRST * FRAMES)?, CoreRegisters::new()) };
    let regions = [Region { regs: first, size: FIRST * FRAMES }, Region { regs: second, size: (ALL - FIRST) * FRAMES }];
    GicV3::new(distributor, regions, sys, false).inspect_err(|e| println!("# {e}")).ok()
}

/// The executing core's number in the driver, which is not the one of its stack.
fn me() -> CpuId {
    number(Affinity::from_mpidr(cpu::affinity()))
}

fn number(affinity: Affinity) -> CpuId {
    pic().cpu_of(affinity).unwrap_or_else(|| arm_support::finish(Err("a core has no redistributor")))
}

fn mask(cores: &[usize]) -> CpuMask {
    cores.iter().fold(CpuMask::EMPTY, |mask, &core| mask.with(number(CORES[core])))
}

fn take() {
    if let Acknowledged::Claimed(claim) = pic().acknowledge(me()) {
        let counter = &COUNTS[cpu::index()][claim.line().index() % 64];
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
        pic().end(claim);
    }
}

/// Brings this core's interface up: SGI 3 everywhere, SGI 4 on 0.0.1.1 alone.
fn open(this: usize) {
    let lines: &[u16] = if this == 1 { &[3, 4] } else { &[3] };
    let ready = pic().init_cpu(me()).is_ok() && lines.iter().all(|&line| pic().enable(Line::new(line)).is_ok());
    READY[this].store(u32::from(ready), Ordering::Release);
    // SAFETY: the handler was set before any core came here.
    unsafe { cpu::unmask_irq() };
}

fn send_to_others(_this: usize) {
    let _ = pic().send(me(), 3, IpiTarget::Others);
}

/// Waits until the cores in use took `line` so often, and no more often.
fn took(line: usize, expected: [u32; 3]) -> bool {
    let counts = || [0, 1, 2].map(|core: usize| COUNTS[core][line].load(Ordering::Acquire));
    let came = wait::until(|| counts().iter().sum::<u32>() >= expected.iter().sum());
    wait::polls(100_000, || false);
    came && counts() == expected
}

fn run() -> Result<(), &'static str> {
    PIC.set(make().ok_or("no interrupt controller")?);
    vectors::set_irq_handler(take);
    println!("redistributors: {}", pic().cpu_count());
    open(0);
    for (core, affinity) in CORES.into_iter().enumerate().skip(1) {
        if !virt::cpu_on(affinity.mpidr()) || !wait::until(|| smp::is_up(core)) || !smp::run_on(core, open) {
            return Err("a core did not come");
        }
        println!("core {affinity:?}: number {}", number(affinity).index());
    }
    if READY[..3].iter().any(|ready| ready.load(Ordering::Acquire) == 0) {
        return Err("a core's interface refused to come up");
    }
    let list = |cores: &[usize]| IpiTarget::List(mask(cores));
    pic().send(me(), 3, list(&[0, 1, 2])).map_err(|_| "an SGI was refused")?;
    if !took(3, [1, 1, 1]) {
        return Err("a list over both clusters did not reach exactly its cores");
    }
    pic().send(me(), 3, list(&[2])).map_err(|_| "an SGI was refused")?;
    if !took(3, [1, 1, 2]) {
        return Err("a list of one core in the other cluster did not reach exactly it");
    }
    if !smp::run_on(1, send_to_others) || !took(3, [2, 1, 3]) {
        return Err("all others were not exactly all others");
    }
    println!("SGIs: over both clusters, to one core, to all others");
    pic().send(me(), 4, list(&[1, 2])).map_err(|_| "an SGI was refused")?;
    if !took(4, [0, 1, 0]) {
        return Err("a private enable was another core's");
    }
    println!("private lines: each core its own");
    let refused = pic().set_affinity(SPARE, mask(&[0, 1])).is_err();
    for (core, expected) in [(2, [0, 0, 1]), (1, [0, 1, 1]), (0, [1, 1, 1])] {
        pic().set_affinity(SPARE, mask(&[core])).map_err(|_| "a route was refused")?;
        pic().enable(SPARE).and_then(|()| pic().raise(me(), SPARE)).map_err(|_| "a line was refused")?;
        if pic().affinity(SPARE) != Ok(mask(&[core])) || !took(SPARE.index(), expected) {
            return Err("a line went to another core");
        }
    }
    if !refused {
        return Err("a route to two cores was not refused");
    }
    println!("shared line: to each core in turn; to two: refused");
    Ok(())
}

fn primary() -> ! {
    virt::init();
    println!("{}: clusters", virt::NAME);
    arm_support::finish(run())
}
