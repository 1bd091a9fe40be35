//! Which MCP servers there are: a file such as `.mcp/config.json`, in the form that MCP clients share.
//!
//! One wrong entry is that server's failure, never the file's: the others start, and the failed one
//! is listed with the reason.

mod endpoint;
mod entry;
mod expand;
mod server;
mod unknown;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use endpoint::EndpointError;
pub use entry::EntryError;
pub use server::{ServerConfig, Transport};
pub use unknown::UnknownMember;

/// The servers of one configuration file, by name.
#[derive(Debug, Clone, Default)]
pub struct Config {
    entries: BTreeMap<String, Result<ServerConfig, EntryError>>,
    unknown: Vec<UnknownMember>,
}

/// Why a whole file is of no use. Nothing of the file's content is in the text.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{path}`; create it or name another file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("`{path}` is not JSON, line {line}, column {column}; correct it there")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where reading stopped, from 1.
        line: usize,
        /// Where reading stopped, from 1.
        column: usize,
    },
    /// There is no object `mcpServers`.
    #[error("`{path}` has no object `mcpServers`; write {{\"mcpServers\": {{}}}} for none")]
    NoServers {
        /// The file.
        path: PathBuf,
    },
}

impl Config {
    /// Reads a file. `lookup` gives the value of an environment variable for `${NAME}`.
    ///
    /// # Errors
    /// When the file cannot be read or is no configuration at all.
    pub fn read(path: &Path, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
        Self::parse(&text, path, lookup)
    }

    /// Reads a file's text; `path` is for messages only.
    ///
    /// # Errors
    /// When the text is not JSON or has no `mcpServers`. A wrong entry is no error here: see
    /// [`Config::entries`].
    pub fn parse(
        text: &str,
        path: &Path,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| syntax(path, &error))?;
        let Some(servers) = file.get("mcpServers").and_then(Value::as_object) else {
            return Err(ConfigError::NoServers { path: path.into() });
        };
        let read =
            |(name, entry): (&String, &Value)| (name.clone(), entry::read(name, entry, &lookup));
        let unknown = servers.iter().flat_map(|(name, entry)| unknown::of(name, entry)).collect();
        Ok(Self { entries: servers.iter().map(read).collect(), unknown })
    }

    /// Adds or replaces a server.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, server: ServerConfig) -> Self {
        self.entries.insert(name.into(), Ok(server));
        self
    }

    /// Members that do nothing. They may be mistyped, or another program's.
    pub fn unknown_members(&self) -> &[UnknownMember] {
        &self.unknown
    }

    /// Every entry in the order of the names, the wrong ones with what is wrong.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Result<&ServerConfig, &EntryError>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry.as_ref()))
    }
}

fn syntax(path: &Path, error: &serde_json::Error) -> ConfigError {
    ConfigError::Syntax { path: path.into(), line: error.line(), column: error.column() }
}
