// SPDX-License-Identifier: MIT OR Apache-2.0
//! `irq-dispatch`: from the first instruction of the manager's handler, which the wrapper calls, until it returns, without
//! the driver's own instructions. The interrupt really is pending at the MPIC: the guest sends it to itself.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::instruction;
use super::{Counted, Figures, Reference};
use crate::boards::{Board, Config};
use crate::build;
use crate::elf::Elf;
use crate::gdb::{Gdb, Stop};
use crate::qemu::Launch;
use crate::sockets::Driven;

/// The program that is measured.
const PROGRAM: &str = "irq-dispatch";
/// What it lets the debugger measure, in this order.
const MANAGERS: [&str; 2] = ["irq-dispatch", "irq-dispatch-2"];
/// The most instructions.
const MOST: usize = 40;
/// Bytes of the controller's registers.
const WINDOW: u32 = 0x4_0000;
const LIFE: Duration = Duration::from_secs(600);
/// More than any path has.
const MANY: usize = 1000;

/// What cannot be left out, with one line, no second CPU and preemptible handlers.
///
/// | what | instructions |
/// |---|---|
/// | acknowledge | order, load, compare with the lines, branch, wait for the branch: 5; the address of the registers: 2 |
/// | the line's entry | its address, load: 3; function and data: 2 loads; the line as argument: 1; call: 2 |
/// | preemption | on and off: 2 |
/// | the count | load, add, store: 3 |
/// | the answer | compare, branch, hand on: 3 |
/// | end of interrupt | zero, order, store: 3 |
/// | a function that calls | LR to and from the stack, frame, return: 8 |
const FLOOR: usize = 7 + 8 + 2 + 3 + 3 + 3 + 8;

/// Whether it can be counted there: the guest is one for the MPIC of the ppce500.
pub(super) fn applies(board: &Board) -> bool {
    board.name == "ppce500"
}

/// The figures of the manager for one CPU and of the one for two.
pub(super) fn count(board: &Board, config: &Config) -> Result<Vec<Counted>> {
    let image = build::image(board.package, config.target, PROGRAM)?;
    let elf = Elf::read(&image)?;
    let launch = Launch::image(*config, &image).smp(Some(1));
    let mut machine = Driven::start_impatiently(&launch, LIFE, LIFE)?;
    let address = |name: &str| elf.symbol(name).map(|symbol| symbol.address);
    let (ready, driver) = (address("irq_dispatch_ready")?, address("irq_dispatch_driver")?);
    let (pic, handler) = (address("IRQ_DISPATCH_PIC")?, address("IRQ_DISPATCH_HANDLER")?);
    let gdb = &mut machine.gdb;
    let mut counted = Vec::new();
    for path in MANAGERS {
        go_to(gdb, ready)?;
        let window = gdb.read_word(pic)?;
        let start = u64::from(gdb.read_word(handler)?);
        go_to(gdb, start)?;
        let (figures, device) = step_through(gdb, driver as u32, window).with_context(|| path.to_owned())?;
        ensure!(device == 2, "{path}: {device} accesses to the controller, not an acknowledge and an end");
        let reference = Reference { instructions: 40, name: "of the issue", most: MOST };
        counted.push(Counted { path, figures, floor: FLOOR, reference, device: None });
    }
    drop(machine);
    Ok(counted)
}

/// Runs on to a breakpoint.
pub(super) fn go_to(gdb: &mut Gdb, place: u64) -> Result<()> {
    gdb.set_breakpoint(place)?;
    ensure!(gdb.go()? == Stop::Signal(5), "the guest ended");
    // One at the present place would stop it there again.
    gdb.clear_breakpoint(place)?;
    let pc = gdb.read("pc")?;
    ensure!(pc == place, "the guest stands at {pc:#x}, not at {place:#x}");
    Ok(())
}

/// Steps from the first instruction of the handler to its return; also counts the accesses to the controller.
fn step_through(gdb: &mut Gdb, driver: u32, window: u32) -> Result<(Figures, usize)> {
    let back = gdb.read("lr")? as u32;
    let (mut figures, mut device, mut called, mut inside) = (Figures::default(), 0, false, None);
    let stack = gdb.read("r1")? as u32;
    let mut lowest = stack;
    for _ in 0..MANY {
        let pc = gdb.read("pc")? as u32;
        if pc == back {
            ensure!(called, "the driver's handler was not called");
            figures.frame = stack - lowest;
            return Ok((figures, device));
        }
        if pc == driver {
            (called, inside) = (true, Some(gdb.read("lr")? as u32));
        }
        if inside == Some(pc) {
            inside = None;
        }
        if inside.is_none() {
            let word = gdb.read_word(u64::from(pc))?;
            let (loads, stores) = instruction::accesses(word);
            figures.loads += loads;
            figures.stores += stores;
            *(if called { &mut figures.exit } else { &mut figures.entry }) += 1;
            if loads + stores > 0 && effective_address(gdb, word)?.wrapping_sub(window) < WINDOW {
                device += 1;
            }
            lowest = lowest.min(gdb.read("r1")? as u32);
        }
        ensure!(gdb.step()? == Stop::Signal(5), "the guest ended");
    }
    anyhow::bail!("the path does not come back")
}

/// The address that a load or store accesses.
fn effective_address(gdb: &mut Gdb, word: u32) -> Result<u32> {
    let mut register = |number: u32| Ok::<_, anyhow::Error>(gdb.read(&format!("r{number}"))? as u32);
    let (a, b) = (word >> 16 & 31, word >> 11 & 31);
    let base = if a == 0 { 0 } else { register(a)? };
    let offset = if word >> 26 == 31 { register(b)? } else { i32::from(word as u16 as i16) as u32 };
    Ok(base.wrapping_add(offset))
}
