// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records that programs print for tools: lines `@ kind key=value key="two words" …`.

use std::collections::BTreeMap;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The word after the `@`.
    pub(crate) kind: String,
    /// Its fields.
    fields: BTreeMap<String, String>,
}

impl Record {
    /// The record on this line, if it is one.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("@ ")?.trim();
        let (kind, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut fields = BTreeMap::new();
        while let Some((key, tail)) = rest.trim_start().split_once('=') {
            let (value, next) = match tail.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => tail.split_once(' ').unwrap_or((tail, "")),
            };
            fields.insert(key.to_owned(), value.to_owned());
            rest = next;
        }
        (!kind.is_empty()).then(|| Self { kind: kind.to_owned(), fields })
    }

    /// A field's value; empty if it is not there.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.fields.get(key).map_or("", String::as_str)
    }
}

/// The records among these lines.
pub(crate) fn all<'a>(lines: impl IntoIterator<Item = &'a String>) -> Vec<Record> {
    lines.into_iter().filter_map(|line| Record::parse(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_and_without_quotes() {
        let record =
            Record::parse("@ exception name=Program from=0x1000 action=\"skipped the instruction\" n=1").unwrap();
        assert_eq!(record.kind, "exception");
        assert_eq!(record.get("from"), "0x1000");
        assert_eq!(record.get("action"), "skipped the instruction");
        assert_eq!(record.get("n"), "1");
        assert_eq!(record.get("none"), "");
    }

    #[test]
    fn other_lines_are_no_records() {
        assert_eq!(Record::parse("plain"), None);
        assert_eq!(Record::parse("@nothing"), None);
        assert_eq!(Record::parse("@ "), None);
        assert_eq!(Record::parse("@ x action=\"open"), None);
    }
}
