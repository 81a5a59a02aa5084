// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board as the shared programs see it.

use arm_support::gic::{Cores, Machine, Manager, timer_entry};
use arm_support::println;
use arm_support::stop::{BootPen, Stoppable};
use hal_exc_api::irq::IrqEntry;
use hal_exc_api::pic::Line;
use hal_smp_api::ack::SlotsOnly;
use hal_smp_api::cpus::Cpu;
use hal_smp_arm::flags::FlagRegister;
use hal_smp_arm::pen::Witness;
use hal_smp_arm::victim::Coherency;

use crate::mailbox::Mailboxes;
use crate::{CORES, NAME, PEN, PEN_LEN, clock};

/// This board.
#[derive(Debug)]
pub struct Board;

impl Machine for Board {
    type Pic = Mailboxes;

    fn pic() -> &'static Mailboxes {
        &Mailboxes
    }

    fn make() -> Option<Mailboxes> {
        Some(Mailboxes)
    }

    fn irqs() -> &'static Manager<Mailboxes> {
        static IRQS: Manager<Mailboxes> = Manager::new(Cores);
        &IRQS
    }

    fn timer_entry() -> &'static IrqEntry {
        static TIMER: IrqEntry = timer_entry::<Board>();
        &TIMER
    }

    fn boot() -> Option<usize> {
        crate::boot_secondaries().inspect_err(|error| println!("# {error}")).is_ok().then_some(CORES)
    }

    /// The timer's interrupt does not come through the mailboxes; no shared program of this board waits for it.
    const TIMER: Line = Line::new(u16::MAX);

    fn start_timer(ticks: u32) {
        clock::start(ticks);
    }

    fn stop_timer() {
        clock::stop();
    }

    fn frequency() -> u32 {
        clock::frequency()
    }

    /// As the timer's.
    const UART: Line = Line::new(u16::MAX);
}

impl Stoppable for Board {
    const NAME: &'static str = NAME;
    const PEN: usize = PEN;
    const PEN_LEN: usize = PEN_LEN;
    /// At EL3 the control bit could be had, below it cannot, and one image serves both.
    const COHERENCY: Coherency = Coherency::Keep;
    const BOOT_PEN: BootPen = BootPen::SpinTable;
    type Witness = SlotsOnly;

    fn witness() -> SlotsOnly {
        SlotsOnly
    }

    fn witness_flags() -> Option<FlagRegister> {
        None
    }

    fn witness_of(_cpu: Cpu) -> Option<Witness> {
        None
    }

    fn cpus() -> usize {
        CORES
    }

    fn now() -> u64 {
        clock::now()
    }
}
