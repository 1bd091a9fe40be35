//! Where the project lies and what it is made of.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use crate::run;

/// The packages that nobody outside uses: our tools, and what is there to be read.
pub(crate) const TOOLS: &[&str] = &[
    "xtask",
    "mcp-auth-bench",
    "mcp-auth-history",
    "mcp-auth-rig",
    "demo-server",
    "embed-axum",
    "embed-rmcp",
];

/// The command line programs.
pub(crate) const PROGRAMS: &[&str] = &["mcp-auth-server", "mcp-token-gen", "mcp-token-validate"];

/// The top of the project.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The workspace with every feature on, resolved.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .current_dir(root())
        .features(CargoOpt::AllFeatures)
        .exec()
        .context("`cargo metadata` failed: the workspace does not resolve")
}

/// Where cargo builds, wherever the environment or a configuration file put it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).no_deps();
    let metadata = command.exec().context("`cargo metadata` failed: a manifest is wrong")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// What git tracks, and what it would if one said `git add .`; paths from the top of the project.
pub(crate) fn files() -> Result<Vec<String>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listing = run::capture(&mut run::program("git", &args))?;
    let mut files: Vec<String> = listing
        .split_terminator('\0')
        .filter(|path| root().join(path).exists())
        .map(Into::into)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Builds the programs and answers with the folder they lie in.
pub(crate) fn build_programs(profile: Profile) -> Result<PathBuf> {
    let packages = PROGRAMS.iter().flat_map(|name| ["--package", name]);
    let mut build = run::cargo(&["build"]);
    build.args(packages);
    if matches!(profile, Profile::Release) {
        build.arg("--release");
    }
    run::stream(&mut build)?;
    Ok(target_directory()?.join(profile.folder()))
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}
