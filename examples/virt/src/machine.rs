// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine as the interrupt controller programs see it, with either GIC.

use crate::{GICC, GICD, GICR, GICR_SIZE, UART0_INTID, clock};
use arm_support::gic::{Cores, Machine, Manager, timer_entry};
use arm_support::once::SetOnce;
use arm_support::println;
use hal_exc_api::irq::IrqEntry;
use hal_exc_api::pic::Line;
use pic_gic::access::Mmio;
use pic_gic::v2::GicV2;
use pic_gic::v3::{CoreRegisters, GicV3, Region};
use pic_gic::{Error, Version};

/// The controller's version, from the hardware.
pub fn version() -> Result<Version, Error> {
    pic_gic::detect(&block(GICD).ok_or(Error::Absent { what: "GIC distributor", value: 0 })?)
}

fn block(address: usize) -> Option<Mmio> {
    // SAFETY: the machine's GIC blocks at their identity-mapped addresses; the drivers below are
    // the only users, one of each.
    unsafe { Mmio::at(address) }
}

fn set<T>(pic: Option<T>, place: &'static SetOnce<T>) -> &'static T {
    if let Some(pic) = pic {
        place.set(pic);
    }
    place.get().unwrap_or_else(|| arm_support::finish(Err("no interrupt controller")))
}

macro_rules! machine {
    ($(#[$doc:meta])* $name:ident, $pic:ty, $make:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Machine for $name {
            type Pic = $pic;

            fn pic() -> &'static $pic {
                static PIC: SetOnce<$pic> = SetOnce::new();
                PIC.get().unwrap_or_else(|| set(Self::make(), &PIC))
            }

            fn make() -> Option<$pic> {
                let made: Result<$pic, Error> = $make?;
                made.inspect_err(|e| println!("# {e}")).ok()
            }

            fn irqs() -> &'static Manager<$pic> {
                static IRQS: Manager<$pic> = Manager::new(Cores);
                &IRQS
            }

            fn timer_entry() -> &'static IrqEntry {
                static TIMER: IrqEntry = timer_entry::<$name>();
                &TIMER
            }

            fn boot() -> Option<usize> {
                crate::boot_secondaries()
            }

            const TIMER: Line = Line::new(clock::PPI as u16);

            fn start_timer(ticks: u32) {
                clock::start(ticks);
            }

            fn stop_timer() {
                clock::stop();
            }

            fn frequency() -> u32 {
                clock::frequency()
            }

            const UART: Line = Line::new(UART0_INTID as u16);

            fn power_off() {
                crate::cpu_off();
            }

            fn is_off(core: usize) -> bool {
                crate::is_off(core as u64)
            }

            fn power_on(core: usize) -> bool {
                crate::cpu_on(core as u64)
            }
        }
    };
}

machine!(
    /// With `gic-version=2`.
    WithV2,
    GicV2<Mmio>,
    block(GICD).zip(block(GICC)).map(|(distributor, interface)| GicV2::new(distributor, interface, true))
);

machine!(
    /// With `gic-version=3`.
    WithV3,
    GicV3<Mmio, CoreRegisters>,
    block(GICD).zip(block(GICR)).map(|(distributor, regs)| {
        // SAFETY: the distributor says GICv3, whose system registers every CPU of the machine has;
        // start-up enabled them on the way down from EL3 or EL2.
        let sys = unsafe { CoreRegisters::new() };
        GicV3::new(distributor, [Region { regs, size: GICR_SIZE }], sys, true)
    })
);

/// A program of [`arm_support::gic`] as an image of this machine, for the GIC that it finds.
#[macro_export]
macro_rules! gic_program {
    ($program:ident) => {
        arm_support::entry!(primary, arm_support::smp::serve);

        fn primary() -> ! {
            $crate::init();
            arm_support::println!("{}: {}", $crate::NAME, stringify!($program));
            arm_support::finish(match $crate::machine::version() {
                Ok(pic_gic::Version::V3) => arm_support::gic::$program::<$crate::machine::WithV3>(),
                Ok(_) => arm_support::gic::$program::<$crate::machine::WithV2>(),
                Err(_) => Err("no interrupt controller"),
            })
        }
    };
}

/// A program of [`arm_support::stop`] as an image of this machine, for the GIC that it finds.
#[macro_export]
macro_rules! stop_program {
    ($program:ident) => {
        arm_support::entry!(primary, secondary);

        fn primary() -> ! {
            $crate::init();
            arm_support::finish(match $crate::machine::version() {
                Ok(pic_gic::Version::V3) => arm_support::stop::$program::<$crate::machine::WithV3>(),
                Ok(_) => arm_support::stop::$program::<$crate::machine::WithV2>(),
                Err(_) => Err("no interrupt controller"),
            })
        }

        fn secondary(cpu: usize) -> ! {
            match $crate::machine::version() {
                Ok(pic_gic::Version::V3) => arm_support::stop::secondary::<$crate::machine::WithV3>(cpu),
                _ => arm_support::stop::secondary::<$crate::machine::WithV2>(cpu),
            }
        }
    };
}
