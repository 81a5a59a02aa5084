// SPDX-License-Identifier: MIT OR Apache-2.0
//! Model of an OpenPIC or MPIC.

use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;
use std::{format, vec};

use hal_exc_api::pic::CpuId;

use crate::MsiLayout;
use crate::bus::Bus;
use crate::registers::{self, Register};

/// Which controller is modelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FakeKind {
    /// Block revision register 1; 0 on what is no MPIC.
    pub brr1: u32,
    /// Sources that the feature register reports.
    pub sources: u16,
    /// Bits of the vector field.
    pub vector_bits: u8,
    /// Source positions that have registers.
    pub positions: u16,
    /// Timers that may be touched.
    pub timers: u8,
    /// Shared message-signalled interrupts.
    pub msi: MsiLayout,
}

impl FakeKind {
    /// As on QEMU's ppce500.
    pub const MPIC_4_2: Self = Self {
        brr1: 0x0040_0402,
        sources: 196,
        vector_bits: 16,
        positions: 256,
        timers: 8,
        msi: MsiLayout::Msiir { banks: 1 },
    };
    /// As of the QorIQ T series, by what Linux and RTEMS do with it.
    pub const MPIC_4_3: Self =
        Self { brr1: 0x0040_0403, positions: 480, msi: MsiLayout::Msiir1 { banks: 4 }, ..Self::MPIC_4_2 };
    /// As on QEMU's mpc8544ds.
    pub const MPIC_2_0: Self = Self { brr1: 0x0040_0200, sources: 80, ..Self::MPIC_4_2 };
    /// As on QEMU's mac99: its timers must not be touched.
    pub const KEYLARGO: Self =
        Self { brr1: 0, sources: 64, vector_bits: 8, positions: 64, timers: 0, msi: MsiLayout::None };

    const fn is_mpic(self) -> bool {
        self.brr1 != 0
    }
}

/// What is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Every register reads all ones: nobody answers.
    AllOnes,
    /// Every register reads zero.
    AllZeros,
    /// The reset bit never goes back.
    NeverLeavesReset,
    /// The activity bit of that source stays set.
    StuckActivity(u16),
    /// The registers of that source read zero and keep nothing.
    VanishedSource(u16),
    /// That many acknowledges answer as spurious, although something is pending.
    SpuriousBurst(u32),
}

/// What can be in service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Item {
    Source(u16),
    Ipi(u8),
    Timer(u8),
}

#[derive(Clone, Copy, Default)]
struct Source {
    vpr: u32,
    idr: u32,
    ilr: u32,
    /// The input, in its active sense.
    input: bool,
    /// An edge that waits.
    latched: bool,
    in_service: bool,
}

#[derive(Clone, Copy, Default)]
struct Timer {
    vpr: u32,
    destination: u32,
    base: u32,
    count: u32,
    latched: bool,
    in_service: bool,
}

#[derive(Clone, Default)]
struct Cpu {
    ctpr: u32,
    in_service: Vec<Item>,
    /// Inter-processor interrupts that wait.
    ipis: u8,
}

struct State {
    kind: FakeKind,
    gcr: u32,
    svr: u32,
    eicr: u32,
    sources: Vec<Source>,
    ipi_vpr: [u32; 4],
    timers: [Timer; 8],
    timer_control: [u32; 2],
    messages: [u32; 8],
    message_status: [u32; 2],
    message_enable: [u32; 2],
    /// Four banks of sixteen.
    shared: [u32; 64],
    cpus: Vec<Cpu>,
    faults: Vec<Fault>,
    violations: Vec<String>,
    proxy_vector: Option<u32>,
}

/// The model. Clones are the same controller: one for the driver, one for the test.
#[derive(Clone)]
pub struct FakeMpic {
    state: Arc<Mutex<State>>,
    /// The CPU whose private window is addressed.
    current: CpuId,
}

const ONES: u32 = u32::MAX;

impl FakeMpic {
    /// A controller as after power-on, for `cpus` CPUs.
    pub fn new(kind: FakeKind, cpus: u8) -> Self {
        let state = State {
            kind,
            gcr: 0,
            svr: (1 << kind.vector_bits) - 1,
            eicr: 0,
            sources: vec![Source { vpr: registers::VPR_MASK, ..Source::default() }; usize::from(kind.positions)],
            ipi_vpr: [registers::VPR_MASK; 4],
            timers: [Timer { vpr: registers::VPR_MASK, base: registers::TIMER_STOP, ..Timer::default() }; 8],
            timer_control: [0; 2],
            messages: [0; 8],
            message_status: [0; 2],
            message_enable: [0; 2],
            shared: [0; 64],
            cpus: vec![Cpu { ctpr: 15, ..Cpu::default() }; usize::from(cpus)],
            faults: Vec::new(),
            violations: Vec::new(),
            proxy_vector: None,
        };
        Self { state: Arc::new(Mutex::new(state)), current: CpuId::BOOT }
    }

    /// The same controller, with the private window of `cpu`.
    pub fn as_seen_by(&self, cpu: CpuId) -> Self {
        Self { state: self.state.clone(), current: cpu }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the input of a source, in its active sense. A change to active is an edge.
    pub fn set_input(&self, position: u16, active: bool) {
        let mut state = self.lock();
        if let Some(source) = state.sources.get_mut(usize::from(position)) {
            source.latched |= active && !source.input;
            source.input = active;
        }
    }

    /// Whether the interrupt output to `cpu` is asserted.
    pub fn output(&self, cpu: CpuId) -> bool {
        self.lock().best(cpu).is_some()
    }

    /// Whether the critical output to `cpu` is asserted.
    pub fn critical_output(&self, cpu: CpuId) -> bool {
        self.lock().special_output(cpu, registers::ILR_CINT)
    }

    /// Whether the machine-check output to `cpu` is asserted.
    pub fn machine_check_output(&self, cpu: CpuId) -> bool {
        self.lock().special_output(cpu, registers::ILR_MCP)
    }

    /// Delivers to `cpu` by external proxy: acknowledges, and answers what its EPR then holds.
    pub fn proxy_deliver(&self, cpu: CpuId) -> Option<u32> {
        let mut state = self.lock();
        if state.gcr & registers::GCR_MODE != registers::GCR_PROXY || state.best(cpu).is_none() {
            return None;
        }
        let vector = state.acknowledge(cpu);
        state.proxy_vector = Some(vector);
        Some(vector)
    }

    /// What the last [`proxy_deliver`](Self::proxy_deliver) left.
    pub fn proxy_vector(&self) -> Option<u32> {
        self.lock().proxy_vector
    }

    /// Lets `ticks` pass for the timers.
    pub fn tick(&self, ticks: u32) {
        let mut state = self.lock();
        for timer in &mut state.timers {
            if timer.base & registers::TIMER_STOP != 0 || timer.base == 0 {
                continue;
            }
            let mut left = ticks;
            while left >= timer.count {
                left -= timer.count;
                timer.count = timer.base;
                timer.latched = true;
            }
            timer.count -= left;
        }
    }

    /// Breaks something.
    pub fn break_it(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Mends everything.
    pub fn mend(&self) {
        self.lock().faults.clear();
    }

    /// How many interrupts `cpu` has in service.
    pub fn in_service(&self, cpu: CpuId) -> usize {
        self.lock().cpus.get(cpu.index()).map_or(0, |cpu| cpu.in_service.len())
    }

    /// What the driver did that the manuals forbid, in words.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// The word in a register as a debugger would see it: without any effect. For plain registers.
    pub fn peek(&self, register: Register) -> u32 {
        self.lock().read_plain(register.offset()).unwrap_or(0)
    }
}

impl State {
    fn vpr(&self, item: Item) -> u32 {
        match item {
            Item::Source(position) => self.sources.get(usize::from(position)).map_or(0, |source| source.vpr),
            Item::Ipi(number) => self.ipi_vpr.get(usize::from(number)).copied().unwrap_or(0),
            Item::Timer(number) => self.timers.get(usize::from(number)).map_or(0, |timer| timer.vpr),
        }
    }

    fn priority(&self, item: Item) -> u32 {
        (self.vpr(item) & registers::VPR_PRIORITY) >> registers::VPR_PRIORITY_SHIFT
    }

    fn is_level(&self, position: u16) -> bool {
        self.kind.is_mpic() && position >= 16
            || self.sources.get(usize::from(position)).is_some_and(|source| source.vpr & registers::VPR_LEVEL != 0)
    }

    fn input(&self, position: u16) -> bool {
        if self.kind.is_mpic() {
            let index = match position {
                224..=255 => Some((position - 224) / 8 * 16 + position % 8),
                256..=287 => Some((position - 256) / 8 * 16 + 8 + position % 8),
                _ => None,
            };
            if let Some(&word) = index.and_then(|index| self.shared.get(usize::from(index))) {
                return word != 0;
            }
            if let Some(n) = position.checked_sub(176).filter(|&n| n < 8) {
                let (group, bit) = (usize::from(n / 4), 1 << (n % 4));
                let status = self.message_status.get(group).copied().unwrap_or(0);
                return status & self.message_enable.get(group).copied().unwrap_or(0) & bit != 0;
            }
        }
        self.sources.get(usize::from(position)).is_some_and(|source| source.input)
    }

    /// Whether a source asks, mask and routing set apart.
    fn requests(&self, position: u16) -> bool {
        let Some(source) = self.sources.get(usize::from(position)) else { return false };
        if self.is_level(position) { self.input(position) } else { source.latched }
    }

    fn level_of(&self, source: &Source) -> u32 {
        if self.kind.brr1 >> 8 & 0xFF >= 4 {
            source.ilr
        } else if self.kind.is_mpic() && source.idr & (registers::IDR_CI0 | registers::IDR_CI0 >> 1) != 0 {
            registers::ILR_CINT
        } else {
            registers::ILR_INT
        }
    }

    fn special_output(&self, cpu: CpuId, level: u32) -> bool {
        (0..self.kind.positions).any(|position| {
            let Some(source) = self.sources.get(usize::from(position)) else { return false };
            let by_bits = source.idr & registers::IDR_CI0 >> cpu.index() != 0;
            let here = if self.kind.brr1 >> 8 & 0xFF >= 4 { source.idr & 1 << cpu.index() != 0 } else { by_bits };
            // The mask bit is ignored.
            self.level_of(source) == level && here && self.requests(position)
        })
    }

    /// What would be delivered to `cpu` now.
    fn best(&self, cpu: CpuId) -> Option<Item> {
        if self.gcr & registers::GCR_MODE == 0 {
            return None;
        }
        let block = self.cpus.get(cpu.index())?;
        let running = block.in_service.last().map_or(0, |&item| self.priority(item));
        let threshold = block.ctpr.max(running);
        let bit = 1 << cpu.index();
        let mut best: Option<(u32, Item)> = None;
        let mut consider = |item: Item| {
            let priority = self.priority(item);
            if self.vpr(item) & registers::VPR_MASK == 0
                && priority > threshold
                && best.is_none_or(|(other, _)| priority > other)
            {
                best = Some((priority, item));
            }
        };
        for (position, source) in (0..).zip(&self.sources) {
            if self.level_of(source) == registers::ILR_INT
                && source.idr & bit != 0
                && !source.in_service
                && self.requests(position)
            {
                consider(Item::Source(position));
            }
        }
        for number in (0..4u8).filter(|number| block.ipis & 1 << number != 0) {
            if !block.in_service.contains(&Item::Ipi(number)) {
                consider(Item::Ipi(number));
            }
        }
        for (number, timer) in (0..).zip(&self.timers) {
            if timer.latched && timer.destination & bit != 0 && !timer.in_service {
                consider(Item::Timer(number));
            }
        }
        best.map(|(_, item)| item)
    }

    fn acknowledge(&mut self, cpu: CpuId) -> u32 {
        for fault in &mut self.faults {
            if let Fault::SpuriousBurst(left) = fault
                && *left > 0
            {
                *left -= 1;
                return self.svr;
            }
        }
        let Some(item) = self.best(cpu) else { return self.svr };
        match item {
            Item::Source(position) => {
                if let Some(source) = self.sources.get_mut(usize::from(position)) {
                    source.latched = false;
                    source.in_service = true;
                }
            }
            Item::Timer(number) => {
                if let Some(timer) = self.timers.get_mut(usize::from(number)) {
                    timer.latched = false;
                    timer.in_service = true;
                }
            }
            Item::Ipi(_) => {}
        }
        if let Some(block) = self.cpus.get_mut(cpu.index()) {
            if let Item::Ipi(number) = item {
                block.ipis &= !(1 << number);
            }
            block.in_service.push(item);
        }
        self.vpr(item) & ((1 << self.kind.vector_bits) - 1)
    }

    fn end(&mut self, cpu: CpuId) {
        match self.cpus.get_mut(cpu.index()).and_then(|block| block.in_service.pop()) {
            Some(Item::Source(position)) => {
                if let Some(source) = self.sources.get_mut(usize::from(position)) {
                    source.in_service = false;
                }
            }
            Some(Item::Timer(number)) => {
                if let Some(timer) = self.timers.get_mut(usize::from(number)) {
                    timer.in_service = false;
                }
            }
            Some(Item::Ipi(_)) | None => {}
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// The vector/priority word as read: with its activity bit.
    fn read_vpr(&self, item: Item) -> u32 {
        let word = self.vpr(item);
        let unmasked = word & registers::VPR_MASK == 0;
        let active = match item {
            Item::Source(position) => {
                let in_service = self.sources.get(usize::from(position)).is_some_and(|source| source.in_service);
                self.has(Fault::StuckActivity(position)) || in_service || unmasked && self.requests(position)
            }
            Item::Ipi(number) => {
                self.cpus.iter().any(|cpu| cpu.in_service.contains(&item) || unmasked && cpu.ipis & 1 << number != 0)
            }
            Item::Timer(number) => {
                self.timers.get(usize::from(number)).is_some_and(|timer| timer.in_service || unmasked && timer.latched)
            }
        };
        if active { word | registers::VPR_ACTIVITY } else { word }
    }

    fn write_vpr(&mut self, item: Item, value: u32) {
        let active = self.read_vpr(item) & registers::VPR_ACTIVITY != 0;
        let old = self.vpr(item);
        let frozen = !(registers::VPR_MASK | registers::VPR_ACTIVITY);
        if active && (old ^ value) & frozen != 0 {
            self.violations.push(format!("{item:?} changed from {old:#010x} to {value:#010x} while active"));
        }
        let vector = (1u32 << self.kind.vector_bits) - 1;
        let mut kept = registers::VPR_MASK | registers::VPR_PRIORITY | vector;
        match item {
            Item::Source(position) if self.kind.is_mpic() && position >= 16 => kept |= registers::VPR_HIGH,
            Item::Source(_) => kept |= registers::VPR_HIGH | registers::VPR_LEVEL,
            _ => {}
        }
        let slot = match item {
            Item::Source(position) => self.sources.get_mut(usize::from(position)).map(|source| &mut source.vpr),
            Item::Ipi(number) => self.ipi_vpr.get_mut(usize::from(number)),
            Item::Timer(number) => self.timers.get_mut(usize::from(number)).map(|timer| &mut timer.vpr),
        };
        if let Some(slot) = slot {
            *slot = value & kept;
        }
    }

    /// Registers that reading does not change.
    fn read_plain(&self, offset: usize) -> Option<u32> {
        let timer = |number: usize| self.timers.get(number);
        Some(match offset {
            0x0000 => self.kind.brr1,
            0x1000 => u32::from(self.kind.sources - 1) << 16 | (self.cpus.len() as u32).saturating_sub(1) << 8 | 2,
            0x1020 => self.gcr,
            0x1030 => self.eicr,
            0x10A0..=0x10D0 => self.read_vpr(Item::Ipi(((offset - 0x10A0) / 0x10) as u8)),
            0x10E0 => self.svr,
            0x10F0 | 0x20F0 => 25_000_000,
            0x1100..=0x11FF | 0x2100..=0x21FF => {
                let number = (offset >> 6 & 3) + if offset >= 0x2000 { 4 } else { 0 };
                match offset & 0x30 {
                    0x00 => timer(number)?.count,
                    0x10 => timer(number)?.base,
                    0x20 => self.read_vpr(Item::Timer(number as u8)),
                    _ => timer(number)?.destination,
                }
            }
            0x1300 | 0x2300 => *self.timer_control.get(offset / 0x2000)?,
            0x1500 | 0x2500 => *self.message_enable.get(offset / 0x2000)?,
            0x1510 | 0x2510 => *self.message_status.get(offset / 0x2000)?,
            0x1_0000..=0x1_FFFF => {
                let position = ((offset - 0x1_0000) / 0x20) as u16;
                if self.has(Fault::VanishedSource(position)) {
                    return Some(0);
                }
                let source = self.sources.get(usize::from(position))?;
                match offset & 0x1F {
                    0x00 => self.read_vpr(Item::Source(position)),
                    0x10 => source.idr,
                    0x18 if self.kind.brr1 >> 8 & 0xFF >= 4 => source.ilr,
                    _ => ONES,
                }
            }
            0x2_0000..=0x3_FFFF => {
                let block = self.cpus.get((offset - 0x2_0000) / 0x1000)?;
                match offset & 0xFFF {
                    0x80 => block.ctpr,
                    0x90 => ((offset - 0x2_0000) / 0x1000) as u32,
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    fn read(&mut self, offset: usize, current: CpuId) -> u32 {
        if self.has(Fault::AllOnes) {
            return ONES;
        }
        if self.has(Fault::AllZeros) {
            return 0;
        }
        self.watch_timers(offset);
        match offset {
            0x00A0 if self.kind.is_mpic() => self.acknowledge(current),
            0x1400..=0x1430 | 0x2400..=0x2430 => {
                let (group, number) = (offset / 0x2000, offset >> 4 & 3);
                if let Some(status) = self.message_status.get_mut(group) {
                    *status &= !(1 << number);
                }
                self.messages.get(4 * group + number).copied().unwrap_or(0)
            }
            0x1600..=0x1DFF if offset & 0x1FF < 0x100 => {
                let index = (offset - 0x1600) / 0x200 * 16 + (offset >> 4 & 0xF);
                self.shared.get_mut(index).map_or(0, core::mem::take)
            }
            0x2_0000..=0x3_FFFF if offset & 0xFFF == 0xA0 => {
                CpuId::new((offset - 0x2_0000) / 0x1000).map_or(ONES, |cpu| self.acknowledge(cpu))
            }
            _ => self.read_plain(offset).unwrap_or(0),
        }
    }

    /// Some controllers' timers must be left alone.
    fn watch_timers(&mut self, offset: usize) {
        if let 0x10F0..=0x11FF | 0x20F0..=0x21FF = offset {
            let number = (offset >> 6 & 3) + if offset >= 0x2000 { 4 } else { 0 };
            if number >= usize::from(self.kind.timers) {
                self.violations.push(format!("touched a timer register at {offset:#x}"));
            }
        }
    }

    fn write(&mut self, offset: usize, value: u32, current: CpuId) {
        if self.has(Fault::AllOnes) || self.has(Fault::AllZeros) {
            return;
        }
        self.watch_timers(offset);
        let group = offset / 0x2000;
        match offset {
            0x00B0 if self.kind.is_mpic() => self.end(current),
            0x1020 if value & registers::GCR_RESET != 0 => self.reset(),
            0x1020 => self.gcr = value & registers::GCR_MODE,
            0x1030 => self.eicr = value,
            0x10A0..=0x10D0 => self.write_vpr(Item::Ipi(((offset - 0x10A0) / 0x10) as u8), value),
            0x10E0 => self.svr = value & ((1 << self.kind.vector_bits) - 1),
            0x1100..=0x11FF | 0x2100..=0x21FF => {
                let number = (offset >> 6 & 3) + if offset >= 0x2000 { 4 } else { 0 };
                match (offset & 0x30, self.timers.get_mut(number)) {
                    (0x10, Some(timer)) => {
                        let starts = timer.base & !value & registers::TIMER_STOP != 0;
                        timer.base = value;
                        if starts {
                            timer.count = value;
                        }
                    }
                    (0x20, _) => self.write_vpr(Item::Timer(number as u8), value),
                    (0x30, Some(timer)) => timer.destination = value,
                    _ => {}
                }
            }
            0x1300 | 0x2300 => set(&mut self.timer_control, group, value),
            0x1400..=0x1430 | 0x2400..=0x2430 => {
                let number = offset >> 4 & 3;
                set(&mut self.messages, 4 * group + number, value);
                if let Some(status) = self.message_status.get_mut(group) {
                    *status |= 1 << number;
                }
            }
            0x1500 | 0x2500 => set(&mut self.message_enable, group, value & 0xF),
            0x1740 | 0x1940 | 0x1B40 | 0x1D40 => {
                self.set_shared((offset - 0x1740) / 0x200, value >> 29, value >> 24 & 0x1F);
            }
            0x4148 | 0x5148 | 0x6148 | 0x7148 => {
                // Register in bits 27:24, the bit's number in 31:28 and, its highest, in 16.
                self.set_shared((offset - 0x4148) / 0x1000, value >> 24 & 0xF, value >> 28 | value >> 12 & 0x10);
            }
            0x1_0000..=0x1_FFFF => self.write_source(offset, value),
            0x2_0000..=0x3_FFFF => self.write_cpu(offset, value),
            _ => {}
        }
    }

    /// Sets a bit of a shared message-signalled interrupt register, if there is one.
    fn set_shared(&mut self, bank: usize, register: u32, bit: u32) {
        let (banks, registers) = match self.kind.msi {
            MsiLayout::None => (0, 0),
            MsiLayout::Msiir { banks } => (banks, 8),
            MsiLayout::Msiir1 { banks } => (banks, 16),
        };
        if bank < usize::from(banks)
            && register < registers
            && let Some(word) = self.shared.get_mut(bank * 16 + register as usize)
        {
            *word |= 1 << bit;
        }
    }

    fn write_source(&mut self, offset: usize, value: u32) {
        let position = ((offset - 0x1_0000) / 0x20) as u16;
        if self.has(Fault::VanishedSource(position)) {
            return;
        }
        let served = (1u32 << self.cpus.len()) - 1;
        let kind = self.kind;
        match (offset & 0x1F, self.sources.get_mut(usize::from(position))) {
            (0x00, Some(_)) => self.write_vpr(Item::Source(position), value),
            (0x10, Some(source)) => {
                let critical = if kind.brr1 >> 8 & 0xFF >= 4 || !kind.is_mpic() { 0 } else { 3 << 29 };
                source.idr = value & (served | critical);
            }
            (0x18, Some(source)) => source.ilr = value,
            _ => {}
        }
    }

    fn write_cpu(&mut self, offset: usize, value: u32) {
        let Some(cpu) = CpuId::new((offset - 0x2_0000) / 0x1000) else { return };
        match offset & 0xFFF {
            register @ (0x40 | 0x50 | 0x60 | 0x70) => {
                let bit = 1 << ((register - 0x40) / 0x10);
                for (index, block) in self.cpus.iter_mut().enumerate() {
                    if value & 1 << index != 0 {
                        block.ipis |= bit;
                    }
                }
            }
            0x80 => {
                if let Some(block) = self.cpus.get_mut(cpu.index()) {
                    block.ctpr = value & 0xF;
                }
            }
            0xB0 => self.end(cpu),
            _ => {}
        }
    }

    fn reset(&mut self) {
        let fresh = FakeMpic::new(self.kind, self.cpus.len() as u8);
        let fresh = fresh.lock();
        for (source, new) in self.sources.iter_mut().zip(&fresh.sources) {
            // The inputs are the devices' affair.
            *source = Source { input: source.input, ..*new };
        }
        self.svr = fresh.svr;
        self.ipi_vpr = fresh.ipi_vpr;
        self.timers = fresh.timers;
        self.timer_control = fresh.timer_control;
        self.cpus.clone_from(&fresh.cpus);
        self.gcr = if self.has(Fault::NeverLeavesReset) { registers::GCR_RESET } else { 0 };
    }
}

fn set(words: &mut [u32], index: usize, value: u32) {
    if let Some(word) = words.get_mut(index) {
        *word = value;
    }
}

impl Bus for FakeMpic {
    fn read(&self, register: Register) -> u32 {
        self.lock().read(register.offset(), self.current)
    }

    fn write(&self, register: Register, value: u32) {
        self.lock().write(register.offset(), value, self.current);
    }
}
