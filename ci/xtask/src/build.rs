// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds the images of a package, once per run of this tool.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::outcome::unusable;
use crate::progress::Progress;
use crate::toolchain::{self, Toolchain};
use crate::workspace;

/// The images of a package, by the name of the program.
pub(crate) type Images = Arc<BTreeMap<String, PathBuf>>;

/// Builds every program of `package` for `target`; the second call returns what the first one found.
pub(crate) fn images(package: &str, target: &str) -> Result<Images> {
    static BUILT: Mutex<BTreeMap<(String, String), Option<Images>>> = Mutex::new(BTreeMap::new());
    // Held while building: cargo would queue a second build anyway.
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = (package.to_owned(), target.to_owned());
    if let Some(earlier) = built.get(&key) {
        return earlier.clone().ok_or_else(|| anyhow!("{package} was not built for {target}; the reason is above"));
    }
    let result = with(toolchain::current(), package, target).map(Arc::new);
    built.insert(key, result.as_ref().ok().cloned());
    result
}

/// The image of one program.
pub(crate) fn image(package: &str, target: &str, program: &str) -> Result<PathBuf> {
    images(package, target)?
        .get(program)
        .cloned()
        .ok_or_else(|| unusable(format!("package `{package}` has no program `{program}`")))
}

/// Builds every program of `package` with this compiler.
pub(crate) fn with(toolchain: Toolchain, package: &str, target: &str) -> Result<BTreeMap<String, PathBuf>> {
    let progress = Progress::start(format!("building {package} for {target} with {}", toolchain.name()));
    let mut cargo = toolchain
        .cargo("build", target)
        .args(["--release", "--bins", "--package", package, "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo build")?;
    let mut stderr = cargo.stderr.take().context("cargo has no standard error")?;
    let messages = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let mut images = BTreeMap::new();
    for line in BufReader::new(cargo.stdout.take().context("cargo has no output")?).lines() {
        if let Some((name, path)) = executable(&line?) {
            images.insert(name, path);
        }
    }
    let status = cargo.wait()?;
    let messages = messages.join().unwrap_or_default();
    drop(progress);
    if !status.success() {
        return Err(anyhow!("building {package} for {target} failed\n{}", from_first_error(&messages)));
    }
    keep(images, &workspace::root().join("target/images").join(toolchain.folder()).join(target).join(package))
}

/// Copies the images to a folder of the package's own: cargo puts programs of the same name from several packages into
/// the same place, one over the other.
fn keep(images: BTreeMap<String, PathBuf>, folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    std::fs::create_dir_all(folder)?;
    images
        .into_iter()
        .map(|(name, path)| {
            let copy = folder.join(&name);
            // Renamed into place: an emulator that another run of this tool starts just now finds the old image or the new
            // one, not half of one.
            let new = folder.join(format!("{name}.{}", std::process::id()));
            std::fs::copy(&path, &new).with_context(|| path.display().to_string())?;
            std::fs::rename(&new, &copy).with_context(|| copy.display().to_string())?;
            Ok((name, copy))
        })
        .collect()
}

/// The compiler's words without what went well before; all of them if none is an error.
fn from_first_error(messages: &str) -> &str {
    let start = if messages.starts_with("error") { Some(0) } else { messages.find("\nerror").map(|place| place + 1) };
    &messages[start.unwrap_or(0)..]
}

/// The program and file that a message of cargo announces.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_executables_count() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"demo"},"executable":"/t/demo"}"#;
        assert_eq!(executable(line), Some(("demo".into(), "/t/demo".into())));
        let library = r#"{"reason":"compiler-artifact","target":{"name":"lib"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable("no json"), None);
    }

    #[test]
    fn programs_of_one_name_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let built = dir.path().join("hello");
        let build = |package: &str| {
            std::fs::write(&built, package).unwrap();
            keep([("hello".to_owned(), built.clone())].into(), &dir.path().join("kept").join(package)).unwrap()
        };
        let (one, two) = (build("one"), build("two"));
        assert_eq!(std::fs::read_to_string(&one["hello"]).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(&two["hello"]).unwrap(), "two");
    }

    #[test]
    fn the_first_error_is_where_reading_begins() {
        assert_eq!(from_first_error("warning: x\n  Compiling\nerror[E1]: y\n z\n"), "error[E1]: y\n z\n");
        assert_eq!(from_first_error("error: y"), "error: y");
        assert_eq!(from_first_error("killed"), "killed");
    }
}
