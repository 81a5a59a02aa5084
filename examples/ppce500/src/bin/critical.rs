// SPDX-License-Identifier: MIT OR Apache-2.0
//! Critical interrupts: two lines of the controller routed to the CPU's critical input, each with a pattern in all
//! registers. Such a line bypasses priorities, acknowledge and end, and interrupts as long as it is active.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use hal_exc_api::cpu::{self, Pvr};
use hal_exc_api::exception::Exception;
use hal_exc_api::fatal::Fatal;
use hal_exc_api::frame::InterruptFrame;
use hal_exc_api::handler::Handled;
use hal_exc_api::install::{CpuMemory, Exceptions, VectorPage};
use hal_exc_api::pic::{CpuId, CpuInterface, CriticalRouting, LineMask, Output};
use pic_openpic::registers;
use ppc_support::mmio::Mmio;
use ppc_support::shared::Shared;
use ppc_support::trial::{Expected, Last, Registers};
use ppc_support::{BootInfo, Failure, ensure, println, program, trial};

program!(main, ppce500::power_off);

static MEMORY: CpuMemory = CpuMemory::new();
static VECTORS: VectorPage = VectorPage::new();

/// What the handler needs: the controller and the UART, whose requests it takes back.
static DEVICES: Shared<Devices> = Shared::new();
struct Devices {
    pic: Mmio,
    uart: Mmio,
}

static TAKEN: AtomicU32 = AtomicU32::new(0);
static SEEN: Last = Last::new();

/// MSR\[CE\], critical enable.
const MSR_CE: u32 = 0x0002_0000;
/// The UART's interrupt enable register, and "transmit buffer empty" in it.
const IER: usize = 1;
const IER_EMPTY: u8 = 1 << 1;
/// `b .`
const SPIN: u32 = 0x4800_0000;

trial!(store_word, [], "stw %r5, 0(%r4)", "b .");
trial!(store_byte, [], "stb %r5, 0(%r4)", "b .");

fn main(boot: &'static BootInfo) -> Result<(), Failure> {
    let board = ppce500::Board::take(boot)?;
    let cpu = cpu::identify(Pvr(boot.pvr))?;
    println!("# {cpu}");
    let exceptions =
        Exceptions::new(&cpu, &[&hal_exc_e500::FAMILY])?.memory(&MEMORY).vectors(&VECTORS).fatal(fatal).install()?;

    let pic = board.start_pic()?;
    let version = pic.identity().mpic_version();
    println!("# MPIC {version:?}");
    pic.init_cpu(CpuId::BOOT)?;
    let shared = pic.shared_msi(0, board.msi_address() as u64)?.upstream();
    for line in [ppce500::UART_LINE, shared] {
        pic.set_output(line, Output::Critical)?;
        ensure!(pic.output(line)? == Output::Critical, "line {line} stays on {:?}", pic.output(line)?);
        pic.enable(line)?;
    }
    // SAFETY: the controller's registers, mapped for good; the handler reads one that only it uses.
    DEVICES.put(Devices { pic: unsafe { Mmio::new(board.soc.pic) }, uart: board.soc.uart });
    exceptions.set_interrupt_handler(Exception::CriticalInput, on_critical)?;
    // SAFETY: the critical lines have their handler, and no other line is enabled.
    unsafe { exceptions.enable() };

    run("UART", store_byte, [(board.soc.uart.base() + IER) as u32, IER_EMPTY.into()])?;
    // Bit 3 of the first shared register.
    run("message-signalled", store_word, [board.msi_address() as u32, 3 << 24])?;
    Ok(())
}

type Trial = unsafe extern "C" fn(&mut Registers, u32, u32);

/// One critical interrupt, made by a store, into a program that spins with the pattern.
fn run(name: &str, trial: Trial, arguments: [u32; 2]) -> Result<(), Failure> {
    let before = TAKEN.load(Ordering::Relaxed);
    let mut after = Registers::default();
    // SAFETY: the store makes an interrupt whose handler ends the spinning.
    unsafe { trial(&mut after, arguments[0], arguments[1]) };
    ensure!(after.msr & MSR_CE != 0, "{name}: MSR {:08x} lacks CE", after.msr);
    let expected = Expected::at_instruction(Exception::CriticalInput, &after, arguments);
    let expected = Expected { pc: after.instruction + 4, ..expected };
    expected.check_interrupt(SEEN.take(), &after)?;
    let taken = TAKEN.load(Ordering::Relaxed) - before;
    ensure!(taken == 1, "{name}: {taken} critical interrupts, not 1");
    println!("{name} critical interrupt: all registers intact");
    Ok(())
}

/// Takes both requests back, and lets the spinning program go on.
extern "C" fn on_critical(frame: &mut InterruptFrame) -> Handled {
    TAKEN.fetch_add(1, Ordering::Relaxed);
    let quiet = DEVICES.with(|devices| {
        devices.uart.write8(IER, 0);
        // Reading clears it.
        devices.pic.read32(registers::shared_msi(0).offset())
    });
    // SAFETY: the interrupted PC lies in the image's code.
    if unsafe { (frame.pc as *const u32).read() } == SPIN {
        SEEN.record_interrupt(frame);
        frame.pc += 4;
    }
    if quiet.is_some() { Handled::Handled } else { Handled::NotHandled }
}

fn fatal(fatal: &Fatal<'_>) -> ! {
    println!("{fatal}");
    println!("result: fail: a fatal exception");
    ppce500::power_off()
}
