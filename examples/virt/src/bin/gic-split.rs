// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=1
//@ only=gicv2-a32,gicv3-a32,gicv2-a64,gicv3-a64
//! Priority drop and deactivation as two steps.
#![no_std]
#![no_main]

use arm_support::{finish, println};
use hal_exc_api::pic::{Acknowledged, Claim, CpuId, CpuInterface, Line, LineMask, LinePending, SplitEnd};
use pic_gic::Version;
use pic_gic::access::Mmio;
use pic_gic::v2::GicV2;
use pic_gic::v3::{CoreRegisters, GicV3, Region};
use virt::{GICC, GICD, GICR, GICR_SIZE};

arm_support::entry!(primary, arm_support::smp::serve);

/// Two lines of one priority that no device uses.
const LINES: [Line; 2] = [Line::new(56), Line::new(57)];

/// Interrupts stay masked: acknowledging polls.
fn run<P: SplitEnd + LineMask + LinePending + CpuInterface>(pic: &P) -> Result<(), &'static str> {
    let take = |line: Line| match pic.acknowledge(CpuId::BOOT) {
        Acknowledged::Claimed(claim) if claim.line() == line => Ok(claim),
        _ => Err("an interrupt did not come, or another one came"),
    };
    let raise = |line| pic.raise(CpuId::BOOT, line).map_err(|_| "a line could not be raised");
    let nothing = || matches!(pic.acknowledge(CpuId::BOOT), Acknowledged::Spurious);
    pic.init_cpu(CpuId::BOOT).map_err(|_| "core 0's interface refused")?;
    for line in LINES {
        pic.enable(line).map_err(|_| "a line was refused")?;
    }
    raise(LINES[0])?;
    let first = take(LINES[0])?;
    raise(LINES[1])?;
    if !nothing() {
        return Err("an interrupt of the same priority preempts");
    }
    let first = pic.drop_priority(first);
    println!("priority dropped: the next of the same priority comes");
    let second = take(LINES[1])?;
    let second = pic.drop_priority(second);
    raise(LINES[0])?;
    if !nothing() {
        return Err("an active interrupt came again");
    }
    println!("not deactivated: does not come again");
    pic.deactivate(second);
    if !nothing() {
        return Err("deactivating one interrupt let another through");
    }
    pic.deactivate(first);
    let again = take(LINES[0])?;
    println!("deactivated: comes again");
    pic.end(again);
    if nothing() { Ok(()) } else { Err("something is left") }
}

fn block(address: usize) -> Option<Mmio> {
    // SAFETY: the machine's blocks, identity-mapped, used by the one driver that is made below.
    unsafe { Mmio::at(address) }
}

fn on_this_machine() -> Result<(), &'static str> {
    let blocks = block(GICD).zip(block(GICC)).zip(block(GICR));
    let ((distributor, interface), regs) = blocks.ok_or("no register block")?;
    let none = |_| "no interrupt controller";
    if virt::machine::version() == Ok(Version::V3) {
        // SAFETY: a GICv3, whose system registers start-up has enabled.
        let sys = unsafe { CoreRegisters::new() };
        let region = Region { regs, size: GICR_SIZE };
        return run(&GicV3::new(distributor, [region], sys, false).map_err(none)?.into_split());
    }
    run(&GicV2::new(distributor, interface, false).and_then(GicV2::into_split).map_err(none)?)
}

fn primary() -> ! {
    virt::init();
    println!("{}: split", virt::NAME);
    finish(on_this_machine())
}
