// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers and memory to run instructions on.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hal_exc_api::alignment::{Memory, Registers};

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct File {
    pub(crate) gpr: [u32; 32],
    pub(crate) fpr: [u64; 32],
    pub(crate) xer: u32,
}

/// Memory of which every byte differs from its neighbours until it is written.
#[derive(Clone, Default, Debug)]
pub(crate) struct Bytes {
    written: BTreeMap<u32, u8>,
    /// A byte that is not there.
    pub(crate) hole: Option<u32>,
    /// Address and width of every access.
    pub(crate) log: RefCell<Vec<(u32, u32)>>,
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written && self.hole == other.hole
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Machine {
    pub(crate) registers: File,
    pub(crate) memory: Bytes,
}

impl Machine {
    pub(crate) fn new(gpr: [u32; 32], fpr: [u64; 32], xer: u32) -> Self {
        Self { registers: File { gpr, fpr, xer }, memory: Bytes::default() }
    }
}

impl Registers for File {
    fn gpr(&self, n: u8) -> u32 {
        self.gpr[usize::from(n)]
    }

    fn set_gpr(&mut self, n: u8, value: u32) {
        self.gpr[usize::from(n)] = value;
    }

    fn gpr_is_writable(&self, _n: u8) -> bool {
        true
    }

    fn xer(&self) -> u32 {
        self.xer
    }

    fn fpr(&self, n: u8) -> Option<u64> {
        Some(self.fpr[usize::from(n)])
    }

    fn set_fpr(&mut self, n: u8, bits: u64) {
        self.fpr[usize::from(n)] = bits;
    }
}

impl Bytes {
    pub(crate) fn byte(&self, address: u32) -> u8 {
        let pattern = (address.wrapping_mul(0x9E37_79B1) >> 24) as u8;
        self.written.get(&address).copied().unwrap_or(pattern)
    }

    pub(crate) fn set_byte(&mut self, address: u32, value: u8) {
        self.written.insert(address, value);
    }

    pub(crate) fn written(&self) -> impl Iterator<Item = (u32, u8)> {
        self.written.iter().map(|(address, value)| (*address, *value))
    }

    fn get(&self, address: u32, width: u32) -> Option<u32> {
        assert_eq!(address % width, 0, "misaligned access of {width} bytes at {address:#x}");
        self.log.borrow_mut().push((address, width));
        let bytes = (0..width).map(|i| address.wrapping_add(i));
        bytes
            .clone()
            .all(|at| self.hole != Some(at))
            .then(|| bytes.fold(0, |value, at| value << 8 | u32::from(self.byte(at))))
    }

    fn put(&mut self, address: u32, width: u32, value: u32) {
        assert_eq!(address % width, 0, "misaligned access of {width} bytes at {address:#x}");
        self.log.borrow_mut().push((address, width));
        for i in 0..width {
            let at = address.wrapping_add(i);
            assert_ne!(self.hole, Some(at), "store into the hole");
            self.set_byte(at, (value >> (8 * (width - 1 - i))) as u8);
        }
    }
}

impl Memory for Bytes {
    fn read_u8(&self, address: u32) -> Option<u8> {
        self.get(address, 1).map(|value| value as u8)
    }

    fn read_u16(&self, address: u32) -> Option<u16> {
        self.get(address, 2).map(|value| value as u16)
    }

    fn read_u32(&self, address: u32) -> Option<u32> {
        self.get(address, 4)
    }

    fn is_writable(&self, address: u32, len: u32) -> bool {
        self.hole.is_none_or(|hole| hole.wrapping_sub(address) >= len)
    }

    fn write_u8(&mut self, address: u32, value: u8) {
        self.put(address, 1, value.into());
    }

    fn write_u16(&mut self, address: u32, value: u16) {
        self.put(address, 2, value.into());
    }

    fn write_u32(&mut self, address: u32, value: u32) {
        self.put(address, 4, value);
    }
}
