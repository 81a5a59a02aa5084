// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest of the sweep, under the debugger: its registers, its log, and exceptions delivered as the hardware would.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hal_exc_api::cpu::{Cpu, Features, Pvr, VectorBase, identify};
use hal_exc_api::exception::Exception;
use hal_exc_api::family::Family;
use hal_exc_api::flavor::{Class, Flavor};
use hal_exc_api::vectors::{VectorEntry, VectorTable};

use crate::boards::{Board, Config};
use crate::build;
use crate::elf::Elf;
use crate::gdb::{Gdb, Stop};
use crate::qemu::Launch;
use crate::sockets::Driven;

/// MSR bits. CE lies elsewhere on each family: `Core::critical_enable`.
pub(super) const EE: u32 = 0x8000;
const ME: u32 = 0x1000;
const DE: u32 = 0x0200;
const IP: u32 = 0x0040;
pub(super) const RI: u32 = 0x0002;

/// `rfmci`, which QEMU's e500v1 and e500v2 do not know, and `rfci`, which its G2 does not.
const RFMCI: u32 = 0x4C00_004C;
const RFCI: u32 = 0x4C00_0066;

/// A return instruction that the emulator lacks: where it stands, and the pair that it loads.
type Return = (u32, (&'static str, &'static str));

/// How long a guest may live, and how long it may run between two stops, on a busy host. A mutant may run away, and gets less.
const LIFE: Duration = Duration::from_secs(1500);
const PATIENCE: Duration = Duration::from_secs(120);
const MUTANT_PATIENCE: Duration = Duration::from_secs(12);

/// Bytes of a per-CPU block, and where its fields begin: what r13 points to.
const BLOCK: usize = 768;
const FIELDS: u32 = 256;

/// A program's registers, without r1 and r13.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Registers(Vec<(String, u32)>);

impl Registers {
    fn pattern(seed: u32) -> Self {
        let value = |n: u32| (n + 1).wrapping_mul(0x0103_0507) ^ seed.rotate_left(n % 32);
        let gprs = (0..32).filter(|n| *n != 1 && *n != 13).map(|n| (format!("r{n}"), value(n)));
        let special = [("cr", value(40)), ("xer", value(41) & 0xE000_007F), ("ctr", value(42)), ("lr", value(43) & !3)];
        Self(gprs.chain(special.map(|(name, value)| (name.to_owned(), value))).collect())
    }

    /// The first register that differs, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.0.iter().zip(&other.0);
        pairs.filter(|(a, b)| a != b).map(|(a, b)| format!("{} is {:08x}, not {:08x}", a.0, a.1, b.1)).next()
    }
}

/// A guest that stands at `sweep_here` or somewhere in an exception.
pub(crate) struct Guest {
    machine: Driven,
    pub(crate) elf: Elf,
    pub(crate) cpu: Cpu,
    pub(super) table: &'static VectorTable,
    pub(super) base: u32,
    pub(crate) here: u32,
    /// MSR of the interrupted program.
    pub(super) msr: u32,
    r1: u32,
    pub(super) r13: u32,
    block: Vec<u8>,
    /// The emulator's name for the CPU, whose input 3 is the critical one.
    pin: &'static str,
    /// Return instructions that the emulator would refuse.
    returns: Vec<Return>,
}

impl Guest {
    /// Boots the board's `sweep` program and lets it install.
    pub(crate) fn start(board: &Board, config: &Config, options: &[String]) -> Result<Self> {
        let image = build::image(board.package, config.target, "sweep")?;
        let elf = Elf::read(&image)?;
        let launch = Launch::image(*config, &image).smp(Some(1)).options(options.iter().cloned());
        let mut machine = Driven::start_impatiently(&launch, LIFE, PATIENCE)?;
        let gdb = &mut machine.gdb;
        let ready = elf.symbol("sweep_ready")?.address;
        gdb.set_breakpoint(ready)?;
        ensure!(gdb.go()? == Stop::Signal(5), "the guest ended before it was ready");
        gdb.clear_breakpoint(ready)?;
        let cpu = identify(Pvr(gdb.read("pvr")? as u32))?;
        let families: [&dyn Family; 3] = [&hal_exc_ppc_classic::FAMILY, &hal_exc_booke::FAMILY, &hal_exc_e500::FAMILY];
        let table = families.iter().find_map(|family| family.table(&cpu)).context("no family for this CPU")?;
        let base = match cpu.core().vector_base {
            VectorBase::MsrIp => 0,
            VectorBase::Evpr => gdb.read("evpr")? as u32,
            VectorBase::Ivpr | VectorBase::IvprFixed => gdb.read("ivpr")? as u32,
        };
        let r13 = gdb.read("r13")? as u32;
        let classic = cpu.core().vector_base == VectorBase::MsrIp;
        let recoverable = if cpu.features().contains(Features::RI) { RI } else { 0 };
        let critical = cpu.core().critical_enable;
        let msr = if classic { EE | critical | ME | recoverable } else { EE | critical | ME | DE | recoverable };
        let block = gdb.read_memory(u64::from(r13 - FIELDS), BLOCK)?;
        let here = elf.symbol("sweep_here")?.address as u32;
        let r1 = gdb.read("r1")? as u32;
        let pin = if board.name == "ref405ep" { "/machine/soc/cpu" } else { "/machine/unattached/device[0]" };
        let mut guest = Self { pin, machine, elf, cpu, table, base, here, msr, r1, r13, block, returns: Vec::new() };
        if !cpu.features().contains(Features::RI) && gdb_lacks_rfmci(&cpu) {
            guest.lacks("hal_exc_e500_machine_check", RFMCI, Flavor::MachineCheck)?;
        }
        if classic && cpu.core().critical.is_some() {
            guest.lacks("hal_exc_e300_critical", RFCI, Flavor::Critical)?;
        }
        Ok(guest)
    }

    /// The emulator lacks the return instruction `word` of a wrapper.
    fn lacks(&mut self, wrapper: &str, word: u32, flavor: Flavor) -> Result<()> {
        let pair = save_pair(flavor)?;
        let places = self.find_in(wrapper, word)?;
        self.returns.extend(places.into_iter().map(|place| (place, pair)));
        Ok(())
    }

    /// From now on a guest that does not come to its next stop has run away.
    pub(super) fn may_run_away(&mut self) -> Result<()> {
        self.gdb().set_patience(MUTANT_PATIENCE)
    }

    pub(super) fn gdb(&mut self) -> &mut Gdb {
        &mut self.machine.gdb
    }

    /// Ends the emulator.
    pub(crate) fn stop(self) {
        drop(self.machine);
    }

    /// Addresses in the function `name` that hold `word` now.
    pub(super) fn find_in(&mut self, name: &str, word: u32) -> Result<Vec<u32>> {
        let symbol = self.elf.symbol(name)?;
        let (start, words) = (symbol.address as u32, symbol.size as u32 / 4);
        let mut found = Vec::new();
        for address in (0..words).map(|n| start + 4 * n) {
            if self.word(address)? == word {
                found.push(address);
            }
        }
        Ok(found)
    }

    pub(crate) fn word(&mut self, address: u32) -> Result<u32> {
        self.gdb().read_word(u64::from(address))
    }

    pub(super) fn set_word(&mut self, address: u32, word: u32) -> Result<()> {
        self.gdb().write_memory(u64::from(address), &word.to_be_bytes())
    }

    pub(super) fn variable(&mut self, name: &str) -> Result<u32> {
        let address = self.elf.symbol(name)?.address as u32;
        self.word(address)
    }

    pub(super) fn set_variable(&mut self, name: &str, value: u32) -> Result<()> {
        let address = self.elf.symbol(name)?.address as u32;
        self.set_word(address, value)
    }

    /// The row of an exception.
    pub(crate) fn entry(&self, exception: Exception) -> Result<&'static VectorEntry> {
        self.table.find(exception).with_context(|| format!("{} has no {exception} vector", self.cpu.model().name))
    }

    /// Where its prologue lies.
    pub(super) fn vector(&self, entry: &VectorEntry) -> u32 {
        self.base + VectorTable::offset_of(entry)
    }

    /// Puts the guest back to `sweep_here` with a pattern in every register and everything at rest; returns the pattern.
    pub(super) fn rewind(&mut self, seed: u32) -> Result<Registers> {
        let pattern = Registers::pattern(seed);
        let (r1, r13, here, msr) = (self.r1, self.r13, self.here, self.msr);
        let block = self.block.clone();
        let log = self.elf.symbol("SWEEP_LOG")?.address;
        let gdb = self.gdb();
        for (name, value) in &pattern.0 {
            gdb.write(name, u64::from(*value))?;
        }
        gdb.write("msr", u64::from(msr))?;
        gdb.write("r1", u64::from(r1))?;
        gdb.write("r13", u64::from(r13))?;
        gdb.write("pc", u64::from(here))?;
        gdb.write_memory(u64::from(r13 - FIELDS), &block)?;
        gdb.write_memory(log, &[0; 64])?;
        self.set_variable("SWEEP_COUNT", 0)?;
        Ok(pattern)
    }

    /// What the registers hold now.
    pub(super) fn registers(&mut self, like: &Registers) -> Result<Registers> {
        let mut now = Vec::new();
        for (name, _) in &like.0 {
            now.push((name.clone(), self.gdb().read(name)? as u32));
        }
        Ok(Registers(now))
    }

    /// The events so far.
    pub(super) fn log(&mut self) -> Result<Vec<u32>> {
        let address = self.elf.symbol("SWEEP_LOG")?.address;
        let bytes = self.gdb().read_memory(address, 64)?;
        let words = bytes.chunks_exact(4).map(|word| word.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)));
        Ok(words.take_while(|word| *word != 0).collect())
    }

    /// What is not at rest, in words.
    pub(super) fn unrest(&mut self) -> Result<Option<String>> {
        let (r1, r13, msr, here) = (self.r1, self.r13, self.msr, self.here);
        let gdb = self.gdb();
        let now = [("r1", r1), ("r13", r13), ("msr", msr), ("pc", here)];
        for (name, wanted) in now {
            let value = gdb.read(name)? as u32;
            if value != wanted {
                return Ok(Some(format!("{name} is {value:08x}, not {wanted:08x}")));
            }
        }
        for (name, offset, wanted) in [("lock", 4, 0), ("nesting level", 8, 0), ("dispatch word", 12, 0x8000_0000)] {
            let value = self.word(r13 + offset)?;
            if value != wanted {
                return Ok(Some(format!("{name} is {value:08x}, not {wanted:08x}")));
            }
        }
        Ok(None)
    }

    /// Whether the hardware would deliver this now.
    pub(super) fn enabled(&self, entry: &VectorEntry, msr: u32) -> bool {
        let mask = match entry.class() {
            Class::Standard if entry.asynchronous => EE,
            Class::Standard => return true,
            Class::Critical => self.cpu.core().critical_enable,
            Class::Debug => DE,
            Class::MachineCheck if entry.exception == Exception::SystemReset => return true,
            Class::MachineCheck => ME,
        };
        msr & mask != 0
    }

    /// Delivers an exception at the present PC, as the hardware would: saves PC and MSR in the pair of its flavor, keeps the
    /// enables of the classes above, goes to the vector.
    pub(super) fn deliver(&mut self, exception: Exception) -> Result<()> {
        let entry = self.entry(exception)?;
        let vector = self.vector(entry);
        let (pair, keep) = (save_pair(entry.flavor)?, self.keep(entry));
        let gdb = self.gdb();
        let (pc, msr) = (gdb.read("pc")?, gdb.read("msr")?);
        gdb.write(pair.0, pc)?;
        gdb.write(pair.1, msr)?;
        gdb.write("msr", msr & u64::from(keep))?;
        gdb.write("pc", u64::from(vector))
    }

    /// Lets the emulator deliver a critical input through the CPU's pin, at the present PC: the cross-check of
    /// [`Guest::deliver`].
    pub(super) fn raise_critical_pin(&mut self) -> Result<()> {
        let entry = self.entry(Exception::CriticalInput)?;
        let (pair, pin) = (save_pair(entry.flavor)?, self.pin);
        let (pc, msr) = (self.gdb().read("pc")?, self.gdb().read("msr")?);
        self.machine.qtest.command(&format!("set_irq_in {pin} unnamed-gpio-in 3 1"))?;
        let stop = self.gdb().step_with_interrupts()?;
        self.machine.qtest.command(&format!("set_irq_in {pin} unnamed-gpio-in 3 0"))?;
        ensure!(stop == Stop::Signal(5), "the guest ended");
        let saved = self.gdb().read(pair.0)?;
        ensure!(saved == pc, "the pin's interrupt saved PC {saved:08x} instead of {pc:08x}");
        // The emulator's 405 saves MSR without CE; hardware saves all of it.
        self.gdb().write(pair.1, msr)
    }

    /// MSR bits that the hardware keeps at entry.
    fn keep(&self, entry: &VectorEntry) -> u32 {
        let classic = self.cpu.core().vector_base == VectorBase::MsrIp;
        let recoverable = if !classic && self.cpu.features().contains(Features::RI) { RI } else { 0 };
        let critical = self.cpu.core().critical_enable;
        match entry.class() {
            Class::MachineCheck if entry.exception == Exception::SystemReset => ME | IP,
            Class::MachineCheck if classic => IP,
            // G2_LE and e300: RI speaks of SRR0/1, which a critical interrupt leaves alone.
            Class::Critical if classic => ME | IP | RI,
            _ if classic => critical | ME | IP,
            Class::Standard => critical | ME | DE | recoverable,
            Class::Critical if recoverable != 0 => ME | DE | recoverable,
            Class::Critical => ME,
            Class::Debug if entry.flavor == Flavor::Debug => critical | ME | recoverable,
            Class::Debug => ME,
            Class::MachineCheck => 0,
        }
    }

    /// Whether `pc` lies in a prologue or in a wrapper.
    pub(super) fn is_entry_or_exit(&self, pc: u32) -> bool {
        let within = |start: u32, len: u32| pc.wrapping_sub(start) < len;
        let wrappers =
            self.elf.symbols().iter().filter(|symbol| symbol.name.starts_with("hal_exc_") && symbol.size > 64);
        within(self.base, self.table.len_bytes())
            || wrappers.into_iter().any(|symbol| within(symbol.address as u32, symbol.size as u32))
    }

    /// Whether the instruction at `pc` is a return that the emulator lacks.
    pub(crate) fn lacks_return_at(&self, pc: u32) -> bool {
        self.returns.iter().any(|(place, _)| *place == pc)
    }

    /// What the return instruction at `pc`, which the emulator lacks, does on hardware.
    pub(super) fn return_by_hand(&mut self, pc: u32) -> Result<()> {
        let found = self.returns.iter().find(|(place, _)| *place == pc);
        let (_, pair) = *found.context("no return of ours")?;
        let gdb = self.gdb();
        let (to, msr) = (gdb.read(pair.0)?, gdb.read(pair.1)?);
        gdb.write("msr", msr)?;
        gdb.write("pc", to)
    }

    /// Goes on until the guest is back at `sweep_here`, or in its fatal report; `false` for the latter.
    pub(super) fn finish(&mut self) -> Result<bool> {
        let (here, fatal) = (self.here, self.elf.symbol("sweep_fatal")?.address);
        let returns: Vec<u32> = self.returns.iter().map(|(place, _)| *place).collect();
        let stops: Vec<u64> = returns.iter().copied().chain([here]).map(u64::from).chain([fatal]).collect();
        for stop in &stops {
            self.gdb().set_breakpoint(*stop)?;
        }
        let end = loop {
            if self.gdb().go()? != Stop::Signal(5) {
                bail!("the guest switched itself off");
            }
            let pc = self.gdb().read("pc")?;
            if returns.contains(&(pc as u32)) {
                self.return_by_hand(pc as u32)?;
                if self.gdb().read("pc")? == u64::from(here) {
                    break true;
                }
                continue;
            }
            break pc == u64::from(here);
        };
        for stop in &stops {
            self.gdb().clear_breakpoint(*stop)?;
        }
        Ok(end)
    }
}

/// QEMU's e500v1 and e500v2 refuse the instruction.
fn gdb_lacks_rfmci(cpu: &Cpu) -> bool {
    matches!(cpu.model().name, "e500v1" | "e500v2")
}

fn save_pair(flavor: Flavor) -> Result<(&'static str, &'static str)> {
    Ok(match flavor {
        Flavor::Classic | Flavor::Naked => ("srr0", "srr1"),
        Flavor::Critical405 => ("srr2", "srr3"),
        Flavor::Critical => ("csrr0", "csrr1"),
        Flavor::MachineCheck => ("mcsrr0", "mcsrr1"),
        Flavor::Debug => ("dsrr0", "dsrr1"),
        _ => bail!("{flavor} has no registers"),
    })
}
