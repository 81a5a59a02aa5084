// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line, and the register arrays that show it.

/// State of one interrupt.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineState {
    pub(crate) enabled: bool,
    pub(crate) latched: bool,
    pub(crate) input: bool,
    pub(crate) active: bool,
    pub(crate) edge: bool,
    pub(crate) group1: bool,
    pub(crate) modifier: bool,
    pub(crate) priority: u8,
    pub(crate) targets: u8,
    pub(crate) route: u64,
}

impl LineState {
    pub(crate) fn pending(&self) -> bool {
        self.latched || self.input && !self.edge
    }
}

/// Which array an offset of the main bank is in, with the index of its first line.
pub(crate) enum Array {
    Group,
    Modifier,
    SetEnable,
    ClearEnable,
    SetPending,
    ClearPending,
    SetActive,
    ClearActive,
    Priority,
    Config,
}

pub(crate) fn main(offset: usize) -> Option<(Array, usize)> {
    let (array, base, per_word) = match offset {
        0x080..0x100 => (Array::Group, 0x080, 32),
        0x100..0x180 => (Array::SetEnable, 0x100, 32),
        0x180..0x200 => (Array::ClearEnable, 0x180, 32),
        0x200..0x280 => (Array::SetPending, 0x200, 32),
        0x280..0x300 => (Array::ClearPending, 0x280, 32),
        0x300..0x380 => (Array::SetActive, 0x300, 32),
        0x380..0x400 => (Array::ClearActive, 0x380, 32),
        0x400..0x800 => (Array::Priority, 0x400, 4),
        0xc00..0xd00 => (Array::Config, 0xc00, 16),
        0xd00..0xd80 => (Array::Modifier, 0xd00, 32),
        _ => return None,
    };
    Some((array, (offset - base) / 4 * per_word))
}

pub(crate) fn extended(offset: usize) -> Option<(Array, usize)> {
    let (array, base, per_word) = match offset {
        0x1000..0x1080 => (Array::Group, 0x1000, 32),
        0x1200..0x1280 => (Array::SetEnable, 0x1200, 32),
        0x1400..0x1480 => (Array::ClearEnable, 0x1400, 32),
        0x1600..0x1680 => (Array::SetPending, 0x1600, 32),
        0x1800..0x1880 => (Array::ClearPending, 0x1800, 32),
        0x1a00..0x1a80 => (Array::SetActive, 0x1a00, 32),
        0x1c00..0x1c80 => (Array::ClearActive, 0x1c00, 32),
        0x2000..0x2400 => (Array::Priority, 0x2000, 4),
        0x3000..0x3100 => (Array::Config, 0x3000, 16),
        0x3400..0x3480 => (Array::Modifier, 0x3400, 32),
        _ => return None,
    };
    Some((array, (offset - base) / 4 * per_word))
}

/// Reads one line's share of a word.
pub(crate) fn read(array: &Array, line: &LineState) -> u32 {
    match array {
        Array::Group => line.group1.into(),
        Array::Modifier => line.modifier.into(),
        Array::SetEnable | Array::ClearEnable => line.enabled.into(),
        Array::SetPending | Array::ClearPending => line.pending().into(),
        Array::SetActive | Array::ClearActive => line.active.into(),
        Array::Priority => line.priority.into(),
        Array::Config => u32::from(line.edge) << 1,
    }
}

/// Writes one line's share of a word. `sgi`: the configuration is fixed. `groups`: group bits
/// may be written.
pub(crate) fn write(
    array: &Array,
    line: &mut LineState,
    value: u32,
    bits: u8,
    sgi: bool,
    groups: bool,
) -> Option<&'static str> {
    let one = value & 1 != 0;
    match array {
        Array::Group if groups => line.group1 = one,
        Array::Modifier if groups => line.modifier = one,
        Array::SetEnable => line.enabled |= one,
        Array::ClearEnable => line.enabled &= !one,
        Array::SetPending if !sgi => line.latched |= one,
        Array::ClearPending if !sgi => line.latched &= !one,
        Array::SetActive => line.active |= one,
        Array::ClearActive => line.active &= !one,
        Array::Priority => line.priority = value as u8 & (0xff00u16 >> bits) as u8,
        Array::Config if !sgi => {
            let edge = value & 2 != 0;
            if edge != line.edge && line.enabled {
                return Some("trigger changed while enabled");
            }
            line.edge = edge;
        }
        _ => {}
    }
    None
}

/// Bits per line in a word, and lines per word.
pub(crate) fn geometry(array: &Array) -> (usize, usize) {
    match array {
        Array::Priority => (8, 4),
        Array::Config => (2, 16),
        _ => (1, 32),
    }
}
