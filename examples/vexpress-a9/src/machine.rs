// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board as the interrupt controller programs see it.

use crate::{GICC, GICD, UART0_INTID, clock};
use arm_support::gic::{Cores, Machine, Manager, timer_entry};
use arm_support::once::SetOnce;
use arm_support::println;
use hal_exc_api::irq::IrqEntry;
use hal_exc_api::pic::Line;
use pic_gic::access::Mmio;
use pic_gic::v2::GicV2;

static PIC: SetOnce<GicV2<Mmio>> = SetOnce::new();
static IRQS: Manager<GicV2<Mmio>> = Manager::new(Cores);

/// This board.
#[derive(Debug)]
pub struct Board;

impl Machine for Board {
    type Pic = GicV2<Mmio>;

    fn pic() -> &'static GicV2<Mmio> {
        if let Some(pic) = PIC.get() {
            return pic;
        }
        if let Some(pic) = Self::make() {
            PIC.set(pic);
        }
        PIC.get().unwrap_or_else(|| arm_support::finish(Err("no interrupt controller")))
    }

    fn make() -> Option<GicV2<Mmio>> {
        // SAFETY: the machine's distributor (4 KiB) and CPU interface at their identity-mapped
        // addresses, used by this one driver.
        let (distributor, interface) = unsafe { Mmio::at(GICD).zip(Mmio::at(GICC)) }?;
        GicV2::new(distributor, interface, true).inspect_err(|e| println!("# {e}")).ok()
    }

    fn irqs() -> &'static Manager<GicV2<Mmio>> {
        &IRQS
    }

    fn timer_entry() -> &'static IrqEntry {
        static TIMER: IrqEntry = timer_entry::<Board>();
        &TIMER
    }

    fn boot() -> Option<usize> {
        crate::boot_secondaries().then(crate::cpus)
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
}

/// A program of [`arm_support::gic`] as an image of this board.
#[macro_export]
macro_rules! gic_program {
    ($program:ident) => {
        arm_support::entry!(primary, arm_support::smp::serve);

        fn primary() -> ! {
            $crate::init();
            arm_support::println!("{}: {}", $crate::NAME, stringify!($program));
            arm_support::finish(arm_support::gic::$program::<$crate::machine::Board>())
        }
    };
}
