// SPDX-License-Identifier: MIT OR Apache-2.0
//! Installs Debian's packages, or says how to.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::answers;
use super::need::{self, Need};
use crate::mirror;
use crate::outcome::unusable;
use crate::progress::Progress;

/// Installs what is needed; status 2 with the commands of every system if this process may not.
pub(super) fn install(needs: &[Need]) -> Result<()> {
    let Some(prefix) = privilege() else {
        let lines: Vec<String> =
            need::commands(needs).iter().map(|(system, command)| format!("  {system:<7} {command}")).collect();
        return Err(unusable(format!(
            "packages are missing and cannot be installed from here; run\n{}",
            lines.join("\n")
        )));
    };
    let packages = need::debian_packages(needs);
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(packages.split(' '));
    let tell = |text: &str| eprintln!("  {text}");
    mirror::patiently(tell, || {
        // A list that cannot be refreshed may still be good enough.
        if let Err(error) = apt(prefix, &["update"]) {
            tell(&format!("{error:#}"));
        }
        apt(prefix, &args)
    })
}

/// What goes before `apt-get`: nothing for root, `sudo -n` if that asks for no password.
fn privilege() -> Option<&'static [&'static str]> {
    if !need::has_apt() {
        return None;
    }
    if is_root() {
        return Some(&[]);
    }
    answers("sudo", &["-n", "true"]).then_some(&["sudo", "-n"])
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stdin(Stdio::null()).output();
    id.is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn apt(prefix: &[&str], args: &[&str]) -> Result<()> {
    let shown = format!("apt-get {}", args.join(" "));
    let progress = Progress::start(shown.as_str());
    let words: Vec<&str> = prefix.iter().copied().chain(["apt-get", "-o", "DPkg::Lock::Timeout=120"]).collect();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // To where a person sees it; a second pipe would have to be read side by side.
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| shown.clone())?;
    for line in BufReader::new(child.stdout.take().context("apt-get has no output")?).lines() {
        let line = line?;
        if ["Get:", "Setting up "].iter().any(|start| line.starts_with(start)) {
            progress.detail(&line);
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(unusable(format!("{shown} failed ({status}); run it by hand"))) }
}
