// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program `kexec`: all cores work, the others are stopped, this image is overwritten by a Linux kernel that somebody
//! else built, and that kernel finds every core again.
//!
//! Parameters: `kernel=N` and `tree=N`, the addresses at which the loader put kernel and device tree; without a kernel
//! everybody is released again. `fault=left-out`: the last core does not hear the stop, so there must be no hand-over.
//! `mutant=stays`: the last core claims to be parked and stays in the image, for those who look on.

mod fallback;
mod wrong;

use super::report::Reports;
use super::requester::Run;
#[cfg(target_arch = "arm")]
use super::requester::{RETURN, id_of};
use super::{Firmware, Stoppable, platform, victim};
use crate::gic::{Gic, Verdict};
use crate::options::Options;
use crate::{println, start};
use dtoolkit::fdt::Fdt;
use hal_smp_api::cpus::{Cpu, CpuSet};
use hal_smp_api::image::{ImageExclusive, Region};
use hal_smp_api::word::Generation;
#[cfg(target_arch = "arm")]
use hal_smp_api::{
    ack::SetClear,
    release::{self, Released},
    slots::Order,
};
use hal_smp_arm::barrier::Uncached;
use hal_smp_arm::foreign::Devices;
use hal_smp_arm::linux::{HEADER, Kernel, Kind, check_reserved};
use hal_smp_arm::mover::{self, Move};
use hal_smp_arm::pen::Room;
use hal_smp_arm::victim::{Coherency, Levels};
#[cfg(target_arch = "arm")]
use hal_smp_arm::{flags::FlagRegister, foreign};

/// A board whose cores a Linux kernel can take over.
pub trait HandsOver: Stoppable {
    /// For kernels that let parked cores go by SYS_FLAGS and an interrupt. `None` where firmware has the cores.
    const FOREIGN: Option<Devices>;
}

/// Address of the mover's first instruction: the upper half of the pen area is its own.
pub const fn mover_address<B: Stoppable>() -> usize {
    B::PEN + B::PEN_LEN / 2
}

/// What the tool must know of an image with this program before it starts it.
#[macro_export]
macro_rules! kexec_layout {
    ($board:ty) => {
        /// Base and length of what the next kernel must leave alone.
        #[unsafe(no_mangle)]
        #[used]
        static KEXEC_RESERVED: [u64; 2] =
            [<$board as $crate::stop::Stoppable>::PEN as u64, <$board as $crate::stop::Stoppable>::PEN_LEN as u64];
        /// The mover's first instruction: from here on the image is gone.
        #[unsafe(no_mangle)]
        #[used]
        static KEXEC_MOVER: [u64; 2] = [$crate::stop::mover_address::<$board>() as u64, 4];
    };
}

/// What the loader put into memory.
struct Next {
    kernel: Kernel,
    source: u64,
    destination: u64,
    tree: u64,
}

/// Prints an error that the verdict's fixed text cannot hold.
fn say<E: core::fmt::Display>(reason: &'static str) -> impl Fn(E) -> &'static str {
    move |error| {
        println!("# {error}");
        reason
    }
}

impl Next {
    /// Reads what is there; `None` if the loader brought no kernel.
    fn read<B: HandsOver>(options: &Options) -> Result<Option<Self>, &'static str> {
        let number = |key| options.parse(key, 0_u64).map_err(|_| "a parameter is no number");
        let (source, tree) = (number("kernel")?, number("tree")?);
        if source == 0 {
            println!("kernel: none");
            return Ok(None);
        }
        // SAFETY: the tool put a kernel there, in memory that nobody else uses; any bytes are a value.
        let header = unsafe { (source as *const [u8; HEADER]).read() };
        let kernel = Kernel::parse(&header).map_err(say("no kernel"))?;
        if (kernel.kind == Kind::A64) != cfg!(target_arch = "aarch64") {
            return Err("the kernel is for the other instruction set");
        }
        let image = start::image();
        let destination = match kernel.kind {
            Kind::A32 => image.start as u64,
            Kind::A64 => (image.start as u64 & !0x1f_ffff) + kernel.text_offset,
        };
        kernel.check_place(destination).map_err(say("the kernel cannot lie over this image"))?;
        let over = Region { base: destination, len: kernel.len };
        if !over.contains(image.start as u64) || !over.contains(image.end as u64 - 1) {
            return Err("the kernel does not cover the whole image");
        }
        let pens = Region { base: B::PEN as u64, len: B::PEN_LEN as u64 };
        // SAFETY: the tool put a device tree there; its own length is checked against its magic number first.
        let tree_of = unsafe { Fdt::from_raw(tree as *const u8) }.map_err(say("no device tree"))?;
        let reserved = tree_of.memory_reservations().map(|one| Region { base: one.address(), len: one.size() });
        check_reserved(pens, reserved).map_err(say("the kernel would overwrite the pens"))?;
        let name = if kernel.kind == Kind::A32 { "zImage" } else { "Image" };
        println!("kernel: {name}, over the whole image; the device tree reserves the pens");
        println!("# {:#x} bytes from {source:#x} to {destination:#x}, tree at {tree:#x}", kernel.len);
        Ok(Some(Self { kernel, source, destination, tree }))
    }
}

/// The program, on core 0.
pub fn kexec<B: HandsOver>() -> Verdict {
    println!("{}: kexec", B::NAME);
    let options = Options::read().map_err(|_| "no parameters")?;
    // Everything that can be wrong with it is said while everybody works.
    let next = Next::read::<B>(&options)?;
    let mut run = Run::<B>::start(Generation::FIRST, None)?;
    println!("work: counted on every core");
    // Where there is firmware the next kernel starts the cores by it, so all of them must leave by it.
    let _ = B::firmware(Firmware::Honest, run.others());
    match options.get("fault") {
        None => victim::set_detour(forget::<B>),
        Some("left-out") => return wrong::left_out(&mut run),
        Some(_) => return Err("no fault of this name"),
    }
    match options.get("mutant") {
        None => {}
        Some("stays") => wrong::stay_on(&run),
        Some(_) => return Err("no mutant of this name"),
    }
    let (image, claim, reports) = run.stop_all()?;
    run.print(&reports, CpuSet::EMPTY);
    println!("stopped: {} parked, {} off", reports.parked().len(), reports.off().len());
    match next {
        Some(next) => hand_over(&mut run, image, &reports, &next),
        None => run.let_go(&reports, claim),
    }
}

/// On a victim's way out: its part of the interrupt controller is as after reset, since the kernel expects it so.
fn forget<B: HandsOver>(_: Cpu, _: Generation) {
    B::pic().forget_private();
}

/// Overwrites this image and enters the kernel.
fn hand_over<B: HandsOver>(run: &mut Run<B>, image: ImageExclusive, reports: &Reports, next: &Next) -> Verdict {
    let (mut room, mut movers) = run.area.room().split_at(mover_address::<B>());
    let fallback = room.put(fallback::code()).map_err(say("no room for the fallback"))?;
    let what = Move {
        source: next.source,
        destination: next.destination,
        len: next.kernel.len,
        entry: next.destination,
        registers: next.kernel.registers(next.tree).map_err(say("the device tree is misplaced"))?,
        fallback: fallback as u64,
    };
    // The last question that has an answer while everybody can still be called back.
    what.check(&image).map_err(say("the move is not allowed"))?;
    lend(run, &image, &mut room, reports.parked())?;
    victim::quiet::<B>(run.me).map_err(|_| "the requester's interface does not get quiet")?;
    B::pic().forget_shared();
    B::pic().forget_private();
    let departure = mover::prepare(image, &mut movers, mover::code(), &what).map_err(say("no mover"))?;
    println!("entering the kernel");
    platform::leave(&departure, Coherency::Keep, Levels::All)
}

/// Lets the parked cores go into a pen that speaks the kernel's protocol.
#[cfg(target_arch = "arm")]
fn lend<B: HandsOver>(run: &mut Run<B>, image: &ImageExclusive, room: &mut Room<Uncached>, parked: CpuSet) -> Verdict {
    if parked.is_empty() {
        return Ok(());
    }
    let devices = B::FOREIGN.ok_or("nobody can let the parked cores go")?;
    // SAFETY: the board's flags register, which this program alone uses.
    let mut flags = unsafe { FlagRegister::new(devices.flags as usize) };
    // Whatever stands there would open the pen at once.
    flags.clear(u32::MAX);
    let lent = foreign::install(image, room, foreign::code(), &devices).map_err(say("no foreign pen"))?;
    for cpu in parked.iter() {
        let order = Order { id: id_of(cpu), entry: lent.entry, arg: lent.arg };
        let (slots, generation) = (run.slots(), image.generation());
        if release::release(&slots, &mut run.hooks, &run.clock, cpu, generation, &order, RETURN)
            != Released::Acknowledged
        {
            return Err("a core did not go to the foreign pen");
        }
    }
    println!("foreign pen: {} waiting for the kernel's signal", parked.len());
    Ok(())
}

/// Firmware has the cores.
#[cfg(not(target_arch = "arm"))]
fn lend<B: HandsOver>(_: &mut Run<B>, _: &ImageExclusive, _: &mut Room<Uncached>, parked: CpuSet) -> Verdict {
    if parked.is_empty() { Ok(()) } else { Err("nobody can let the parked cores go") }
}
