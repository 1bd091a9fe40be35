//! Tools, as the gateway lists and calls them.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::naming;
use crate::schema::{ArgumentCheck, Budget};
use crate::server::Server;

/// A tool of a connected server.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The name to call it by: its own where that is unique, `server__tool` otherwise.
    pub name: String,
    /// `server__tool`, which always works.
    pub qualified_name: String,
    /// Its name as its server calls it, which several servers may use.
    pub own_name: String,
    /// What people read about it; empty when the server says nothing.
    pub description: String,
    /// The server that has it.
    pub server: String,
    /// The server's version, as the server says.
    pub version: String,
    /// The JSON schema of its arguments.
    pub parameters: Arc<Value>,
}

/// A tool as its server lists it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListedTool {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parameters: Value,
}

/// A tool that can be called: what the directory keeps.
pub(crate) struct ToolEntry {
    pub(crate) name: String,
    pub(crate) qualified_name: String,
    pub(crate) full_name: String,
    pub(crate) description: String,
    pub(crate) version: String,
    pub(crate) parameters: Arc<Value>,
    pub(crate) check: ArgumentCheck,
}

impl ToolEntry {
    pub(crate) fn new(
        server: &str,
        version: &str,
        listed: ListedTool,
        budget: &mut Budget,
    ) -> Self {
        let parameters = Arc::new(listed.parameters);
        let check = ArgumentCheck::new(&parameters, budget);
        if !check.is_prepared() {
            let tool = listed.name.as_str();
            tracing::warn!(server, tool, "arguments are not checked: the schema is not usable");
        }
        Self {
            qualified_name: naming::qualified(server, &listed.name),
            full_name: naming::full(server, &listed.name),
            name: listed.name,
            description: listed.description,
            version: version.to_owned(),
            parameters,
            check,
        }
    }

    /// Whether it is listed as it was.
    pub(crate) fn is(&self, listed: &ListedTool, version: &str) -> bool {
        self.name == listed.name
            && self.description == listed.description
            && *self.parameters == listed.parameters
            && self.version == version
    }
}

/// One tool of one server, found by [`Gateway::resolve`](crate::Gateway::resolve).
#[derive(Clone)]
pub struct ToolRef {
    pub(crate) server: Arc<Server>,
    pub(crate) entry: Arc<ToolEntry>,
}

impl ToolRef {
    /// The server's name.
    pub fn server(&self) -> &str {
        &self.server.name
    }

    /// The tool's name, as its server calls it.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// `server__tool`, in at most 64 bytes. What was cut may be the same for two tools: see [`Tool::qualified_name`].
    pub fn qualified_name(&self) -> &str {
        &self.entry.qualified_name
    }

    /// What people read about it; empty when the server says nothing.
    pub fn description(&self) -> &str {
        &self.entry.description
    }

    /// The server's version, as the server says.
    pub fn version(&self) -> &str {
        &self.entry.version
    }

    /// The JSON schema of its arguments.
    pub fn parameters(&self) -> &Arc<Value> {
        &self.entry.parameters
    }
}

impl fmt::Debug for ToolRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolRef").field(&self.entry.qualified_name).finish()
    }
}
