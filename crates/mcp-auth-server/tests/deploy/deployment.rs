//! How a file starts the server, whatever kind of file it is.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// One run of the program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    /// What stands behind the program's name.
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: BTreeMap<String, String>,
    /// Files with secrets that it finds, each with its mode.
    pub(crate) secrets: Vec<(String, u32)>,
    /// Directories that it may write to, each with the mode in which it finds it.
    pub(crate) writable: Vec<(String, u32)>,
}

impl Step {
    /// The port that it listens on is the one that others are told of.
    pub(crate) fn check_port(&self, told: &str) -> Result<()> {
        let listens = self.variables.get("API_PORT").context("API_PORT is not set")?;
        ensure!(listens == told, "it listens on {listens}, and others are told {told}");
        Ok(())
    }
}

/// A server as a file describes it.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// What is run before.
    pub(crate) init: Step,
    pub(crate) serve: Step,
    /// What must answer with 200.
    pub(crate) probes: Vec<String>,
    /// The signal that lets it read its files again, where the file says one.
    pub(crate) reload: Option<String>,
}

/// `NAME=value` pairs.
pub(crate) fn pairs<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let pairs = words.filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}
