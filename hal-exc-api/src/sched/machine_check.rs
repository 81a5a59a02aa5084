// SPDX-License-Identifier: MIT OR Apache-2.0
//! A synchronous machine check that needs the scheduler.
//!
//! A machine check is never masked, so it may hit the scheduler's own critical sections, and its handler has no way to the
//! scheduler. But some report an error of *this* thread's own access, synchronously, and the right answer may be to
//! end the thread or to let it wait. [`resume_synchronously`] moves such a one to standard level: the isolated handler
//! returns at once, and another handler runs on the thread's stack with a [`Frame`](crate::frame::Frame), like that of
//! any synchronous exception, which may block.
//!
//! That is safe where an interrupt could have switched threads too: the interrupted code had its interrupts enabled
//! and no interrupt handler was under way.

use core::fmt;

use super::mask;
use crate::cpu::{Cpu, Group};
use crate::frame::IsolatedFrame;
use crate::handler::Handler;
use crate::percpu::PerCpu;

/// Why a machine check stays isolated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MachineCheckRefused {
    /// The syndrome does not say that it was synchronous.
    Asynchronous {
        /// The syndrome.
        syndrome: u32,
    },
    /// It interrupted code that had interrupts masked.
    Masked {
        /// The MSR.
        msr: u32,
    },
    /// It interrupted an interrupt handler.
    InInterrupt {
        /// Levels, without its own.
        nest: u32,
    },
}

impl fmt::Display for MachineCheckRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asynchronous { syndrome } => write!(f, "the machine check is asynchronous (syndrome {syndrome:08x})"),
            Self::Masked { msr } => write!(f, "the machine check hit code with interrupts masked (MSR {msr:08x})"),
            Self::InInterrupt { nest } => write!(f, "the machine check hit {nest} level(s) of interrupts"),
        }
    }
}

impl core::error::Error for MachineCheckRefused {}

/// Whether a machine check with this syndrome belongs to the instruction that it interrupted.
///
/// * 403, 405: ESR\[MCI\], an error at an instruction fetch (PPC405 Core User's Manual, chapter on machine checks).
/// * e500mc and later: MCSR\[IF\], \[LD\], \[ST\], \[LDG\], the error reports (e500mc Core Reference Manual, 4.9.3).
/// * All others say nothing of the kind: asynchronous.
#[must_use]
pub const fn is_synchronous(cpu: &Cpu, syndrome: u32) -> bool {
    let reports = match cpu.group() {
        Group::Ppc403 | Group::Ppc405 => 0x8000_0000,
        Group::E500mc | Group::E6500 => 0x0001_0000 | 0x0000_8000 | 0x0000_4000 | 0x0000_2000,
        _ => 0,
    };
    syndrome & reports != 0
}

fn check(cpu: &Cpu, block: &PerCpu, frame: &IsolatedFrame) -> Result<(), MachineCheckRefused> {
    let critical = cpu.core().critical_enable;
    let nest = block.nest_level().saturating_sub(1);
    if !is_synchronous(cpu, frame.syndrome) {
        Err(MachineCheckRefused::Asynchronous { syndrome: frame.syndrome })
    } else if nest != 0 {
        Err(MachineCheckRefused::InInterrupt { nest })
    } else if frame.msr & mask::EE == 0 || frame.msr & critical != critical {
        Err(MachineCheckRefused::Masked { msr: frame.msr })
    } else {
        Ok(())
    }
}

/// Has `handler` called for this machine check at standard level, when the isolated handler has returned `Handled`. The
/// handler may change the registers, PC and MSR in its frame, and may block; one that declines ends in the fatal report.
///
/// # Errors
/// [`MachineCheckRefused`] when the machine check is asynchronous or hit code that cannot be switched away from; the
/// frame is unchanged then.
pub fn resume_synchronously(cpu: &Cpu, frame: &mut IsolatedFrame, handler: Handler) -> Result<(), MachineCheckRefused> {
    // SAFETY: only a wrapper makes a frame for a handler, so exceptions are installed and the CPU stays the same.
    let block = unsafe { super::this_cpu() };
    check(cpu, block, frame)?;
    #[cfg(target_arch = "powerpc")]
    stub::divert(block, frame, handler);
    #[cfg(not(target_arch = "powerpc"))]
    let _ = handler;
    Ok(())
}

#[cfg(target_arch = "powerpc")]
mod stub {
    use core::sync::atomic::Ordering;

    use crate::exception::{Exception, VectorWord};
    use crate::frame::{FullFrame, IsolatedFrame};
    use crate::handler::Handler;
    use crate::percpu::PerCpu;

    // Entered by the return of an isolated wrapper: r1 = r3 = the frame on the thread's stack, r12 = the handler, EE and
    // CE off. The rest is a synchronous exit. `rfi` and SRR0/1 exist on every core.
    crate::__wrapper_asm!(
        crate::__wrapper_label!("hal_exc_machine_check_resumed"),
        "mtctr %r12",
        "bctrl", // the handler; may be gone for long, and come back on another CPU
        "2: lwz %r4, HX_MSR_EXIT(%r13)",
        "mtmsr %r4", // nothing that could dispatch from here to the return
        "isync",     // classic: translation off
        "cmpwi %r3, 0",
        "bne- 6f",
        crate::__restore_special!(),
        crate::__restore_all!("26", "27"),
        "rfi",
        "6: mr %r3, %r1",
        "bl {unhandled}", // returns only when the global handler took it
        "li %r3, 0",
        "b 2b",
        crate::__wrapper_end!("hal_exc_machine_check_resumed");
        unhandled = sym crate::fatal::unhandled,
    );

    unsafe extern "C" {
        fn hal_exc_machine_check_resumed();
    }

    /// Copies the frame to the interrupted stack and lets the isolated exit return to the stub.
    pub(super) fn divert(block: &PerCpu, frame: &mut IsolatedFrame, handler: Handler) {
        let at = (frame.gpr[1] & !15).wrapping_sub(size_of::<FullFrame>() as u32);
        let mut copy = *frame.as_frame();
        copy.vector = VectorWord::new(Exception::MachineCheck, false);
        copy.back_chain = copy.gpr[1];
        // SAFETY: the interrupted code had interrupts enabled, so the memory below its stack pointer is free for a
        // frame (this ABI has no red zone), and mapped.
        unsafe { (at as usize as *mut FullFrame).write(copy) };
        frame.pc = hal_exc_machine_check_resumed as *const () as usize as u32;
        frame.msr &= block.words.msr_keep.load(Ordering::Relaxed);
        frame.gpr[1] = at;
        frame.gpr[3] = at;
        frame.gpr[12] = handler as usize as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{Pvr, identify};
    use crate::exception::{Exception, VectorWord};
    use crate::frame::Frame;
    use core::sync::atomic::Ordering;

    const E500MC: u32 = 0x8023_0020;
    const LOAD: u32 = 0x0000_8000;

    fn frame(msr: u32, syndrome: u32) -> IsolatedFrame {
        let mut frame = Frame::new(VectorWord::new(Exception::MachineCheck, true), 0x1000, msr);
        frame.syndrome = syndrome;
        IsolatedFrame::new(frame)
    }

    #[test]
    fn each_condition_alone_keeps_it_isolated() {
        let cpu = identify(Pvr(E500MC)).unwrap();
        let block = PerCpu::new();
        block.words.nest.store(1, Ordering::Relaxed);
        let enabled = mask::EE | cpu.core().critical_enable;
        assert_eq!(check(&cpu, &block, &frame(enabled, LOAD)), Ok(()));
        assert!(matches!(
            check(&cpu, &block, &frame(enabled, 0x8000_0000)),
            Err(MachineCheckRefused::Asynchronous { syndrome: 0x8000_0000 })
        ));
        for msr in [0, mask::EE, cpu.core().critical_enable] {
            assert_eq!(check(&cpu, &block, &frame(msr, LOAD)), Err(MachineCheckRefused::Masked { msr }));
        }
        block.words.nest.store(2, Ordering::Relaxed);
        assert_eq!(check(&cpu, &block, &frame(enabled, LOAD)), Err(MachineCheckRefused::InInterrupt { nest: 1 }));
    }

    #[test]
    fn cores_without_error_reports_have_none() {
        for pvr in [0x8021_0022, 0x000C_0209, 0x4222_18D3] {
            assert!(!is_synchronous(&identify(Pvr(pvr)).unwrap(), u32::MAX), "{pvr:#x}");
        }
        assert!(is_synchronous(&identify(Pvr(0x5121_0950)).unwrap(), 0x8000_0000));
    }
}
