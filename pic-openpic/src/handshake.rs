// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a vector gets from the controller to the CPU, chosen by type so that the hot path does not ask.

use hal_exc_api::pic::CpuId;

use crate::bus::Bus;
use crate::pic::{MPIC_4_3_LINES, MPIC_LINES};
use crate::registers;

/// A way of acknowledging and ending.
pub trait Handshake: Send + Sync {
    /// Whether the controller must be in external proxy mode.
    const PROXY: bool = false;

    /// The number of lines, if it works only with the Freescale MPICs that have so many: the hot path then compares
    /// with a constant. `None` works with every controller.
    const MPIC_LINES: Option<u16> = None;

    /// The vector of the interrupt that `cpu`, executing, takes into service.
    fn vector<B: Bus>(&self, bus: &B, cpu: CpuId) -> u32;

    /// Ends the interrupt that `cpu`, executing, took last. What has to be performed first already is: a barrier of the
    /// caller lies behind it.
    #[inline(always)]
    fn end<B: Bus>(&self, bus: &B, cpu: CpuId) {
        bus.write_after_barrier(registers::end(cpu), 0);
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
    fn end<B: Bus>(&self, bus: &B, cpu: CpuId) {
        for _ in 0..self.reads {
            let _ = bus.read(registers::who_am_i(cpu));
        }
        bus.write(registers::end(cpu), 0);
    }
}

/// Through the private access window of the Freescale MPIC, where every CPU finds its own registers at the
/// same place: nothing to compute from the CPU's number, and the lines of an MPIC are known, so the hot path is
/// shorter by some ten instructions than [`ByRegister`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PrivateWindow;

impl Handshake for PrivateWindow {
    const MPIC_LINES: Option<u16> = Some(MPIC_LINES);

    #[inline(always)]
    fn vector<B: Bus>(&self, bus: &B, _: CpuId) -> u32 {
        bus.read(registers::PRIVATE_ACKNOWLEDGE)
    }

    #[inline(always)]
    fn end<B: Bus>(&self, bus: &B, _: CpuId) {
        bus.write_after_barrier(registers::PRIVATE_END, 0);
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
    const MPIC_LINES: Option<u16> = Some(MPIC_LINES);

    #[inline(always)]
    fn vector<B: Bus>(&self, _: &B, _: CpuId) -> u32 {
        self.0.read()
    }

    #[inline(always)]
    fn end<B: Bus>(&self, bus: &B, _: CpuId) {
        bus.write_after_barrier(registers::PRIVATE_END, 0);
    }
}

/// As the handshake inside, for an MPIC 4.3, which has more lines: `Mpic43(PrivateWindow)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mpic43<H>(
    /// How it is done.
    pub H,
);

impl<H: Handshake> Handshake for Mpic43<H> {
    const PROXY: bool = H::PROXY;
    const MPIC_LINES: Option<u16> = Some(MPIC_4_3_LINES);

    #[inline(always)]
    fn vector<B: Bus>(&self, bus: &B, cpu: CpuId) -> u32 {
        self.0.vector(bus, cpu)
    }

    #[inline(always)]
    fn end<B: Bus>(&self, bus: &B, cpu: CpuId) {
        self.0.end(bus, cpu);
    }
}
