//! All tools of all servers by all their names: a snapshot, made anew when something changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::naming;
use crate::server::Server;
use crate::tool::{Tool, ToolEntry, ToolRef};

/// Why a name is not one tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No server has such a tool.
    #[error("there is no tool `{name}`; list the tools for the names there are")]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// Several servers have a tool of this name.
    #[error("several servers have a tool `{name}`; use one of {}", choices.join(", "))]
    Ambiguous {
        /// The name that was asked for.
        name: String,
        /// The names that tell them apart.
        choices: Vec<String>,
    },
}

/// What is known of the tools at one moment.
#[derive(Default)]
pub(crate) struct Directory {
    qualified: HashMap<String, ToolRef>,
    plain: HashMap<String, Vec<ToolRef>>,
}

impl Directory {
    /// The tools that each server listed last. A server that is down keeps its tools here: a call of
    /// one then says that the server failed, and a name does not change its meaning meanwhile.
    pub(crate) fn of(servers: &BTreeMap<String, Arc<Server>>) -> Self {
        let mut directory = Self::default();
        for server in servers.values() {
            for entry in server.tools().iter() {
                let is_plain = !names_another(servers, server, &entry.name);
                directory.add(server, entry, is_plain);
            }
        }
        directory
    }

    fn add(&mut self, server: &Arc<Server>, entry: &Arc<ToolEntry>, is_plain: bool) {
        let tool = ToolRef { server: Arc::clone(server), entry: Arc::clone(entry) };
        for name in [&entry.full_name, &entry.qualified_name] {
            self.qualified.insert(name.clone(), tool.clone());
        }
        if is_plain {
            self.plain.entry(entry.name.clone()).or_default().push(tool);
        }
    }

    /// Finds a tool. `server__tool` comes first: it must work whatever others call their tools.
    pub(crate) fn resolve(&self, name: &str) -> Result<ToolRef, ResolveError> {
        if let Some(tool) = self.qualified.get(name) {
            return Ok(tool.clone());
        }
        match self.plain.get(name).map(Vec::as_slice) {
            Some([tool]) => Ok(tool.clone()),
            Some(several) => Err(ResolveError::Ambiguous {
                name: name.to_owned(),
                choices: several.iter().map(|tool| tool.entry.qualified_name.clone()).collect(),
            }),
            None => Err(ResolveError::Unknown { name: name.to_owned() }),
        }
    }

    /// A tool as it is listed, under the shortest name that leads to it.
    pub(crate) fn listed(&self, server: &Server, entry: &ToolEntry) -> Tool {
        let is_plain = !self.qualified.contains_key(&entry.name)
            && matches!(self.plain.get(&entry.name).map(Vec::as_slice), Some([only]) if only.server.name == server.name);
        Tool {
            name: if is_plain { entry.name.clone() } else { entry.qualified_name.clone() },
            qualified_name: entry.qualified_name.clone(),
            own_name: entry.name.clone(),
            description: entry.description.clone(),
            server: server.name.clone(),
            version: entry.version.clone(),
            parameters: Arc::clone(&entry.parameters),
        }
    }
}

/// Whether a tool is called as if another server had it. That one may have no tools yet, and what is meant for it must not go
/// elsewhere meanwhile.
fn names_another(servers: &BTreeMap<String, Arc<Server>>, server: &Server, tool: &str) -> bool {
    let named = naming::server_in(tool);
    named.is_some_and(|named| named != server.name && servers.contains_key(named))
}
