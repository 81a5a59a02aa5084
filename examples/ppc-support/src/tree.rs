// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device tree that the loader passed: where devices are, by what they are compatible with.

use dtoolkit::fdt::{Fdt, FdtNode};
use dtoolkit::{Node, Property};

use crate::error::BoardError;

/// A device tree.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a>(Fdt<'a>);

#[cfg(target_arch = "powerpc")]
impl Tree<'static> {
    /// The loader's tree.
    ///
    /// # Errors
    /// [`BoardError::NoDeviceTree`], [`BoardError::BadDeviceTree`], [`BoardError::Tlb`].
    pub fn of_loader(boot: &crate::BootInfo) -> Result<Self, BoardError> {
        use crate::handover::reach;

        let word = |address: u32| {
            // SAFETY: the loader's own pointers lead to memory; what cannot be mapped reads as 0.
            unsafe { if reach(boot, address, 4).is_err() { 0 } else { (address as *const u32).read_volatile() } }
        };
        let byte = |address: u32| {
            // SAFETY: as above.
            unsafe { if reach(boot, address, 1).is_err() { 0 } else { (address as *const u8).read_volatile() } }
        };
        let address = boot.find_device_tree(word, byte).ok_or(BoardError::NoDeviceTree(boot.args[0]))?;
        let length = word(address + 4);
        // SAFETY: the tree says how long it is; the loader put it into memory, where nothing writes any more.
        unsafe {
            reach(boot, address, length)?;
            Fdt::from_raw(address as *const u8).map(Self).map_err(|_| BoardError::BadDeviceTree(address))
        }
    }
}

/// Where a device is, in the CPU's physical addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// First byte.
    pub address: u64,
    /// Number of bytes.
    pub length: u64,
}

impl<'a> Tree<'a> {
    /// Whether the machine is compatible with `kind`.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        is(&self.0.root(), kind)
    }

    /// The first device that is compatible with `kind`: the region of its first `reg` entry, or for a
    /// bus without `reg` its first range, translated through all buses above it.
    ///
    /// # Errors
    /// [`BoardError::NoDevice`], [`BoardError::BadDevice`].
    pub fn region(&self, kind: &'static str) -> Result<Region, BoardError> {
        locate(self.0.root(), kind).ok_or(BoardError::NoDevice(kind))?.ok_or(BoardError::BadDevice(kind))
    }

    /// The number in a device's property, its first cell if it has several.
    ///
    /// # Errors
    /// [`BoardError::NoDevice`], [`BoardError::BadDevice`].
    pub fn number(&self, kind: &'static str, property: &str) -> Result<u32, BoardError> {
        let node = search(self.0.root(), &|node| is(node, kind)).ok_or(BoardError::NoDevice(kind))?;
        number(&node, property).ok_or(BoardError::BadDevice(kind))
    }

    /// Frequency of the time base in hertz, from the first CPU.
    ///
    /// # Errors
    /// [`BoardError::BadDevice`].
    pub fn time_base(&self) -> Result<u32, BoardError> {
        let cpus = self.0.root().child("cpus");
        let cpu = cpus.as_ref().and_then(|cpus| cpus.children().next());
        cpu.and_then(|cpu| number(&cpu, "timebase-frequency")).ok_or(BoardError::BadDevice("cpu"))
    }
}

fn is(node: &FdtNode<'_>, kind: &str) -> bool {
    node.compatible().is_some_and(|mut kinds| kinds.any(|k| k == kind))
}

fn number(node: &FdtNode<'_>, property: &str) -> Option<u32> {
    let property = node.property(property)?;
    property.value().first_chunk().map(|cell| u32::from_be_bytes(*cell))
}

fn search<'a>(parent: FdtNode<'a>, wanted: &dyn Fn(&FdtNode<'a>) -> bool) -> Option<FdtNode<'a>> {
    parent.children().find_map(|child| if wanted(&child) { Some(child) } else { search(child, wanted) })
}

/// `None`: not there. `Some(None)`: there, but without a usable address.
fn locate(parent: FdtNode<'_>, kind: &str) -> Option<Option<Region>> {
    parent.children().find_map(|child| {
        if is(&child, kind) {
            return Some(own_region(child));
        }
        locate(child, kind).map(|found| found.and_then(|region| translate(child, region)))
    })
}

fn own_region(node: FdtNode<'_>) -> Option<Region> {
    if let Some(reg) = node.reg().ok()?.and_then(|mut entries| entries.next()) {
        return Some(Region { address: reg.address().ok()?, length: reg.size().ok()? });
    }
    let range = node.ranges().ok()??.next()?;
    Some(Region { address: range.parent_bus_address().ok()?, length: range.length().ok()? })
}

/// From addresses below a bus to addresses above it. A bus without `ranges` leads nowhere, one with empty
/// `ranges` changes nothing.
fn translate(bus: FdtNode<'_>, region: Region) -> Option<Region> {
    let mut ranges = bus.ranges().ok()??.peekable();
    if ranges.peek().is_none() {
        return Some(region);
    }
    ranges.find_map(|range| {
        let child: u64 = range.child_bus_address().ok()?;
        let parent: u64 = range.parent_bus_address().ok()?;
        let length: u64 = range.length().ok()?;
        let offset = region.address.checked_sub(child)?;
        let inside = offset.checked_add(region.length)? <= length;
        inside.then_some(Region { address: parent.checked_add(offset)?, length: region.length })
    })
}

#[cfg(test)]
mod tests;
