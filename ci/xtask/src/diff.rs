// SPDX-License-Identifier: MIT OR Apache-2.0
//! Line differences between an expected and a found text.

/// A line with its mark: ` ` in both (as expected), `-` only expected, `+` only found.
pub(crate) type Marked<'a> = (char, &'a str);

/// Stands for eight hexadecimal digits in an expected line.
const ANY_WORD: &str = "????????";

/// Whether a found line is as expected.
fn same(expected: &str, found: &str) -> bool {
    let mut parts = expected.split(ANY_WORD);
    let Some(mut rest) = parts.next().and_then(|first| found.strip_prefix(first)) else { return false };
    for part in parts {
        let Some((word, tail)) = rest.split_at_checked(ANY_WORD.len()) else { return false };
        let Some(tail) = tail.strip_prefix(part) else { return false };
        if !word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

/// All lines of both texts, by the longest common subsequence.
pub(crate) fn lines<'a>(expected: &'a str, found: &'a str) -> Vec<Marked<'a>> {
    let old: Vec<&str> = expected.lines().collect();
    let new: Vec<&str> = found.lines().collect();
    // What is equal at both ends needs no table.
    let head = old.iter().zip(&new).take_while(|(a, b)| same(a, b)).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| same(a, b)).count();
    let marked = subsequence(&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let before = old[..head].iter().map(|line| (' ', *line));
    let after = old[old.len() - tail..].iter().map(|line| (' ', *line));
    before.chain(marked).chain(after).collect()
}

/// The differing lines with two lines around them.
pub(crate) fn show(lines: &[Marked<'_>]) -> String {
    let near = |index: usize| {
        let around = &lines[index.saturating_sub(2)..(index + 3).min(lines.len())];
        around.iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut gap = false;
    for (index, (mark, line)) in lines.iter().enumerate() {
        if near(index) {
            text.push_str(&format!("{mark} {line}\n"));
            gap = false;
        } else if !gap {
            text.push_str("  …\n");
            gap = true;
        }
    }
    text
}

fn subsequence<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Marked<'a>> {
    // Beyond this the table would not be worth its memory; whole blocks say as much.
    if old.len() * new.len() > 4_000_000 {
        return old.iter().map(|line| ('-', *line)).chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    let mut length = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            length[i * width + j] = if same(old[i], new[j]) {
                length[(i + 1) * width + j + 1] + 1
            } else {
                length[(i + 1) * width + j].max(length[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && same(old[i], new[j]) {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && length[(i + 1) * width + j] >= length[i * width + j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_its_surroundings() {
        let lines = lines("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nfour\n5\n6\n7\n8\n");
        assert_eq!(show(&lines), "  …\n  2\n  3\n- 4\n+ four\n  5\n  6\n  7\n+ 8\n");
    }

    #[test]
    fn eight_question_marks_are_eight_digits() {
        assert!(same("PC ????????", "PC 0010095c"));
        assert!(same("r0  ???????? r1  ????????", "r0  00000000 r1  deadbeef"));
        assert!(same("????????", "00000000"));
        for (expected, found) in [
            ("PC ????????", "PC 0010095g"),
            ("PC ????????", "PC 0010095"),
            ("PC ????????", "PC 0010095c1"),
            ("PC ????????", "LR 0010095c"),
            ("a", "b"),
            ("", "x"),
        ] {
            assert!(!same(expected, found), "{expected} {found}");
        }
    }
}
