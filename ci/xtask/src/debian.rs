// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian's unmodified kernels for ARM, from the distribution's own packages.
//!
//! `apt-get` fetches them for the other architecture into a folder of its own: nothing is installed, and the lists and
//! settings of this machine stay as they are. The package's signature is checked by apt as always. What is kept below
//! `target/debian` is fetched once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result};

use crate::outcome::unusable;
use crate::progress::Progress;
use crate::{mirror, workspace};

/// An architecture of Debian that has a kernel for our boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Architecture {
    /// Debian's name.
    name: &'static str,
    /// The package that always depends on the newest kernel.
    meta: &'static str,
}

/// AArch32.
pub(crate) const ARMHF: Architecture = Architecture { name: "armhf", meta: "linux-image-armmp" };
/// AArch64.
pub(crate) const ARM64: Architecture = Architecture { name: "arm64", meta: "linux-image-arm64" };

/// A kernel of the distribution, and its device trees.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// The kernel's file.
    pub(crate) fn image(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// A device tree that came with it.
    pub(crate) fn tree(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The kernel of an architecture: fetched once, then kept.
///
/// # Errors
/// One line that says what is missing, and the mend.
pub(crate) fn kernel(architecture: Architecture) -> Result<Kernel> {
    // Two checks may want the same kernel at the same time.
    static FETCHING: Mutex<()> = Mutex::new(());
    let _fetching = FETCHING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let parent = workspace::root().join("target/debian");
    let folder = parent.join(architecture.name);
    if !folder.exists() {
        std::fs::create_dir_all(&parent)?;
        // Beside its place, so that the finished folder appears at once.
        let work = tempfile::tempdir_in(&parent).context("a folder for the package")?;
        let kept = fetch(architecture, work.path()).map_err(|error| {
            let mend = "connect to the network, or name a kernel with --kernel FILE --dtb FILE";
            unusable(format!("no {} from Debian: {error:#}; {mend}", architecture.meta))
        })?;
        std::fs::rename(kept, &folder).with_context(|| folder.display().to_string())?;
    }
    Ok(Kernel { folder })
}

/// Brings the package and unpacks what is wanted of it; the folder that holds it.
fn fetch(architecture: Architecture, work: &Path) -> Result<PathBuf> {
    let progress = Progress::start(format!("fetching {} for {}", architecture.meta, architecture.name));
    for folder in ["lists/partial", "cache/archives/partial", "package", "kept"] {
        std::fs::create_dir_all(work.join(folder))?;
    }
    // Nothing is installed there.
    std::fs::write(work.join("status"), "")?;
    let apt = Apt { architecture, work };
    let archive = mirror::patiently(|text| progress.note(text), || download(&apt, &progress))?;
    apt.run("dpkg-deb", &["--extract", &archive.display().to_string(), "package"])?;
    let kept = work.join("kept");
    keep(&work.join("package/boot"), |name| name.starts_with("vmlinuz-").then_some("vmlinuz"), &kept)?;
    for folder in subfolders(&work.join("package/usr/lib"), "linux-image-") {
        keep(&folder, |name| (name.starts_with("vexpress-") && name.ends_with(".dtb")).then_some(name), &kept)?;
    }
    find(&kept, "vmlinuz")?;
    Ok(kept)
}

/// Refreshes the lists and downloads the package that the meta package stands for.
fn download(apt: &Apt<'_>, progress: &Progress) -> Result<PathBuf> {
    // A list that cannot be refreshed may be one that is not needed.
    if let Err(error) = apt.run("apt-get", &["update"]) {
        progress.note(&format!("{error:#}"));
    }
    let meta = apt.architecture.meta;
    let depends = apt.run("apt-cache", &["depends", meta])?;
    let package = dependency(&depends).with_context(|| format!("apt knows no {meta}"))?;
    progress.detail(&format!("fetching {package}"));
    apt.run("apt-get", &["download", package])?;
    find(apt.work, ".deb")
}

/// Debian's tools, with all their state in one folder.
struct Apt<'a> {
    architecture: Architecture,
    work: &'a Path,
}

impl Apt<'_> {
    /// Runs a tool and returns its output; the error is its last complaint.
    fn run(&self, tool: &str, args: &[&str]) -> Result<String> {
        let mut command = Command::new(tool);
        if tool.starts_with("apt-") {
            let work = self.work.display();
            let architecture = self.architecture.name;
            for option in [
                format!("APT::Architecture={architecture}"),
                format!("APT::Architectures={architecture}"),
                format!("Dir::State={work}"),
                format!("Dir::State::status={work}/status"),
                format!("Dir::Cache={work}/cache"),
                // The user for downloads cannot write to this folder.
                "APT::Sandbox::User=".to_owned(),
                "Acquire::Languages=none".to_owned(),
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
                "Acquire::http::Timeout=30".to_owned(),
                "Acquire::https::Timeout=30".to_owned(),
            ] {
                command.args(["-o", &option]);
            }
        }
        let out = command.args(args).current_dir(self.work).env("LC_ALL", "C").stdin(Stdio::null()).output();
        let out = out.with_context(|| format!("{tool} cannot be run"))?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&out.stderr);
        let line = complaint.lines().find(|line| line.starts_with("E: ")).unwrap_or("no reason given");
        anyhow::bail!("{tool} {}: {}", args.join(" "), line.trim_start_matches("E: "))
    }
}

/// The first package that another one depends on.
fn dependency(depends: &str) -> Option<&str> {
    depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn find(folder: &Path, end: &str) -> Result<PathBuf> {
    let name = names(folder).into_iter().find(|name| name.ends_with(end));
    name.map(|name| folder.join(name)).with_context(|| format!("the package brought no {end}"))
}

fn subfolders<'a>(folder: &'a Path, start: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    names(folder).into_iter().filter(move |name| name.starts_with(start)).map(|name| folder.join(name))
}

/// Moves the files that `wanted` names, under the name that it gives them.
fn keep(folder: &Path, wanted: impl Fn(&str) -> Option<&str>, kept: &Path) -> Result<()> {
    for name in names(folder) {
        if let Some(new) = wanted(&name) {
            std::fs::rename(folder.join(&name), kept.join(new)).with_context(|| name.clone())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_package_is_the_one_that_the_meta_package_depends_on() {
        assert_eq!(
            dependency("linux-image-x\n  Depends: linux-image-6.1-x\n  Suggests: y\n"),
            Some("linux-image-6.1-x")
        );
        assert_eq!(dependency("linux-image-x\n"), None);
    }

    #[test]
    fn wanted_files_are_kept_and_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::create_dir_all(&from).unwrap();
        std::fs::create_dir_all(&to).unwrap();
        std::fs::write(from.join("vmlinuz-1"), "k").unwrap();
        std::fs::write(from.join("config-1"), "c").unwrap();
        keep(&from, |name| name.starts_with("vmlinuz-").then_some("vmlinuz"), &to).unwrap();
        assert_eq!(names(&to), ["vmlinuz"]);
        assert!(find(&to, "config").is_err());
    }
}
