// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second CPU. It waits in the loader's spin table until an address is written there, and starts with a stack pointer
//! of nobody's, the first 64 MiB mapped, and everything masked.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use ppc_support::mmio::Mmio;
use ppc_support::tlb1::{self, Kind, Size, TlbError, Window};
use ppc_support::{BootInfo, handover};

use crate::Soc;
use crate::soc::map_devices;

/// Physical address of the spin table, as QEMU has it, and the effective address of the window to it.
const SPIN_TABLE: u64 = 0xF_EF00_0000;
const SPIN_WINDOW: u32 = 0xE020_0000;
/// Bytes per CPU in it, and the words: entry address, r3; each 64 bits.
const ENTRY_BYTES: usize = 0x20;
const ADDRESS_HIGH: usize = 0x0;
const ADDRESS_LOW: usize = 0x4;
const R3_HIGH: usize = 0x8;
const R3_LOW: usize = 0xC;

const STACK_BYTES: usize = 16384;

#[repr(C, align(16))]
struct Stack(UnsafeCell<[u8; STACK_BYTES]>);

// SAFETY: only the second CPU uses it, through its stack pointer.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; STACK_BYTES]));

/// What the second CPU runs, a `fn() -> !`, and what it needs to get there.
static MAIN: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
static BOOT: AtomicPtr<BootInfo> = AtomicPtr::new(core::ptr::null_mut());
static CCSR: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Lets CPU 1 go: it runs `main` with the devices mapped and everything masked.
///
/// # Errors
/// [`TlbError`] when the spin table cannot be mapped.
///
/// # Safety
/// * There is a CPU 1, and it has not been let go before.
pub unsafe fn start_second(boot: &'static BootInfo, soc: &Soc, main: fn() -> !) -> Result<(), TlbError> {
    MAIN.store(main as *mut (), Ordering::Relaxed);
    BOOT.store(core::ptr::from_ref(boot).cast_mut(), Ordering::Relaxed);
    CCSR[0].store((soc.ccsr() >> 32) as u32, Ordering::Relaxed);
    CCSR[1].store(soc.ccsr() as u32, Ordering::Relaxed);
    // SAFETY: QEMU's spin table is there, and nothing else uses the window.
    unsafe { tlb1::map(&Window { ea: SPIN_WINDOW, pa: SPIN_TABLE, size: Size::K4, kind: Kind::Device })? };
    // SAFETY: mapped just now, for good.
    let entry = unsafe { Mmio::new(SPIN_WINDOW as usize) }.at(ENTRY_BYTES);
    entry.write32(R3_HIGH, 0);
    entry.write32(R3_LOW, 0);
    entry.write32(ADDRESS_HIGH, 0);
    // The other CPU sees all that was written before it sees this.
    core::sync::atomic::fence(Ordering::SeqCst);
    entry.write32(ADDRESS_LOW, second as *const () as usize as u32);
    Ok(())
}

/// Where it starts.
#[unsafe(naked)]
unsafe extern "C" fn second() -> ! {
    naked_asm!(
        "mfmsr 10",
        "andi. 10, 10, 0x1070", // without the enables, as the entry stub of the boot CPU does
        "mtmsr 10",
        "isync",
        "lis 1, {stack}@ha",
        "addi 1, 1, {stack}@l",
        "addi 1, 1, {bytes}", // its top
        "li 0, 0",
        "stwu 0, -16(1)", // end of the back chain
        "stw 0, 4(1)",
        "li 13, 0", // no per-CPU block yet
        "b {rust}",
        stack = sym STACK,
        bytes = const STACK_BYTES,
        rust = sym second_in_rust,
    )
}

extern "C" fn second_in_rust() -> ! {
    // SAFETY: `start_second` stored it before it let this CPU go.
    let boot = unsafe { &*BOOT.load(Ordering::Acquire) };
    let ccsr = u64::from(CCSR[0].load(Ordering::Relaxed)) << 32 | u64::from(CCSR[1].load(Ordering::Relaxed));
    // SAFETY: called once on this CPU, before anything else; the model is that of the boot CPU.
    unsafe { handover::quiet(boot) };
    // SAFETY: the same devices as on the boot CPU. Without them there is nothing that this CPU could do.
    if unsafe { map_devices(ccsr) }.is_err() {
        loop {
            core::hint::spin_loop();
        }
    }
    // SAFETY: `start_second` stored a `fn() -> !`.
    let main = unsafe { core::mem::transmute::<*mut (), fn() -> !>(MAIN.load(Ordering::Acquire)) };
    main()
}
