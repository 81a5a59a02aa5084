// SPDX-License-Identifier: MIT OR Apache-2.0
//! Model of a pair of 8259A.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::i8259::Ports;

#[derive(Clone, Copy, Default)]
struct Chip {
    /// Words of the initialisation that are still to come.
    init: u8,
    base: u8,
    mask: u8,
    request: u8,
    service: u8,
    /// What the next read of the command port answers.
    read_service: bool,
    poll: bool,
    level: u8,
}

impl Chip {
    /// The most urgent request that may interrupt what is in service.
    fn best(&self) -> Option<u8> {
        let ready = self.request & !self.mask;
        let input = (0..8).find(|input| ready & 1 << input != 0)?;
        (0..=input).all(|other| self.service & 1 << other == 0).then_some(input)
    }

    fn take(&mut self, input: u8) {
        self.service |= 1 << input;
        if self.level & 1 << input == 0 {
            self.request &= !(1 << input);
        }
    }
}

struct State {
    chips: [Chip; 2],
    /// Whether acknowledge cycles are possible; else the driver must poll.
    has_cycle: bool,
    /// Requests seen by the CPU and gone before the acknowledge: that chip answers input 7.
    ghost: Option<u8>,
}

/// The pair. Clones are the same one.
#[derive(Clone)]
pub struct FakeI8259(Arc<Mutex<State>>);

impl FakeI8259 {
    /// A pair as after power-on; with a register that runs acknowledge cycles or without.
    pub fn new(has_cycle: bool) -> Self {
        Self(Arc::new(Mutex::new(State { chips: [Chip::default(); 2], has_cycle, ghost: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A device asks on `line`, or lets go.
    pub fn set_request(&self, line: u8, active: bool) {
        let mut state = self.lock();
        if let Some(chip) = state.chips.get_mut(usize::from(line / 8)) {
            let bit = 1 << (line % 8);
            chip.request = if active { chip.request | bit } else { chip.request & !bit };
        }
    }

    /// The next acknowledge cycle finds that a request of chip 0 or 1 has gone.
    pub fn withdraw(&self, chip: u8) {
        self.lock().ghost = Some(chip);
    }

    /// The in-service registers of both chips.
    pub fn in_service(&self) -> (u8, u8) {
        let state = self.lock();
        (state.chips[0].service, state.chips[1].service)
    }

    /// The output to the line above.
    pub fn output(&self) -> bool {
        let mut state = self.lock();
        state.propagate();
        state.chips[0].best().is_some()
    }
}

impl State {
    /// The second's output is the first's input 2.
    fn propagate(&mut self) {
        let asks = self.chips[1].best().is_some();
        self.chips[0].request = self.chips[0].request & !4 | if asks { 4 } else { 0 };
    }
}

impl Ports for FakeI8259 {
    fn read(&self, controller: u8, a0: bool) -> u8 {
        let mut state = self.lock();
        state.propagate();
        let Some(chip) = state.chips.get_mut(usize::from(controller)) else { return 0xFF };
        if chip.poll {
            chip.poll = false;
            return match chip.best() {
                Some(input) => {
                    chip.take(input);
                    0x80 | input
                }
                None => 0,
            };
        }
        match (a0, chip.read_service) {
            (true, _) => chip.mask,
            (false, true) => chip.service,
            (false, false) => chip.request,
        }
    }

    fn write(&self, controller: u8, a0: bool, value: u8) {
        let mut state = self.lock();
        let Some(chip) = state.chips.get_mut(usize::from(controller)) else { return };
        match (a0, chip.init) {
            (false, _) if value & 0x10 != 0 => *chip = Chip { init: 3, level: chip.level, ..Chip::default() },
            (true, 3) => (chip.base, chip.init) = (value, 2),
            (true, 1 | 2) => chip.init -= 1,
            (true, _) => chip.mask = value,
            (false, _) if value & 0x18 == 0x08 => {
                chip.poll = value & 4 != 0;
                if value & 2 != 0 {
                    chip.read_service = value & 1 != 0;
                }
            }
            (false, _) if value & 0xE0 == 0x60 => chip.service &= !(1 << (value & 7)),
            (false, _) => {}
        }
    }

    fn edge_level(&self, controller: u8, value: Option<u8>) -> Option<u8> {
        let mut state = self.lock();
        let chip = state.chips.get_mut(usize::from(controller))?;
        if let Some(value) = value {
            chip.level = value;
        }
        Some(chip.level)
    }

    fn acknowledge(&self) -> Option<u8> {
        let mut state = self.lock();
        if !state.has_cycle {
            return None;
        }
        state.propagate();
        match state.ghost.take() {
            Some(0) => return Some(state.chips[0].base | 7),
            Some(_) => {
                state.chips[0].take(2);
                return Some(state.chips[1].base | 7);
            }
            None => {}
        }
        let Some(input) = state.chips[0].best() else { return Some(state.chips[0].base | 7) };
        state.chips[0].take(input);
        if input != 2 {
            return Some(state.chips[0].base | input);
        }
        match state.chips[1].best() {
            Some(input) => {
                state.chips[1].take(input);
                Some(state.chips[1].base | input)
            }
            None => Some(state.chips[1].base | 7),
        }
    }
}
