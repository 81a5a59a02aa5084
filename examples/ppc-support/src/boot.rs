// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the loader left in the registers, and where the device tree is.

/// Registers at entry, before the stub changed any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct BootInfo {
    /// Processor version register (SPR 287).
    pub pvr: u32,
    /// Machine state register.
    pub msr: u32,
    /// The loader's stack pointer.
    pub r1: u32,
    /// r3 to r9.
    pub args: [u32; 7],
}

/// First word of a flattened device tree.
const FDT_MAGIC: u32 = 0xD00D_FEED;
/// More arguments than a loader's command line has.
const MOST_ARGUMENTS: u32 = 32;
/// More bytes than one argument has.
const LONGEST_ARGUMENT: u32 = 64;

impl BootInfo {
    /// Address of the device tree, if the loader passed one: as ePAPR says in r3 (QEMU, U-Boot `bootm`), or as
    /// the argument `fdt=ADDRESS` (hexadecimal) of a program started with an argument list (U-Boot `bootelf`).
    ///
    /// `word` and `byte` read memory at an address; they make the search testable, and let a CPU with a
    /// software-managed TLB map the place first.
    pub fn find_device_tree(&self, mut word: impl FnMut(u32) -> u32, mut byte: impl FnMut(u32) -> u8) -> Option<u32> {
        let [r3, r4, ..] = self.args;
        if r3 == 0 {
            return None;
        }
        if r3 > MOST_ARGUMENTS {
            return (r3.is_multiple_of(4) && word(r3) == FDT_MAGIC).then_some(r3);
        }
        if r4 == 0 || !r4.is_multiple_of(4) {
            return None;
        }
        (0..r3).find_map(|n| {
            let text = word(r4.checked_add(4 * n)?);
            hexadecimal_after(b"fdt=", |offset| byte(text.wrapping_add(offset)))
        })
    }
}

/// The number after `prefix` in a NUL-terminated text.
fn hexadecimal_after(prefix: &[u8], mut byte: impl FnMut(u32) -> u8) -> Option<u32> {
    let mut offset = 0;
    for &expected in prefix {
        if byte(offset) != expected {
            return None;
        }
        offset += 1;
    }
    if byte(offset) == b'0' && byte(offset + 1) == b'x' {
        offset += 2;
    }
    let mut value: Option<u32> = None;
    while offset < LONGEST_ARGUMENT {
        let c = byte(offset);
        if c == 0 {
            return value;
        }
        let digit = char::from(c).to_digit(16)?;
        value = Some(value.unwrap_or(0).checked_mul(16)? | digit);
        offset += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn boot(r3: u32, r4: u32) -> BootInfo {
        BootInfo { pvr: 0, msr: 0, r1: 0, args: [r3, r4, 0, 0, 0, 0, 0] }
    }

    fn with_arguments(arguments: &[&str]) -> Option<u32> {
        let base = 0x1000;
        let mut table = Vec::new();
        let mut text = Vec::new();
        for argument in arguments {
            table.push(0x2000 + text.len() as u32);
            text.extend_from_slice(argument.as_bytes());
            text.push(0);
        }
        boot(arguments.len() as u32, base)
            .find_device_tree(|a| table[(a - base) as usize / 4], |a| text[(a - 0x2000) as usize])
    }

    #[test]
    fn epapr_pointer_needs_the_magic() {
        assert_eq!(boot(0x0190_0000, 0).find_device_tree(|_| FDT_MAGIC, |_| 0), Some(0x0190_0000));
        assert_eq!(boot(0x0190_0000, 0).find_device_tree(|_| 0, |_| 0), None);
        assert_eq!(boot(0x0190_0002, 0).find_device_tree(|_| FDT_MAGIC, |_| 0), None);
        assert_eq!(boot(0, 0).find_device_tree(|_| FDT_MAGIC, |_| 0), None);
    }

    #[test]
    fn argument_list() {
        assert_eq!(with_arguments(&["2000000", "fdt=7a8de80"]), Some(0x07A8_DE80));
        assert_eq!(with_arguments(&["fdt=0x10"]), Some(0x10));
        assert_eq!(with_arguments(&["2000000"]), None);
        assert_eq!(with_arguments(&["fdt="]), None);
        assert_eq!(with_arguments(&["fdt=12x"]), None);
        assert_eq!(with_arguments(&["fdt=123456789"]), None);
        assert_eq!(boot(1, 0).find_device_tree(|_| 0, |_| 0), None);
        assert_eq!(boot(1, 2).find_device_tree(|_| 0, |_| 0), None);
    }

    #[test]
    fn endless_argument_ends() {
        assert_eq!(boot(1, 4).find_device_tree(|_| 0, |a| if a < 4 { b"fdt="[a as usize] } else { b'0' }), None);
    }
}
