// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vector registers of this family: those of Book E, and IVOR32 to IVOR42.
//!
//! Which of them exist depends on the core; the vector table names only those that do.

use hal_exc_booke::ivor::{BookE, VectorRegisters};

/// IVPR and all IVORs of the CPU that executes this.
#[derive(Debug)]
pub struct E500(BookE);

impl E500 {
    /// The registers.
    ///
    /// # Safety
    /// * The CPU has IVPR and every IVOR that is asked for.
    /// * Nobody else moves vectors meanwhile, and where they are moved there are prologues.
    #[must_use]
    pub const unsafe fn new() -> Self {
        // SAFETY: the same promise.
        Self(unsafe { BookE::new() })
    }
}

impl VectorRegisters for E500 {
    fn set_ivpr(&mut self, value: u32) {
        self.0.set_ivpr(value);
    }

    fn ivpr(&self) -> u32 {
        self.0.ivpr()
    }

    fn set_ivor(&mut self, n: u8, value: u32) {
        hal_exc_booke::__ivor!(write n, value; 32 = 528, 33 = 529, 34 = 530, 35 = 531, 36 = 532, 37 = 533, 38 = 432,
            39 = 433, 40 = 434, 41 = 435, 42 = 436);
        self.0.set_ivor(n, value);
    }

    fn ivor(&self, n: u8) -> Option<u32> {
        let upper = hal_exc_booke::__ivor!(read n; 32 = 528, 33 = 529, 34 = 530, 35 = 531, 36 = 532, 37 = 533, 38 = 432,
            39 = 433, 40 = 434, 41 = 435, 42 = 436);
        upper.or_else(|| self.0.ivor(n))
    }
}
