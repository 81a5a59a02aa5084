// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a vector gets from the controller to the CPU, chosen by type so that the hot path does not ask.

use hal_exc_api::pic::CpuId;

use crate::bus::Bus;
use crate::registers;

/// A way of acknowledging.
pub trait Handshake: Send + Sync {
    /// Whether the controller must be in external proxy mode.
    const PROXY: bool = false;

    /// The vector of the interrupt that `cpu`, executing, takes into service.
    fn vector<B: Bus>(&self, bus: &B, cpu: CpuId) -> u32;

    /// Called before the end of interrupt.
    #[inline(always)]
    fn before_end<B: Bus>(&self, bus: &B, cpu: CpuId) {
        let _ = (bus, cpu);
    }
}

/// By reading the acknowledge register: every controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByRegister;

impl Handshake for ByRegister {
    #[inline(always)]
    fn vector<B: Bus>(&self, bus: &B, cpu: CpuId) -> u32 {
        bus.read(registers::acknowledge(cpu))
    }
}

/// As [`ByRegister`], and some time passes between the handlers and the end of interrupt. In EPIC's serial mode
/// the chain needs a whole round to show that the device has let go; ended earlier, the
/// interrupt comes a second time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delayed {
    /// Register reads to spend.
    pub reads: u16,
}

impl Handshake for Delayed {
    #[inline(always)]
    fn vector<B: Bus>(&self, bus: &B, cpu: CpuId) -> u32 {
        bus.read(registers::acknowledge(cpu))
    }

    #[inline]
    fn before_end<B: Bus>(&self, bus: &B, cpu: CpuId) {
        for _ in 0..self.reads {
            let _ = bus.read(registers::who_am_i(cpu));
        }
    }
}

/// Where the CPU keeps the vector that an external proxy delivered.
pub trait ProxyRegister: Send + Sync {
    /// Reads it, on the executing CPU.
    fn read(&self) -> u32;
}

/// External proxy (MPIC 4.x with e500mc and later): the controller acknowledges when it delivers, and the
/// vector is in the CPU's EPR, which the CPU crate or board reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternalProxy<R>(
    /// Reads EPR.
    pub R,
);

impl<R: ProxyRegister> Handshake for ExternalProxy<R> {
    const PROXY: bool = true;

    #[inline(always)]
    fn vector<B: Bus>(&self, _: &B, _: CpuId) -> u32 {
        self.0.read()
    }
}
