// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which state is saved for whom, and in which order a shim does it.

use std::cell::{Cell, RefCell};

use hal_exc_api::context::shim::{FrameHandler, Pair, shim};
use hal_exc_api::context::{Context, ContextError, Plan, Wanted};
use hal_exc_api::cpu::{Cpu, Features, Pvr, identify};
use hal_exc_api::handler::Handled;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The state that the handler destroys: what two units hold, and MSR.
    static UNITS: Cell<[u32; 2]> = const { Cell::new([0; 2]) };
    static MSR: Cell<u32> = const { Cell::new(0) };
}

fn log(text: String) {
    LOG.with_borrow_mut(|log| log.push(text));
}

/// A unit that a fake CPU has.
#[derive(Clone, Copy)]
struct Unit<const N: usize>(u32);

// SAFETY: the state of a fake unit is its word in `UNITS`.
unsafe impl<const N: usize> Context for Unit<N> {
    unsafe fn save(area: *mut Self) -> u32 {
        let before = MSR.get();
        MSR.set(before | 1 << N);
        // SAFETY: the shim passes a valid area.
        unsafe { area.write(Self(UNITS.get()[N])) };
        log(format!("save {N}"));
        before
    }

    unsafe fn restore(area: *const Self, msr: u32) {
        assert_ne!(MSR.get() & 1 << N, 0, "unit {N} is off when its state is restored");
        let mut units = UNITS.get();
        // SAFETY: the shim passes the area that `save` filled.
        units[N] = unsafe { area.read() }.0;
        UNITS.set(units);
        MSR.set(msr);
        log(format!("restore {N}"));
    }
}

struct Clobbers;

impl FrameHandler for Clobbers {
    type Frame = u32;

    extern "C" fn handle(frame: &mut u32) -> Handled {
        log(format!("handle {frame} with MSR {:#x}", MSR.get()));
        UNITS.set([0xBAD; 2]);
        *frame += 1;
        if *frame == 3 {
            // Nested: state changed by the outer handler is restored for it.
            UNITS.set([7, 8]);
            let mut inner = 10;
            // SAFETY: the fake CPU has the unit.
            let _ = unsafe { shim::<Pair<Unit<0>, Unit<1>>, Clobbers>() }(&mut inner);
            assert_eq!(UNITS.get(), [7, 8]);
        }
        Handled::NotHandled
    }
}

#[test]
fn state_is_saved_before_the_handler_and_restored_behind_it() {
    UNITS.set([1, 2]);
    MSR.set(0x100);
    let mut frame = 5;
    // SAFETY: the fake CPU has the unit.
    let entry = unsafe { shim::<Unit<1>, Clobbers>() };
    assert_eq!(entry(&mut frame), Handled::NotHandled);
    assert_eq!((frame, UNITS.get(), MSR.get()), (6, [0xBAD, 2], 0x100));
    assert_eq!(LOG.take(), ["save 1", "handle 5 with MSR 0x102", "restore 1"]);
}

#[test]
fn pairs_nest_and_put_the_msr_back() {
    UNITS.set([1, 2]);
    MSR.set(0x100);
    let mut frame = 2;
    // SAFETY: the fake CPU has the units.
    let entry = unsafe { shim::<Pair<Unit<0>, Unit<1>>, Clobbers>() };
    assert_eq!(entry(&mut frame), Handled::NotHandled);
    assert_eq!((UNITS.get(), MSR.get()), ([1, 2], 0x100));
    let log = LOG.take();
    assert_eq!(log[..3], ["save 0", "save 1", "handle 2 with MSR 0x103"]);
    assert_eq!(log[3..6], ["save 0", "save 1", "handle 10 with MSR 0x103"]);
    assert_eq!(log[6..], ["restore 1", "restore 0", "restore 1", "restore 0"]);
}

fn cpu(pvr: u32) -> Cpu {
    identify(Pvr(pvr)).unwrap()
}

#[test]
fn what_is_wanted_must_be_there() {
    let (e500v2, e500mc, ppc7400, ppc405) = (cpu(0x8021_0030), cpu(0x8023_0030), cpu(0x000C_0209), cpu(0x4011_0000));
    for any in [&e500v2, &e500mc, &ppc7400, &ppc405] {
        assert_eq!(Wanted::NONE.plan(any.features()), Ok(Plan::None));
    }
    assert_eq!(Wanted::SPE.plan(e500v2.features()), Ok(Plan::Spe));
    assert_eq!(Wanted::FP.plan(e500mc.features()), Ok(Plan::Fp));
    assert_eq!(Wanted::VECTOR.plan(ppc7400.features()), Ok(Plan::Vector));
    assert_eq!(Wanted::LIVE_VECTOR.plan(ppc7400.features()), Ok(Plan::LiveVector));
    assert_eq!(Wanted::FP.with(Wanted::VECTOR).plan(ppc7400.features()), Ok(Plan::FpVector));
    assert_eq!(Wanted::FP.with(Wanted::LIVE_VECTOR).plan(ppc7400.features()), Ok(Plan::FpLiveVector));

    let everything = Wanted::FP.with(Wanted::LIVE_VECTOR).with(Wanted::SPE);
    assert_eq!(everything.present_in(ppc405.features()).plan(ppc405.features()), Ok(Plan::None));
    assert_eq!(everything.present_in(e500v2.features()).plan(e500v2.features()), Ok(Plan::Spe));
    assert_eq!(everything.present_in(ppc7400.features()).plan(ppc7400.features()), Ok(Plan::FpLiveVector));

    let error = Wanted::FP.with(Wanted::SPE).plan(e500v2.features()).unwrap_err();
    assert_eq!(error, ContextError::UnitMissing { wanted: Wanted::FP, features: e500v2.features() });
    assert!(error.to_string().starts_with("no unit for fp in a CPU with spe "), "{error}");
    // A probe that found the optional unit.
    let probed = ppc405.features().with(Features::FPU);
    assert_eq!(Wanted::FP.plan(probed), Ok(Plan::Fp));
    assert!(matches!(Wanted::VECTOR.plan(e500mc.features()), Err(ContextError::UnitMissing { .. })));
    let text = ContextError::Combination(Wanted::FP.with(Wanted::SPE)).to_string();
    assert_eq!(text, "no shim saves this together: fp spe");
}
