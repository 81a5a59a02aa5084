// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shims: handlers that save and restore unit state around the real one.
//!
//! A handler table holds plain function pointers, so a handler is a *type* here, and the shim for it is a function that the
//! compiler makes from that type: the call of the real handler is direct, nothing is looked up, and a handler
//! that wants no state is entered without any shim.
//!
//! The save area lies on the stack that the handler runs on, so that stack must be larger by the size of the area for each
//! level that may nest (see the table in [`context`](super)).

use core::mem::MaybeUninit;

use super::Context;
use crate::handler::Handled;

/// A handler as a type.
pub trait FrameHandler {
    /// The frame that it takes: [`Frame`](crate::frame::Frame), [`InterruptFrame`](crate::frame::InterruptFrame) or
    /// [`IsolatedFrame`](crate::frame::IsolatedFrame).
    type Frame;

    /// The handler.
    extern "C" fn handle(frame: &mut Self::Frame) -> Handled;
}

/// What a handler table holds for a frame of type `F`.
pub type Entry<F> = extern "C" fn(&mut F) -> Handled;

/// Two contexts in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Pair<A, B> {
    first: A,
    first_msr: u32,
    second: B,
}

// SAFETY: both parts are saved and both restored, in opposite order, each with the MSR that it returned.
unsafe impl<A: Context, B: Context> Context for Pair<A, B> {
    unsafe fn save(area: *mut Self) -> u32 {
        // SAFETY: a field of a valid area; the caller answers for the units of both.
        let msr = unsafe { A::save(&raw mut (*area).first) };
        // SAFETY: likewise.
        let between = unsafe { B::save(&raw mut (*area).second) };
        // SAFETY: likewise.
        unsafe { (&raw mut (*area).first_msr).write(between) };
        msr
    }

    unsafe fn restore(area: *const Self, msr: u32) {
        // SAFETY: `save` has filled all fields.
        let between = unsafe { (&raw const (*area).first_msr).read() };
        // SAFETY: likewise; `between` is what the second part's `save` returned.
        unsafe { B::restore(&raw const (*area).second, between) };
        // SAFETY: likewise; `msr` is what the first part's `save` returned.
        unsafe { A::restore(&raw const (*area).first, msr) };
    }
}

/// The entry that saves `C` around `H`. The area is on the handler's stack, so handlers may nest.
///
/// # Safety
/// * The entry is called on a CPU that has the units of `C`, and only by the wrappers (in supervisor state).
/// * The stack is then aligned to 16 bytes, as the target's ABI demands: AltiVec stores ignore lower address bits. Only
///   a program that keeps its own stack less aligned and raises a synchronous exception could break this.
#[must_use]
pub const unsafe fn shim<C: Context, H: FrameHandler>() -> Entry<H::Frame> {
    around::<C, H>
}

extern "C" fn around<C: Context, H: FrameHandler>(frame: &mut H::Frame) -> Handled {
    let mut area = MaybeUninit::<C>::uninit();
    // SAFETY: whoever asked for the shim promised the units; the area is on this stack and of the right type.
    let msr = unsafe { C::save(area.as_mut_ptr()) };
    let handled = H::handle(frame);
    // SAFETY: filled by `save` above, with the MSR that it returned.
    unsafe { C::restore(area.as_ptr(), msr) };
    handled
}

/// The entry for handler `H` with the state that the board wants saved on a CPU with `features`: the handler itself for
/// none.
///
/// ```no_run
/// # #[cfg(target_arch = "powerpc")] {
/// use hal_exc_api::context::{Wanted, shim};
/// use hal_exc_api::cpu;
/// use hal_exc_api::frame::Frame;
/// use hal_exc_api::handler::Handled;
///
/// struct OnTrap;
/// impl shim::FrameHandler for OnTrap {
///     type Frame = Frame;
///     extern "C" fn handle(frame: &mut Frame) -> Handled {
///         frame.skip_instruction(); // and something with floating point
///         Handled::Handled
///     }
/// }
///
/// let cpu = cpu::identify(cpu::Pvr(0x0008_0301)).unwrap();
/// // SAFETY: this runs on that CPU.
/// let entry = unsafe { shim::wrap::<OnTrap>(cpu.features(), Wanted::FP.present_in(cpu.features())) };
/// # let _ = entry;
/// # }
/// ```
///
/// # Errors
/// See [`Wanted::plan`](super::Wanted::plan).
///
/// # Safety
/// * As for [`shim`], on a CPU with `features`.
#[cfg(target_arch = "powerpc")]
pub unsafe fn wrap<H: FrameHandler>(
    features: crate::cpu::Features,
    wanted: super::Wanted,
) -> Result<Entry<H::Frame>, super::ContextError> {
    use super::{FpContext, LiveVectorContext, Plan, SpeContext, VectorContext};

    let plan = wanted.plan(features)?;
    // SAFETY: the plan is made for units that the CPU has; where the entry is called the caller answers for.
    Ok(unsafe {
        match plan {
            Plan::None => H::handle,
            Plan::Fp => shim::<FpContext, H>(),
            Plan::Vector => shim::<VectorContext, H>(),
            Plan::LiveVector => shim::<LiveVectorContext, H>(),
            Plan::FpVector => shim::<Pair<FpContext, VectorContext>, H>(),
            Plan::FpLiveVector => shim::<Pair<FpContext, LiveVectorContext>, H>(),
            Plan::Spe => shim::<SpeContext, H>(),
        }
    })
}
