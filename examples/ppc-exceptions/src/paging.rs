// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a core translates, for the trials that miss or are not allowed.

use ppc_support::tlb1::{self, Kind, Window};
use ppc_support::tlb4xx::{self, Page, Rights};

/// Page translations of a core.
pub trait Paging {
    /// Puts the 4 KiB of memory at `behind` (effective = physical) at `page`, for supervisor state, never executable. The same
    /// page may be mapped again with another `writable`. Returns whether it could.
    ///
    /// # Safety
    /// * The core is of this kind.
    /// * Both addresses are multiples of 4 KiB, nothing else is mapped at `page`, and no Rust object lies there.
    /// * If `writable`, the memory may be written.
    unsafe fn map(page: u32, behind: u32, writable: bool) -> bool;
}

/// Entries of TLB1.
#[derive(Debug)]
pub struct E500;

impl Paging for E500 {
    unsafe fn map(page: u32, behind: u32, writable: bool) -> bool {
        let kind = if writable { Kind::Data } else { Kind::Constant };
        let window = Window { ea: page, pa: behind.into(), size: tlb1::Size::K4, kind };
        // SAFETY: the caller's promise; a window that is there already is the same memory.
        unsafe {
            tlb1::unmap(page);
            tlb1::map(&window).is_ok()
        }
    }
}

/// The last entry, which no loader uses.
const ENTRY: u32 = 63;

fn page(ea: u32, behind: u32, writable: bool) -> Page {
    let rights = if writable { Rights::Write } else { Rights::Read };
    Page::memory(ea, behind.into(), tlb4xx::Size::K4, rights)
}

/// The TLB of a 440.
#[derive(Debug)]
pub struct Ppc440;

impl Paging for Ppc440 {
    unsafe fn map(ea: u32, behind: u32, writable: bool) -> bool {
        // SAFETY: the caller's promise; the entry is nobody else's.
        unsafe { tlb4xx::write_440(ENTRY, &page(ea, behind, writable)) };
        true
    }
}

/// The TLB of a 405, with translation on.
#[derive(Debug)]
pub struct Ppc405;

impl Paging for Ppc405 {
    unsafe fn map(ea: u32, behind: u32, writable: bool) -> bool {
        let page = Page { uncached: !tlb4xx::real_mode_caches_405(), ..page(ea, behind, writable) };
        // SAFETY: as above.
        unsafe { tlb4xx::write_405(ENTRY, &page) };
        true
    }
}
