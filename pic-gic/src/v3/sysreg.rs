// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system registers of a GICv3 CPU interface, on AArch64 and AArch32, or a model of them.

/// System registers of the executing core (IHI 0069, 12.2 and 12.5).
///
/// Names are the architecture's without the `ICC_` and `_EL1`; writers begin with `set_`.
pub trait SystemRegisters {
    /// MPIDR: who is executing.
    fn mpidr(&self) -> u64;
    /// ICC_SGI0R: sends a group 0 SGI.
    fn set_sgi0r(&self, value: u64);
    /// ICC_SGI1R: sends a group 1 SGI of the current security state.
    fn set_sgi1r(&self, value: u64);
    /// ICC_IAR0: acknowledges group 0.
    fn iar0(&self) -> u32;
    /// ICC_IAR1: acknowledges group 1.
    fn iar1(&self) -> u32;
    /// ICC_EOIR0: ends group 0.
    fn set_eoir0(&self, value: u32);
    /// ICC_EOIR1: ends group 1.
    fn set_eoir1(&self, value: u32);
    /// ICC_DIR: deactivates.
    fn set_dir(&self, value: u32);
    /// ICC_RPR: running priority.
    fn rpr(&self) -> u32;
    /// ICC_HPPIR0: most urgent pending of group 0.
    fn hppir0(&self) -> u32;
    /// ICC_HPPIR1: most urgent pending of group 1.
    fn hppir1(&self) -> u32;
    /// ICC_PMR: priority mask.
    fn pmr(&self) -> u32;
    /// ICC_PMR: priority mask.
    fn set_pmr(&self, value: u32);
    /// ICC_BPR0: binary point of group 0.
    fn bpr0(&self) -> u32;
    /// ICC_BPR0: binary point of group 0.
    fn set_bpr0(&self, value: u32);
    /// ICC_BPR1: binary point of group 1.
    fn bpr1(&self) -> u32;
    /// ICC_BPR1: binary point of group 1.
    fn set_bpr1(&self, value: u32);
    /// ICC_CTLR: control.
    fn ctlr(&self) -> u32;
    /// ICC_CTLR: control.
    fn set_ctlr(&self, value: u32);
    /// ICC_SRE: system register enable.
    fn sre(&self) -> u32;
    /// ICC_SRE: system register enable.
    fn set_sre(&self, value: u32);
    /// ICC_IGRPEN0: group 0 enable.
    fn igrpen0(&self) -> u32;
    /// ICC_IGRPEN0: group 0 enable.
    fn set_igrpen0(&self, value: u32);
    /// ICC_IGRPEN1: group 1 enable.
    fn igrpen1(&self) -> u32;
    /// ICC_IGRPEN1: group 1 enable.
    fn set_igrpen1(&self, value: u32);
    /// ICC_AP0R0: active priorities of group 0.
    fn set_ap0r0(&self, value: u32);
    /// ICC_AP0R1: active priorities of group 0.
    fn set_ap0r1(&self, value: u32);
    /// ICC_AP0R2: active priorities of group 0.
    fn set_ap0r2(&self, value: u32);
    /// ICC_AP0R3: active priorities of group 0.
    fn set_ap0r3(&self, value: u32);
    /// ICC_AP1R0: active priorities of group 1.
    fn set_ap1r0(&self, value: u32);
    /// ICC_AP1R1: active priorities of group 1.
    fn set_ap1r1(&self, value: u32);
    /// ICC_AP1R2: active priorities of group 1.
    fn set_ap1r2(&self, value: u32);
    /// ICC_AP1R3: active priorities of group 1.
    fn set_ap1r3(&self, value: u32);
}

impl<T: SystemRegisters + ?Sized> SystemRegisters for &T {
    fn mpidr(&self) -> u64 {
        (**self).mpidr()
    }
    fn set_sgi0r(&self, value: u64) {
        (**self).set_sgi0r(value);
    }
    fn set_sgi1r(&self, value: u64) {
        (**self).set_sgi1r(value);
    }
    fn iar0(&self) -> u32 {
        (**self).iar0()
    }
    fn iar1(&self) -> u32 {
        (**self).iar1()
    }
    fn set_eoir0(&self, value: u32) {
        (**self).set_eoir0(value);
    }
    fn set_eoir1(&self, value: u32) {
        (**self).set_eoir1(value);
    }
    fn set_dir(&self, value: u32) {
        (**self).set_dir(value);
    }
    fn rpr(&self) -> u32 {
        (**self).rpr()
    }
    fn hppir0(&self) -> u32 {
        (**self).hppir0()
    }
    fn hppir1(&self) -> u32 {
        (**self).hppir1()
    }
    fn pmr(&self) -> u32 {
        (**self).pmr()
    }
    fn set_pmr(&self, value: u32) {
        (**self).set_pmr(value);
    }
    fn bpr0(&self) -> u32 {
        (**self).bpr0()
    }
    fn set_bpr0(&self, value: u32) {
        (**self).set_bpr0(value);
    }
    fn bpr1(&self) -> u32 {
        (**self).bpr1()
    }
    fn set_bpr1(&self, value: u32) {
        (**self).set_bpr1(value);
    }
    fn ctlr(&self) -> u32 {
        (**self).ctlr()
    }
    fn set_ctlr(&self, value: u32) {
        (**self).set_ctlr(value);
    }
    fn sre(&self) -> u32 {
        (**self).sre()
    }
    fn set_sre(&self, value: u32) {
        (**self).set_sre(value);
    }
    fn igrpen0(&self) -> u32 {
        (**self).igrpen0()
    }
    fn set_igrpen0(&self, value: u32) {
        (**self).set_igrpen0(value);
    }
    fn igrpen1(&self) -> u32 {
        (**self).igrpen1()
    }
    fn set_igrpen1(&self, value: u32) {
        (**self).set_igrpen1(value);
    }
    fn set_ap0r0(&self, value: u32) {
        (**self).set_ap0r0(value);
    }
    fn set_ap0r1(&self, value: u32) {
        (**self).set_ap0r1(value);
    }
    fn set_ap0r2(&self, value: u32) {
        (**self).set_ap0r2(value);
    }
    fn set_ap0r3(&self, value: u32) {
        (**self).set_ap0r3(value);
    }
    fn set_ap1r0(&self, value: u32) {
        (**self).set_ap1r0(value);
    }
    fn set_ap1r1(&self, value: u32) {
        (**self).set_ap1r1(value);
    }
    fn set_ap1r2(&self, value: u32) {
        (**self).set_ap1r2(value);
    }
    fn set_ap1r3(&self, value: u32) {
        (**self).set_ap1r3(value);
    }
}

/// The real registers of the executing core.
///
/// # Safety of the accesses
///
/// The registers exist where a GICv3 with system registers does; on a core without them the
/// first access raises an undefined-instruction exception. [`CoreRegisters::new`] asks for that.
#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
#[derive(Debug)]
pub struct CoreRegisters(());

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
impl CoreRegisters {
    /// The system registers.
    ///
    /// # Safety
    ///
    /// * Every core that uses the value has the GICv3 system registers, and higher exception
    ///   levels have enabled them for this one (ICC_SRE_EL2, ICC_SRE_EL3).
    /// * Nothing else on those cores ends or acknowledges interrupts through them.
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
macro_rules! read {
    ($name:ident, $a64:literal, $a32:literal) => {
        #[inline(always)]
        fn $name(&self) -> u32 {
            #[cfg(target_arch = "aarch64")]
            {
                let value: u64;
                // SAFETY: `new` promises the register; not `nomem`: acknowledging orders against
                // memory accesses.
                unsafe { core::arch::asm!(concat!("mrs {}, ", $a64), out(reg) value, options(nostack, preserves_flags)) };
                value as u32
            }
            #[cfg(target_arch = "arm")]
            {
                let value: u32;
                // SAFETY: as for AArch64.
                unsafe {
                    core::arch::asm!(concat!("mrc p15, 0, {}, ", $a32), out(reg) value, options(nostack, preserves_flags))
                };
                value
            }
        }
    };
}

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
macro_rules! write {
    ($name:ident, $a64:literal, $a32:literal) => {
        #[inline(always)]
        fn $name(&self, value: u32) {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `new` promises the register; not `nomem`: ending orders against memory.
            unsafe {
                core::arch::asm!(concat!("msr ", $a64, ", {}"), in(reg) u64::from(value), options(nostack, preserves_flags))
            };
            #[cfg(target_arch = "arm")]
            // SAFETY: as for AArch64.
            unsafe {
                core::arch::asm!(concat!("mcr p15, 0, {}, ", $a32), in(reg) value, options(nostack, preserves_flags))
            };
        }
    };
}

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
macro_rules! write_wide {
    ($name:ident, $a64:literal, $a32:literal) => {
        #[inline(always)]
        fn $name(&self, value: u64) {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `new` promises the register; not `nomem`: the receiver reads what was stored.
            unsafe {
                core::arch::asm!(concat!("msr ", $a64, ", {}"), in(reg) value, options(nostack, preserves_flags))
            };
            #[cfg(target_arch = "arm")]
            // SAFETY: as for AArch64.
            unsafe {
                core::arch::asm!(
                    concat!("mcrr p15, ", $a32, ", {low}, {high}, c12"),
                    low = in(reg) value as u32, high = in(reg) (value >> 32) as u32,
                    options(nostack, preserves_flags))
            };
        }
    };
}

#[cfg(any(target_arch = "arm", target_arch = "aarch64"))]
impl SystemRegisters for CoreRegisters {
    #[inline(always)]
    fn mpidr(&self) -> u64 {
        let value: usize;
        #[cfg(target_arch = "aarch64")]
        // SAFETY: reads MPIDR_EL1; no memory, no stack, flags kept.
        unsafe {
            core::arch::asm!("mrs {}, mpidr_el1", out(reg) value, options(nomem, nostack, preserves_flags))
        };
        #[cfg(target_arch = "arm")]
        // SAFETY: reads MPIDR; no memory, no stack, flags kept.
        unsafe {
            core::arch::asm!("mrc p15, 0, {}, c0, c0, 5", out(reg) value, options(nomem, nostack, preserves_flags))
        };
        value as u64
    }
    write_wide!(set_sgi0r, "S3_0_C12_C11_7", "2");
    write_wide!(set_sgi1r, "S3_0_C12_C11_5", "0");
    read!(iar0, "S3_0_C12_C8_0", "c12, c8, 0");
    read!(iar1, "S3_0_C12_C12_0", "c12, c12, 0");
    write!(set_eoir0, "S3_0_C12_C8_1", "c12, c8, 1");
    write!(set_eoir1, "S3_0_C12_C12_1", "c12, c12, 1");
    write!(set_dir, "S3_0_C12_C11_1", "c12, c11, 1");
    read!(rpr, "S3_0_C12_C11_3", "c12, c11, 3");
    read!(hppir0, "S3_0_C12_C8_2", "c12, c8, 2");
    read!(hppir1, "S3_0_C12_C12_2", "c12, c12, 2");
    read!(pmr, "S3_0_C4_C6_0", "c4, c6, 0");
    write!(set_pmr, "S3_0_C4_C6_0", "c4, c6, 0");
    read!(bpr0, "S3_0_C12_C8_3", "c12, c8, 3");
    write!(set_bpr0, "S3_0_C12_C8_3", "c12, c8, 3");
    read!(bpr1, "S3_0_C12_C12_3", "c12, c12, 3");
    write!(set_bpr1, "S3_0_C12_C12_3", "c12, c12, 3");
    read!(ctlr, "S3_0_C12_C12_4", "c12, c12, 4");
    write!(set_ctlr, "S3_0_C12_C12_4", "c12, c12, 4");
    read!(sre, "S3_0_C12_C12_5", "c12, c12, 5");
    write!(set_sre, "S3_0_C12_C12_5", "c12, c12, 5");
    read!(igrpen0, "S3_0_C12_C12_6", "c12, c12, 6");
    write!(set_igrpen0, "S3_0_C12_C12_6", "c12, c12, 6");
    read!(igrpen1, "S3_0_C12_C12_7", "c12, c12, 7");
    write!(set_igrpen1, "S3_0_C12_C12_7", "c12, c12, 7");
    write!(set_ap0r0, "S3_0_C12_C8_4", "c12, c8, 4");
    write!(set_ap0r1, "S3_0_C12_C8_5", "c12, c8, 5");
    write!(set_ap0r2, "S3_0_C12_C8_6", "c12, c8, 6");
    write!(set_ap0r3, "S3_0_C12_C8_7", "c12, c8, 7");
    write!(set_ap1r0, "S3_0_C12_C9_0", "c12, c9, 0");
    write!(set_ap1r1, "S3_0_C12_C9_1", "c12, c9, 1");
    write!(set_ap1r2, "S3_0_C12_C9_2", "c12, c9, 2");
    write!(set_ap1r3, "S3_0_C12_C9_3", "c12, c9, 3");
}
