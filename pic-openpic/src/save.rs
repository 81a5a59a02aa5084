// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saving the set-up before the controller loses power, and restoring it afterwards.

use hal_exc_api::pic::{CpuId, Line};

use crate::StartError;
use crate::bus::{Bus, complete};
use crate::handshake::Handshake;
use crate::model::CriticalStyle;
use crate::pic::{MAX_LINES, OpenPic, Place};
use crate::registers::{
    EICR, GCR, GCR_MODE, SVR, TCR_CASCADE, TCR_RATIO_SHIFT, TCR_RTM, TIMER_STOP, VPR_ACTIVITY, VPR_MASK,
    message_enable, source_destination, source_level, task_priority, timer_base, timer_control, timer_destination,
};

/// Lines that a [`SavedState`] has room for.
const LINES: usize = MAX_LINES as usize;

/// The set-up of a controller: what [`OpenPic::save`] found and [`OpenPic::restore`] writes. About 5 KiB; to be
/// kept in a `static` or a long-lived value rather than on a small stack.
#[derive(Clone, Debug)]
pub struct SavedState {
    vector_priority: [u32; LINES],
    destination: [u32; LINES],
    level: [u8; LINES],
    timer_base: [u32; 8],
    timer_control: [u32; 2],
    message_enable: [u32; 2],
    thresholds: [u8; CpuId::LIMIT],
    mode: u32,
    serial: u32,
}

impl SavedState {
    /// Nothing saved yet.
    pub const fn new() -> Self {
        Self {
            vector_priority: [VPR_MASK; LINES],
            destination: [0; LINES],
            level: [0; LINES],
            timer_base: [TIMER_STOP; 8],
            timer_control: [0; 2],
            message_enable: [0; 2],
            thresholds: [0; CpuId::LIMIT],
            mode: 0,
            serial: 0,
        }
    }
}

impl Default for SavedState {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Bus, H: Handshake> OpenPic<B, H> {
    /// Saves the set-up of all lines, timers and CPUs. Not saved: what is pending or in service, and the words in
    /// message and MSI registers. Serialised by the caller.
    pub fn save(&self, state: &mut SavedState) {
        let slots = state.vector_priority.iter_mut().zip(&mut state.destination).zip(&mut state.level);
        for (line, ((word, destination), level)) in (0..self.shape.lines()).map(Line::new).zip(slots) {
            let Some(place) = self.shape.place(line) else { continue };
            *word = self.bus.read(place.vpr()) & !VPR_ACTIVITY;
            match place {
                Place::Source(position) => {
                    *destination = self.bus.read(source_destination(position));
                    if self.shape.critical == CriticalStyle::LevelRegister {
                        *level = self.bus.read(source_level(position)) as u8;
                    }
                }
                Place::Timer(number) => *destination = self.bus.read(timer_destination(number)),
                Place::Ipi(_) => {}
            }
        }
        for (number, base) in (0..self.shape.model.timers).zip(&mut state.timer_base) {
            *base = self.bus.read(timer_base(number));
        }
        if self.shape.model.freescale {
            for (group, (control, enable)) in (0..).zip(state.timer_control.iter_mut().zip(&mut state.message_enable)) {
                *control = self.bus.read(timer_control(4 * group)) & (TCR_CASCADE | TCR_RTM | 3 << TCR_RATIO_SHIFT);
                *enable = self.bus.read(message_enable(4 * group));
            }
        }
        for cpu in self.cpus() {
            if let Some(threshold) = state.thresholds.get_mut(cpu.index()) {
                *threshold = self.bus.read(task_priority(cpu)) as u8 & 0xF;
            }
        }
        state.mode = self.bus.read(GCR) & GCR_MODE;
        if self.shape.model.serial_ratio.is_some() {
            state.serial = self.bus.read(EICR);
        }
    }

    /// Resets the controller, bounded, and writes the set-up back: everything else first, then the CPUs' thresholds, so that
    /// nothing interrupts a half restored controller. Serialised by the caller, with interrupts masked.
    pub fn restore(&self, state: &SavedState) -> Result<(), StartError> {
        if self.shape.model.can_reset {
            self.reset()?;
        }
        for cpu in self.cpus() {
            self.bus.write(task_priority(cpu), crate::registers::CTPR_ALL);
        }
        self.bus.write(SVR, self.vectors.spurious());
        if self.shape.model.freescale {
            for (group, (control, enable)) in (0..).zip(state.timer_control.iter().zip(&state.message_enable)) {
                self.bus.write(timer_control(4 * group), *control);
                self.bus.write(message_enable(4 * group), *enable);
            }
        }
        let slots = state.vector_priority.iter().zip(&state.destination).zip(&state.level);
        for (line, ((&word, &destination), &level)) in (0..self.shape.lines()).map(Line::new).zip(slots) {
            let Some(place) = self.shape.place(line) else { continue };
            match place {
                Place::Source(position) => {
                    self.bus.write(source_destination(position), destination);
                    if self.shape.critical == CriticalStyle::LevelRegister {
                        self.bus.write(source_level(position), u32::from(level));
                    }
                }
                Place::Timer(number) => {
                    self.bus.write(timer_destination(number), destination);
                }
                Place::Ipi(_) => {}
            }
            self.update(line, place, |_| word)?;
        }
        for (number, &base) in (0..self.shape.model.timers).zip(&state.timer_base) {
            self.bus.write(timer_base(number), base | TIMER_STOP);
            self.bus.write(timer_base(number), base);
        }
        if self.shape.model.serial_ratio.is_some() {
            self.bus.write(EICR, state.serial);
        }
        self.bus.write(GCR, state.mode);
        for cpu in self.cpus() {
            let threshold = state.thresholds.get(cpu.index()).copied().unwrap_or(0);
            self.bus.write(task_priority(cpu), u32::from(threshold));
        }
        complete();
        Ok(())
    }
}
