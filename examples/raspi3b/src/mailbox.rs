// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mailboxes of the BCM2836's local block (BCM2836 ARM-local peripherals, QA7 rev 3.4, 4.8): four words for each core, set
//! by one address and cleared by another, with an interrupt while not zero. The machine's only way to signal a core.

use core::ptr::without_provenance_mut;

/// The local block.
const LOCAL: usize = 0x4000_0000;
/// Mailbox interrupt control of core 0; a word for each core. Bits 3:0 send mailbox *n* to IRQ, bits 7:4 to FIQ.
const CONTROL: usize = LOCAL + 0x50;
/// Write-one-to-set side of core 0's mailbox 0.
const SET: usize = LOCAL + 0x80;
/// Write-one-to-clear side.
const CLEAR: usize = LOCAL + 0xc0;

/// What a mailbox raises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mailbox {
    /// Mailbox 0, by IRQ.
    Irq,
    /// Mailbox 1, by FIQ.
    Fiq,
}

impl Mailbox {
    fn offset(self, core: usize) -> usize {
        core * 16 + if self == Self::Irq { 0 } else { 4 }
    }
}

fn write(address: usize, value: u32) {
    // SAFETY: a register of the local block, mapped as device memory; whole-word stores that need no turn-taking.
    unsafe { without_provenance_mut::<u32>(address).write_volatile(value) };
}

fn read(address: usize) -> u32 {
    // SAFETY: as for `write`; reading has no side effect.
    unsafe { without_provenance_mut::<u32>(address).read_volatile() }
}

/// Lets both mailboxes of this core interrupt, with nothing in them.
pub fn open(core: usize) {
    take(core, Mailbox::Irq);
    take(core, Mailbox::Fiq);
    write(CONTROL + core * 4, 1 | 1 << 5);
}

/// Lets none interrupt any more, and empties them.
pub fn close(core: usize) {
    write(CONTROL + core * 4, 0);
    take(core, Mailbox::Irq);
    take(core, Mailbox::Fiq);
    // Both done before the core goes on to a place where it takes no interrupt.
    hal_smp_arm::barrier::complete();
}

/// Signals a core.
pub fn send(core: usize, mailbox: Mailbox) {
    // What the message is about is in memory before it.
    hal_smp_arm::barrier::complete();
    write(SET + mailbox.offset(core), 1);
}

/// Takes what is in a mailbox of this core: the end of its interrupt. Whether there was anything.
pub fn take(core: usize, mailbox: Mailbox) -> bool {
    let held = read(CLEAR + mailbox.offset(core));
    write(CLEAR + mailbox.offset(core), held);
    // The line has fallen before the core opens its interrupts again.
    hal_smp_arm::barrier::complete();
    held != 0
}
