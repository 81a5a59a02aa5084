// SPDX-License-Identifier: MIT OR Apache-2.0
//! A slow, plain interpreter: the instruction is looked up by name, and what it does is read off its name and the
//! manual's text, byte by byte.

use super::machine::Machine;

const D: u32 = 0xFC00_0000;
const X: u32 = 0xFC00_07FF;

const fn d(opcode: u32) -> u32 {
    opcode << 26
}

const fn x(extended: u32) -> u32 {
    31 << 26 | extended << 1
}

/// Name, value of the opcode bits, mask of the opcode bits. From the opcode tables at the end of the manual.
pub(crate) const MNEMONICS: &[(&str, u32, u32)] = &[
    ("lwz", d(32), D),
    ("lwzu", d(33), D),
    ("lbz", d(34), D),
    ("lbzu", d(35), D),
    ("stw", d(36), D),
    ("stwu", d(37), D),
    ("stb", d(38), D),
    ("stbu", d(39), D),
    ("lhz", d(40), D),
    ("lhzu", d(41), D),
    ("lha", d(42), D),
    ("lhau", d(43), D),
    ("sth", d(44), D),
    ("sthu", d(45), D),
    ("lmw", d(46), D),
    ("stmw", d(47), D),
    ("lfs", d(48), D),
    ("lfsu", d(49), D),
    ("lfd", d(50), D),
    ("lfdu", d(51), D),
    ("stfs", d(52), D),
    ("stfsu", d(53), D),
    ("stfd", d(54), D),
    ("stfdu", d(55), D),
    ("lwzx", x(23), X),
    ("lwzux", x(55), X),
    ("lbzx", x(87), X),
    ("lbzux", x(119), X),
    ("stwx", x(151), X),
    ("stwux", x(183), X),
    ("stbx", x(215), X),
    ("stbux", x(247), X),
    ("lhzx", x(279), X),
    ("lhzux", x(311), X),
    ("lhax", x(343), X),
    ("lhaux", x(375), X),
    ("sthx", x(407), X),
    ("sthux", x(439), X),
    ("lswx", x(533), X),
    ("lwbrx", x(534), X),
    ("lfsx", x(535), X),
    ("lfsux", x(567), X),
    ("lswi", x(597), X),
    ("lfdx", x(599), X),
    ("lfdux", x(631), X),
    ("stswx", x(661), X),
    ("stwbrx", x(662), X),
    ("stfsx", x(663), X),
    ("stfsux", x(695), X),
    ("stswi", x(725), X),
    ("stfdx", x(727), X),
    ("stfdux", x(759), X),
    ("lhbrx", x(790), X),
    ("sthbrx", x(918), X),
    ("stfiwx", x(983), X),
    ("dcbz", x(1014), X),
];

/// Runs `word`; `None` when it is unknown or an invalid form.
pub(crate) fn reference(word: u32, machine: &mut Machine, line: u32) -> Option<()> {
    let (name, ..) = *MNEMONICS.iter().find(|(_, value, mask)| word & mask == *value)?;
    let rt = (word >> 21) as usize % 32;
    let ra = (word >> 16) as usize % 32;
    let rb = (word >> 11) as usize % 32;
    let base = if ra == 0 { 0 } else { machine.registers.gpr[ra] };
    let indexed = name.ends_with('x') || name == "dcbz";
    let ea = match name {
        "lswi" | "stswi" => base,
        _ if indexed => base.wrapping_add(machine.registers.gpr[rb]),
        _ => base.wrapping_add((word as u16 as i16) as u32),
    };
    let immediate = if rb == 0 { 32 } else { rb };
    let xer_count = machine.registers.xer as usize & 127;
    match name {
        "lmw" => {
            if (rt..32).any(|r| r == ra) {
                return None;
            }
            let mut at = ea;
            for r in rt..32 {
                machine.registers.gpr[r] = load(machine, at, 4) as u32;
                at = at.wrapping_add(4);
            }
            Some(())
        }
        "stmw" => {
            let mut at = ea;
            for r in rt..32 {
                store(machine, at, 4, machine.registers.gpr[r].into());
                at = at.wrapping_add(4);
            }
            Some(())
        }
        "lswi" => load_string(machine, rt, &[ra], ea, immediate),
        "lswx" => {
            if rt == ra || rt == rb {
                return None;
            }
            load_string(machine, rt, &[ra, rb], ea, xer_count)
        }
        "stswi" => store_string(machine, rt, ea, immediate),
        "stswx" => store_string(machine, rt, ea, xer_count),
        "lwbrx" => set(machine, rt, (load(machine, ea, 4) as u32).swap_bytes()),
        "lhbrx" => set(machine, rt, (load(machine, ea, 2) as u16).swap_bytes().into()),
        "stwbrx" => put(machine, ea, 4, machine.registers.gpr[rt].swap_bytes().into()),
        "sthbrx" => put(machine, ea, 2, (machine.registers.gpr[rt] as u16).swap_bytes().into()),
        "stfiwx" => put(machine, ea, 4, machine.registers.fpr[rt] & 0xFFFF_FFFF),
        "dcbz" => {
            if rt != 0 {
                return None;
            }
            let mut at = ea - ea % line;
            for _ in 0..line {
                machine.memory.set_byte(at, 0);
                at = at.wrapping_add(1);
            }
            Some(())
        }
        _ => plain(name, machine, ea, rt, ra),
    }
}

/// The rest: the name is a root, then `u` for update, then `x` for indexed.
fn plain(name: &str, machine: &mut Machine, ea: u32, rt: usize, ra: usize) -> Option<()> {
    let stem = name.strip_suffix('x').unwrap_or(name);
    let (root, update) = match stem.strip_suffix('u') {
        Some(root) => (root, true),
        None => (stem, false),
    };
    if update && ra == 0 {
        return None;
    }
    if update && ra == rt && ["lwz", "lbz", "lhz", "lha"].contains(&root) {
        return None;
    }
    let fpr = machine.registers.fpr[rt];
    let gpr = u64::from(machine.registers.gpr[rt]);
    match root {
        "lwz" => machine.registers.gpr[rt] = load(machine, ea, 4) as u32,
        "lhz" => machine.registers.gpr[rt] = load(machine, ea, 2) as u32,
        "lha" => machine.registers.gpr[rt] = i32::from(load(machine, ea, 2) as i16) as u32,
        "lbz" => machine.registers.gpr[rt] = load(machine, ea, 1) as u32,
        "stw" => store(machine, ea, 4, gpr),
        "sth" => store(machine, ea, 2, gpr),
        "stb" => store(machine, ea, 1, gpr),
        "lfd" => machine.registers.fpr[rt] = load(machine, ea, 8),
        "stfd" => store(machine, ea, 8, fpr),
        "lfs" => machine.registers.fpr[rt] = loaded_double(load(machine, ea, 4) as u32),
        "stfs" => store(machine, ea, 4, stored_single(fpr).into()),
        other => panic!("{other} is not in the reference"),
    }
    if update {
        machine.registers.gpr[ra] = ea;
    }
    Some(())
}

fn load(machine: &Machine, at: u32, bytes: u32) -> u64 {
    (0..bytes).fold(0, |value, i| value * 256 + u64::from(machine.memory.byte(at.wrapping_add(i))))
}

fn store(machine: &mut Machine, at: u32, bytes: u32, mut value: u64) {
    for i in (0..bytes).rev() {
        machine.memory.set_byte(at.wrapping_add(i), value as u8);
        value >>= 8;
    }
}

fn set(machine: &mut Machine, rt: usize, value: u32) -> Option<()> {
    machine.registers.gpr[rt] = value;
    Some(())
}

fn put(machine: &mut Machine, at: u32, bytes: u32, value: u64) -> Option<()> {
    store(machine, at, bytes, value);
    Some(())
}

fn load_string(machine: &mut Machine, rt: usize, address: &[usize], ea: u32, count: usize) -> Option<()> {
    // Byte i goes into register rt + i / 4.
    if (0..count).any(|i| address.contains(&((rt + i / 4) % 32))) {
        return None;
    }
    for i in 0..count {
        let r = (rt + i / 4) % 32;
        if i % 4 == 0 {
            machine.registers.gpr[r] = 0;
        }
        let byte = u32::from(machine.memory.byte(ea.wrapping_add(i as u32)));
        machine.registers.gpr[r] |= byte << (24 - 8 * (i % 4));
    }
    Some(())
}

fn store_string(machine: &mut Machine, rt: usize, ea: u32, count: usize) -> Option<()> {
    for i in 0..count {
        let r = (rt + i / 4) % 32;
        let byte = machine.registers.gpr[r].to_be_bytes()[i % 4];
        machine.memory.set_byte(ea.wrapping_add(i as u32), byte);
    }
    Some(())
}

/// Bits `from` to `to` of a register of `size` bits, as the manual counts: from the left.
fn field(value: u64, size: u32, from: u32, to: u32) -> u64 {
    value << (64 - size + from) >> (63 - (to - from))
}

fn loaded_double(word: u32) -> u64 {
    let value = f32::from_bits(word);
    if value.is_nan() {
        // The host would make it quiet; a load does not.
        field(word.into(), 32, 0, 0) << 63 | 0x7FF << 52 | field(word.into(), 32, 9, 31) << 29
    } else {
        f64::from(value).to_bits()
    }
}

/// The manual's procedure for storing a single, with its loop.
pub(crate) fn stored_single(frs: u64) -> u32 {
    let exponent_field = field(frs, 64, 1, 11);
    if exponent_field > 896 || field(frs, 64, 1, 63) == 0 {
        return (field(frs, 64, 0, 1) << 30 | field(frs, 64, 5, 34)) as u32;
    }
    let sign = (field(frs, 64, 0, 0) << 31) as u32;
    if !(874..=896).contains(&exponent_field) {
        return sign; // open in the manual
    }
    let mut exponent = exponent_field as i64 - 1023;
    let mut fraction = 1 << 52 | field(frs, 64, 12, 63);
    while exponent < -126 {
        fraction >>= 1;
        exponent += 1;
    }
    sign | field(fraction, 53, 1, 23) as u32
}
