// SPDX-License-Identifier: MIT OR Apache-2.0
//@ smp=1
//@ only=gicv3-a32,gicv3-a64
//! LPIs and an ITS that a former owner left running: found, told, stopped.
//!
//! The program first plays the former owner: tables in memory, one event of one device, delivered as
//! an LPI by the ITS's own command. Then the driver is asked what it finds, stops the ITS and
//! the LPIs, and the same command has no effect any more.
#![no_std]
#![no_main]

use arm_support::gic::Machine;
use arm_support::{cpu, finish, println, wait};
use core::cell::UnsafeCell;
use hal_exc_api::pic::{Acknowledge, Acknowledged, Claim, CpuId, CpuInterface};
use pic_gic::access::{Mmio, Registers};
use pic_gic::v3::{Its, LpiState};
use virt::machine::WithV3;
use virt::{GICR, GITS};

arm_support::entry!(primary, arm_support::smp::serve);

/// The first LPI.
const LPI: u32 = 8192;
const DEVICE: u64 = 1;
const EVENT: u64 = 2;
/// Bytes of each table; the ITS wants pages of 64 KiB.
const PAGE: usize = 0x1_0000;

/// Memory of the former owner's tables.
#[repr(C, align(0x10000))]
struct Tables(UnsafeCell<[[u8; PAGE]; 6]>);
// SAFETY: core 0 alone runs this program; the other user is the ITS.
unsafe impl Sync for Tables {}
static TABLES: Tables = Tables(UnsafeCell::new([[0; PAGE]; 6]));

fn table(n: usize) -> *mut u8 {
    TABLES.0.get().cast::<u8>().wrapping_add(n * PAGE)
}

fn address(n: usize) -> u64 {
    table(n) as usize as u64
}

const CONFIGURATION: usize = 0;
const PENDING: usize = 1;
const QUEUE: usize = 2;
const DEVICES: usize = 3;
const COLLECTIONS: usize = 4;
const EVENTS: usize = 5;

/// Registers that the former owner uses (IHI 0069, 12.10 and 12.18).
const GICR_CTLR: usize = 0x00;
const GICR_PROPBASER: usize = 0x70;
const GICR_PENDBASER: usize = 0x78;
const GITS_CTLR: usize = 0x00;
const GITS_CBASER: usize = 0x80;
const GITS_CWRITER: usize = 0x88;
const GITS_BASER: usize = 0x100;
const VALID: u64 = 1 << 63;
/// Tables as this program's own accesses: inner shareable, write-back cacheable. In GICR_PROPBASER and
/// GICR_PENDBASER, and in the ITS's registers.
const CACHED: u64 = 1 << 10 | 7 << 7;
const CACHED_ITS: u64 = 1 << 10 | 7 << 59;

fn block(address: usize) -> Mmio {
    // SAFETY: the machine's blocks, identity-mapped; what is written here is what an owner writes, and
    // the driver does not use them meanwhile.
    unsafe { Mmio::at(address) }.unwrap_or_else(|| finish(Err("no register block")))
}

/// Appends commands to the queue and waits until the ITS has read them; whether it has.
fn command(its: &Mmio, commands: &[[u64; 4]]) -> bool {
    let mut end = its.read64(GITS_CWRITER) as usize & 0xf_ffe0;
    for command in commands {
        for (n, word) in command.iter().enumerate() {
            // SAFETY: within the queue's page: the program writes fewer than 128 commands.
            unsafe { table(QUEUE).wrapping_add(end + 8 * n).cast::<u64>().write_volatile(word.to_le()) };
        }
        end += 32;
    }
    cpu::dsb();
    its.write64(GITS_CWRITER, end as u64);
    wait::polls(1_000_000, || Its::probe(its).is_ok_and(|its| its.is_queue_empty()))
}

/// INT: the event, as if the device had written its message.
const RAISE: [u64; 4] = [0x03 | DEVICE << 32, EVENT, 0, 0];

/// Sets everything up and turns it on.
fn former_owner(redistributor: &Mmio, its: &Mmio) -> bool {
    // SAFETY: within the table; one byte per LPI: priority 0xA0, enabled.
    unsafe { table(CONFIGURATION).write_volatile(0xa1) };
    cpu::dsb();
    // 14 bits of ids: 8192 LPIs. The pending table is zero.
    redistributor.write64(GICR_PROPBASER, address(CONFIGURATION) | CACHED | 13);
    redistributor.write64(GICR_PENDBASER, address(PENDING) | CACHED | 1 << 62);
    redistributor.write(GICR_CTLR, 1);
    for n in 0..8 {
        let register = GITS_BASER + 8 * n;
        let value = its.read64(register);
        let table = match value >> 56 & 7 {
            1 => DEVICES,
            4 => COLLECTIONS,
            _ => continue,
        };
        // One page, of the size that the register has.
        its.write64(register, VALID | CACHED_ITS | value & (0x7 << 56 | 0x1f << 48 | 0x300) | address(table));
    }
    its.write64(GITS_CBASER, VALID | CACHED_ITS | address(QUEUE) | (PAGE / 0x1000 - 1) as u64);
    its.write64(GITS_CWRITER, 0);
    its.write(GITS_CTLR, 1);
    command(
        its,
        &[
            [0x08 | DEVICE << 32, 4, VALID | address(EVENTS), 0], // MAPD: 5 bits of events
            [0x09, 0, VALID, 0],                                  // MAPC: collection 0 to core 0
            [0x0a | DEVICE << 32, EVENT | u64::from(LPI) << 32, 0, 0], // MAPTI
            [0x0c | DEVICE << 32, EVENT, 0, 0],                   // INV: read the configuration
            [0x05, 0, 0, 0],                                      // SYNC
        ],
    )
}

/// Takes what is pending within a number of polls; its id. An LPI is no line of the driver: it comes as an unknown vector,
/// ended already.
fn take() -> Option<u32> {
    let pic = WithV3::pic();
    let mut taken = None;
    wait::polls(100_000, || {
        match pic.acknowledge(CpuId::BOOT) {
            Acknowledged::Claimed(claim) => {
                taken = Some(u32::from(claim.line().number()));
                pic.end(claim);
            }
            Acknowledged::Unknown(vector) => taken = Some(u32::from(vector.number())),
            Acknowledged::Spurious => {}
        }
        taken.is_some()
    });
    taken
}

fn run() -> Result<(), &'static str> {
    let pic = WithV3::pic();
    pic.init_cpu(CpuId::BOOT).map_err(|_| "core 0's interface refused")?;
    let redistributor = pic.my_redistributor().map_err(|_| "core 0 has no redistributor")?;
    let (frame, registers) = (block(GICR + redistributor.offset()), block(GITS));
    let its = Its::probe(block(GITS)).map_err(|_| "no ITS was found")?;
    if !pic.distributor().has_lpis() || redistributor.lpis() != LpiState::Off || its.is_enabled() {
        return Err("the state after reset is told wrong");
    }
    println!("found: LPIs off, ITS off");
    if !former_owner(&frame, &registers) {
        return Err("the ITS did not take its commands");
    }
    let LpiState::On { configuration, pending } = redistributor.lpis() else {
        return Err("LPIs are on and not told");
    };
    let places = [configuration, pending].map(|register| register & 0xf_ffff_ffff_f000);
    if places != [address(CONFIGURATION), address(PENDING)] || !its.is_enabled() {
        return Err("the tables are told wrong");
    }
    println!("left on: told, with both tables");
    if !command(&registers, &[RAISE]) || take() != Some(LPI) || take().is_some() {
        return Err("the event did not come as its LPI, once");
    }
    println!("an event comes as LPI {LPI}, once, and ends");

    its.disable().map_err(|_| "the ITS did not stop")?;
    let forgotten = (0..8).all(|n| registers.read64(GITS_BASER + 8 * n) & VALID == 0);
    if its.is_enabled() || !forgotten || registers.read64(GITS_CBASER) & VALID != 0 {
        return Err("the ITS still has memory");
    }
    println!("ITS: stopped, its memory free");
    match redistributor.disable_lpis() {
        Ok(LpiState::Off) => println!("LPIs: off again"),
        Ok(LpiState::On { .. }) => println!("LPIs: stay on, their tables are handed over"),
        _ => return Err("the LPIs are told wrong"),
    }
    let _ = command(&registers, &[RAISE]);
    if take().is_some() {
        return Err("an event came after the end");
    }
    println!("no event comes any more");
    Ok(())
}

fn primary() -> ! {
    virt::init();
    println!("{}: its", virt::NAME);
    finish(run())
}
