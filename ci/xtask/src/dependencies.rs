// SPDX-License-Identifier: MIT OR Apache-2.0
//! Licences and bans of everything that this workspace depends on.

use anyhow::Result;

use crate::test::{Group, Report, Step, Wanted};
use crate::workspace::{Dependency, Metadata};

/// Licences that go with `MIT OR Apache-2.0`.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Zlib",
];

/// Crates that must not come in, by themselves or through others.
const BANNED: &[(&str, &str)] = &[("paste", "archived, RUSTSEC-2024-0436; use pastey under its name")];

/// The step of this module.
pub(crate) fn steps(_: &Wanted) -> Result<Vec<Step>> {
    let check = || Ok(Report::from_list(&wrong(&Metadata::read()?.dependencies)));
    Ok(vec![Step::alone(Group::Host, "dependencies", check)])
}

fn wrong(dependencies: &[Dependency]) -> Vec<String> {
    let mut wrong = Vec::new();
    for dependency in dependencies {
        if let Some((_, why)) = BANNED.iter().find(|(name, _)| *name == dependency.name) {
            wrong.push(format!("{}: banned: {why}", dependency.id));
        }
        let licence = dependency.licence.as_deref().unwrap_or("none");
        if !is_allowed(licence) {
            wrong.push(format!("{}: licence {licence}", dependency.id));
        }
    }
    wrong
}

/// Whether an SPDX expression can be satisfied with [`ALLOWED`] licences. Old manifests write `/` for `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words };
    parser.any() && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
}

impl Parser<'_> {
    fn accept(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn any(&mut self) -> bool {
        let mut good = self.all();
        while self.accept("OR") {
            good |= self.all();
        }
        good
    }

    fn all(&mut self) -> bool {
        let mut good = self.one();
        while self.accept("AND") {
            good &= self.one();
        }
        good
    }

    fn one(&mut self) -> bool {
        if self.accept("(") {
            let good = self.any();
            return self.accept(")") && good;
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        if self.accept("WITH") {
            let Some((exception, rest)) = self.words.split_first() else {
                return false;
            };
            self.words = rest;
            return ALLOWED.contains(&format!("{name} WITH {exception}").as_str());
        }
        ALLOWED.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_satisfied_or_not() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Unlicense OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            "MIT AND (GPL-3.0-only OR BSD-3-Clause)",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["GPL-2.0-only", "MIT AND GPL-2.0-only", "none", "", "(MIT", "Apache-2.0 WITH", "MPL-2.0", "MIT MIT"]
        {
            assert!(!is_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn the_archived_crate_is_refused_whatever_its_licence() {
        let paste = Dependency { id: "paste 1.0.15".into(), name: "paste".into(), licence: Some("MIT".into()) };
        assert_eq!(wrong(&[paste]).len(), 1);
    }
}
