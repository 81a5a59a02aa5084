// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trees written word by word, as loaders pass them.

use super::*;
use std::vec::Vec;

/// Writes the structure block of a flattened device tree (Devicetree Specification, chapter 5).
#[derive(Default)]
struct Writer {
    structure: Vec<u8>,
    strings: Vec<u8>,
}

impl Writer {
    fn word(&mut self, word: u32) -> &mut Self {
        self.structure.extend_from_slice(&word.to_be_bytes());
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.structure.extend_from_slice(bytes);
        self.structure.resize(self.structure.len().next_multiple_of(4), 0);
        self
    }

    fn begin(&mut self, name: &str) -> &mut Self {
        self.word(1).bytes(&[name.as_bytes(), b"\0"].concat())
    }

    fn end(&mut self) -> &mut Self {
        self.word(2)
    }

    fn property(&mut self, name: &str, value: &[u8]) -> &mut Self {
        let offset = self.strings.len() as u32;
        self.strings.extend_from_slice(name.as_bytes());
        self.strings.push(0);
        self.word(3).word(value.len() as u32).word(offset).bytes(value)
    }

    fn cells(&mut self, name: &str, cells: &[u32]) -> &mut Self {
        let value: Vec<u8> = cells.iter().flat_map(|cell| cell.to_be_bytes()).collect();
        self.property(name, &value)
    }

    fn space(&mut self, address: u32, size: u32) -> &mut Self {
        self.cells("#address-cells", &[address]).cells("#size-cells", &[size])
    }

    fn blob(&mut self) -> Vec<u8> {
        self.word(9);
        let (header, reserved) = (40, 16);
        let structure = header + reserved;
        let strings = structure + self.structure.len();
        let total = strings + self.strings.len();
        let mut blob = Vec::new();
        for word in
            [0xD00D_FEED, total, structure, strings, header, 17, 16, 0, self.strings.len(), self.structure.len()]
        {
            blob.extend_from_slice(&(word as u32).to_be_bytes());
        }
        blob.resize(structure, 0);
        blob.extend_from_slice(&self.structure);
        blob.extend_from_slice(&self.strings);
        blob
    }
}

fn e500() -> Vec<u8> {
    let mut w = Writer::default();
    w.begin("").space(2, 2).property("compatible", b"fsl,qemu-e500\0other\0");
    w.begin("cpus").space(1, 0).begin("cpu@0").cells("timebase-frequency", &[400_000_000]).end().end();
    w.begin("soc@fe0000000").space(1, 1).property("compatible", b"fsl,mpc8544-immr\0simple-bus\0");
    w.cells("ranges", &[0, 0xF, 0xE000_0000, 0x10_0000]);
    w.begin("serial@4500").property("compatible", b"ns16550\0").cells("reg", &[0x4500, 0x100]);
    w.cells("clock-frequency", &[1234]).end();
    w.begin("outside@100000").property("compatible", b"outside\0").cells("reg", &[0xF_FFF0, 0x100]).end();
    w.begin("bare").property("compatible", b"bare\0").end();
    w.end();
    w.begin("dead").begin("x").property("compatible", b"unreachable\0").cells("reg", &[0, 0, 1]).end().end();
    w.end().blob()
}

#[test]
fn translates_through_the_soc() {
    let blob = e500();
    let tree = Tree(Fdt::new(&blob).unwrap());
    assert!(tree.is("fsl,qemu-e500") && tree.is("other") && !tree.is("fsl"));
    assert_eq!(tree.region("ns16550"), Ok(Region { address: 0xF_E000_4500, length: 0x100 }));
    assert_eq!(tree.region("fsl,mpc8544-immr"), Ok(Region { address: 0xF_E000_0000, length: 0x10_0000 }));
    assert_eq!(tree.number("ns16550", "clock-frequency"), Ok(1234));
    assert_eq!(tree.number("ns16550", "reg"), Ok(0x4500));
    assert_eq!(tree.time_base(), Ok(400_000_000));
}

#[test]
fn what_is_missing_is_named() {
    let blob = e500();
    let tree = Tree(Fdt::new(&blob).unwrap());
    assert_eq!(tree.region("fsl,mpic"), Err(BoardError::NoDevice("fsl,mpic")));
    assert_eq!(tree.region("outside"), Err(BoardError::BadDevice("outside")));
    assert_eq!(tree.region("bare"), Err(BoardError::BadDevice("bare")));
    assert_eq!(tree.region("unreachable"), Err(BoardError::BadDevice("unreachable")));
    assert_eq!(tree.number("ns16550", "none"), Err(BoardError::BadDevice("ns16550")));
    assert_eq!(tree.number("none", "none"), Err(BoardError::NoDevice("none")));
}

#[test]
fn empty_ranges_change_nothing() {
    let mut w = Writer::default();
    w.begin("").space(1, 1).begin("plb").space(1, 1).property("ranges", &[]);
    w.begin("uart").property("compatible", b"ns16550\0").cells("reg", &[0xEF60_0300, 8]).end();
    let blob = w.end().end().blob();
    let tree = Tree(Fdt::new(&blob).unwrap());
    assert_eq!(tree.region("ns16550"), Ok(Region { address: 0xEF60_0300, length: 8 }));
    assert_eq!(tree.time_base(), Err(BoardError::BadDevice("cpu")));
}
