//! The files of `examples/deploy`, and what else of the project they speak of.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

pub(crate) const DOCKERFILE: &str = "examples/deploy/Dockerfile";
pub(crate) const COMPOSE: &str = "examples/deploy/compose/compose.yaml";
pub(crate) const KUBERNETES: &str = "examples/deploy/kubernetes/mcp-auth.yaml";
pub(crate) const UNIT: &str = "examples/deploy/systemd/mcp-auth.service";

/// All of them.
pub(crate) const ALL: [&str; 4] = [DOCKERFILE, COMPOSE, KUBERNETES, UNIT];

/// A path from the top of the project.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(name)
}

/// A file, by its path from the top of the project.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The one value behind `name` and `separator`, such as of `rust-version = "1.95"`.
pub(crate) fn value_of<'a>(text: &'a str, name: &str, separator: char) -> Result<&'a str> {
    let values = text.lines().filter_map(|line| line.split_once(separator));
    let mut values = values.filter(|(found, _)| found.trim() == name).map(|(_, value)| value);
    let value = values.next().with_context(|| format!("there is no {name}"))?;
    anyhow::ensure!(values.next().is_none(), "there are several {name}");
    Ok(value.trim().trim_matches('"'))
}
