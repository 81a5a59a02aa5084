// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where things are in the repository, and what `cargo metadata` says about it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The root of the repository: two levels above this crate.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // Cargo names the crate's folder at run time; a copied binary falls back on where it was built.
        let crate_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        crate_dir.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
    })
}

/// The folder of a board's or support package's source.
pub(crate) fn example(package: &str) -> PathBuf {
    root().join("examples").join(package)
}

/// A package of this workspace, as far as this tool needs to know it.
#[derive(Debug)]
pub(crate) struct Package {
    /// Name in the manifest.
    pub(crate) name: String,
    /// Folder of the manifest.
    pub(crate) dir: PathBuf,
    /// Whether it is meant for a registry.
    pub(crate) published: bool,
    /// The manifest's `readme`.
    pub(crate) readme: Option<String>,
    /// `package.metadata`.
    pub(crate) metadata: Value,
}

/// A package that this workspace builds upon.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// Name and version.
    pub(crate) id: String,
    /// Name alone.
    pub(crate) name: String,
    /// SPDX expression of its licence.
    pub(crate) licence: Option<String>,
}

/// The workspace's packages and everything they depend on.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// Packages of this repository.
    pub(crate) members: Vec<Package>,
    /// Packages from elsewhere.
    pub(crate) dependencies: Vec<Dependency>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let out = Command::new(cargo())
            .args(["metadata", "--format-version", "1"])
            .current_dir(root())
            .output()
            .context("cargo metadata")?;
        if !out.status.success() {
            bail!("cargo metadata: {}", String::from_utf8_lossy(&out.stderr).trim());
        }
        let json: Value = serde_json::from_slice(&out.stdout).context("cargo metadata prints JSON")?;
        Self::parse(&json)
    }

    fn parse(json: &Value) -> Result<Self> {
        let ids: Vec<&str> =
            json["workspace_members"].as_array().context("no member list")?.iter().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        let mut dependencies = Vec::new();
        for package in json["packages"].as_array().context("no package list")? {
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            let name = text("name").context("a package has no name")?;
            if ids.contains(&package["id"].as_str().unwrap_or_default()) {
                let manifest = PathBuf::from(text("manifest_path").context("a package has no manifest")?);
                members.push(Package {
                    name,
                    dir: manifest.parent().map_or_else(PathBuf::new, Path::to_path_buf),
                    published: package["publish"].is_null(),
                    readme: text("readme"),
                    metadata: package["metadata"].clone(),
                });
            } else {
                dependencies.push(Dependency {
                    id: format!("{name} {}", text("version").unwrap_or_default()),
                    name,
                    licence: text("license"),
                });
            }
        }
        Ok(Self { members, dependencies })
    }
}

/// The cargo that runs this tool.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_the_workspace_manifest() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
