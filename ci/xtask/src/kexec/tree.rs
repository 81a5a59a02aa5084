// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device tree as a boot loader hands it over: command line, size of memory, cores that are there, reserved memory.

use anyhow::{Context, Result, anyhow};
use dtoolkit::fdt::Fdt;
use dtoolkit::memreserve::MemoryReservation;
use dtoolkit::model::{DeviceTree, DeviceTreeNode, DeviceTreeProperty};
use dtoolkit::{Node, Property};

/// What the loader knows and the tree does not.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    /// The kernel's command line.
    pub(super) command_line: &'a str,
    /// Bytes of memory.
    pub(super) memory: u64,
    /// Cores that the machine has.
    pub(super) cores: u32,
    /// Base and length of what the kernel must leave alone.
    pub(super) reserved: (u64, u64),
}

/// The address at which memory begins, and the tree with the facts in it.
pub(super) fn patch(tree: &[u8], facts: &Facts<'_>) -> Result<(u64, Vec<u8>)> {
    let fdt = Fdt::new(tree).map_err(|error| anyhow!("no device tree: {error}"))?;
    let mut tree = DeviceTree::from_fdt(&fdt);
    let cells = |name| cell(&tree.root, name).unwrap_or(1);
    let (address, size) = (cells("#address-cells").min(2), cells("#size-cells").min(2));
    let base = memory(&mut tree.root, facts.memory, address, size)?;
    chosen(&mut tree.root, facts.command_line);
    cores(&mut tree.root, facts.cores);
    close_static_ram(&mut tree.root);
    tree.memory_reservations.push(MemoryReservation::new(facts.reserved.0, facts.reserved.1));
    Ok((base, tree.to_dtb()))
}

fn property<T: dtoolkit::ToPropertyValue>(name: &str, value: T) -> DeviceTreeProperty {
    DeviceTreeProperty::new_unchecked(name, value)
}

/// The first cell of a property.
fn cell(node: &DeviceTreeNode, name: &str) -> Option<u32> {
    let property = node.property(name)?;
    Some(u32::from_be_bytes(property.value().get(..4)?.try_into().ok()?))
}

/// Gives the memory node the size of the machine's memory; the base stays, and is returned.
fn memory(root: &mut DeviceTreeNode, bytes: u64, address: u32, size: u32) -> Result<u64> {
    let is_memory =
        |node: &&mut DeviceTreeNode| (**node).property("device_type").is_some_and(|kind| kind.value() == b"memory\0");
    let node = root.children_mut().find(is_memory).context("the device tree has no memory")?;
    let old = (*node).property("reg").context("the memory has no address")?.value().to_vec();
    let mut reg = old.get(..4 * address as usize).context("the memory's address is too short")?.to_vec();
    let base = reg.iter().fold(0, |base, byte| base << 8 | u64::from(*byte));
    reg.extend(&bytes.to_be_bytes()[8 - 4 * size as usize..]);
    node.add_property(property("reg", reg.as_slice()));
    Ok(base)
}

fn chosen(root: &mut DeviceTreeNode, command_line: &str) {
    let node = root.add_child_mut(DeviceTreeNode::new_unchecked("chosen"));
    node.add_property(property("bootargs", command_line));
    // There is no initial RAM disk, whatever the tree was made for.
    for name in ["linux,initrd-start", "linux,initrd-end"] {
        node.remove_property(name);
    }
}

/// Takes out the cores that the machine does not have, so that the kernel does not wait for them.
fn cores(root: &mut DeviceTreeNode, count: u32) {
    let Some(cpus) = root.child_mut("cpus") else { return };
    let is_absent = |node: &DeviceTreeNode| {
        node.property("device_type").is_some_and(|kind| kind.value() == b"cpu\0")
            && cell(node, "reg").is_some_and(|id| id >= count)
    };
    let absent: Vec<String> =
        cpus.children().filter(|node| is_absent(node)).map(|node| node.name().to_string()).collect();
    absent.iter().for_each(|name| drop(cpus.remove_child(name)));
}

/// Turns off the memory device over the board's static RAM: its driver would write there, and the pens lie in it.
fn close_static_ram(node: &mut DeviceTreeNode) {
    let compatible = (*node).property("compatible").map(|list| list.value().to_vec()).unwrap_or_default();
    if compatible.split(|byte| *byte == 0).any(|name| name == b"arm,vexpress-psram") {
        node.add_property(property("status", "disabled"));
    }
    node.children_mut().for_each(close_static_ram);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, properties: Vec<DeviceTreeProperty>, children: Vec<DeviceTreeNode>) -> DeviceTreeNode {
        let mut node = DeviceTreeNode::new(name).unwrap();
        properties.into_iter().for_each(|property| node.add_property(property));
        children.into_iter().for_each(|child| node.add_child(child));
        node
    }

    fn cpu(name: &str, id: u32) -> DeviceTreeNode {
        node(name, vec![property("device_type", "cpu"), property("reg", id)], vec![])
    }

    fn board() -> Vec<u8> {
        let mut tree = DeviceTree::new();
        tree.root.add_property(property("#address-cells", 2_u32));
        tree.root.add_property(property("#size-cells", 1_u32));
        let reg: &[u32] = &[0, 0x6000_0000, 0x4000_0000];
        tree.root.add_child(node(
            "memory@60000000",
            vec![property("device_type", "memory"), property("reg", reg)],
            vec![],
        ));
        tree.root.add_child(node("cpus", vec![], vec![cpu("cpu@0", 0), cpu("cpu@1", 1), cpu("cpu@2", 2)]));
        let psram = vec![property("compatible", b"arm,vexpress-psram\0mtd-ram\0".as_slice())];
        tree.root.add_child(node("bus", vec![], vec![node("psram@1", psram, vec![])]));
        tree.to_dtb()
    }

    #[test]
    fn the_loader_s_facts_are_in_the_tree() {
        let facts =
            Facts { command_line: "panic=-1", memory: 0x1000_0000, cores: 2, reserved: (0x4800_0000, 0x1_0000) };
        let (base, patched) = patch(&board(), &facts).unwrap();
        assert_eq!(base, 0x6000_0000);
        let tree = DeviceTree::from_fdt(&Fdt::new(&patched).unwrap());
        let value = |path: &str, name: &str| tree.find_node(path).unwrap().property(name).unwrap().value().to_vec();
        assert_eq!(value("/memory@60000000", "reg"), [0, 0, 0, 0, 0x60, 0, 0, 0, 0x10, 0, 0, 0]);
        assert_eq!(value("/chosen", "bootargs"), b"panic=-1\0");
        assert_eq!(value("/bus/psram@1", "status"), b"disabled\0");
        let cpus: Vec<_> = tree.find_node("/cpus").unwrap().children().map(|node| node.name().to_string()).collect();
        assert_eq!(cpus, ["cpu@0", "cpu@1"]);
        let reserved: Vec<_> = tree.memory_reservations.iter().map(|one| (one.address(), one.size())).collect();
        assert_eq!(reserved, [(0x4800_0000, 0x1_0000)]);
    }

    #[test]
    fn a_file_that_is_no_tree_is_an_error() {
        let facts = Facts { command_line: "", memory: 0, cores: 1, reserved: (0, 0) };
        assert!(patch(b"no tree", &facts).unwrap_err().to_string().contains("no device tree"));
    }
}
