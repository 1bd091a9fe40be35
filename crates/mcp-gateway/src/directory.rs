//! All tools of all servers by all their names: a snapshot, made anew when something changes.

use std::collections::{BTreeMap, HashMap};
use std::slice;
use std::sync::Arc;

use crate::naming::{self, shown};
use crate::server::Server;
use crate::tool::{Tool, ToolEntry, ToolRef};

/// Why a name is not one tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No server has such a tool.
    #[error("there is no tool `{}`; list the tools for the names there are", shown(name))]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// Several servers have a tool of this name.
    #[error("several servers have a tool `{}`; use one of {}", shown(name), choices.join(", "))]
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
    /// By the server's name and the tool's own: no two tools share both.
    own: HashMap<String, HashMap<String, ToolRef>>,
    /// By `server__tool` where that had to be cut. Two may be cut to the same.
    cut: HashMap<String, Vec<ToolRef>>,
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
        if entry.qualified_name != entry.full_name {
            self.cut.entry(entry.qualified_name.clone()).or_default().push(tool.clone());
        }
        if is_plain {
            self.plain.entry(entry.name.clone()).or_default().push(tool.clone());
        }
        self.own.entry(server.name.clone()).or_default().insert(entry.name.clone(), tool);
    }

    /// The tool that a server calls so.
    pub(crate) fn tool(&self, server: &str, name: &str) -> Option<&ToolRef> {
        self.own.get(server)?.get(name)
    }

    /// Finds a tool. `server__tool` comes first: it must work whatever others call their tools.
    pub(crate) fn resolve(&self, name: &str) -> Result<ToolRef, ResolveError> {
        match self.named(name) {
            [tool] => Ok(tool.clone()),
            [] => Err(ResolveError::Unknown { name: name.to_owned() }),
            several => Err(ResolveError::Ambiguous {
                name: name.to_owned(),
                choices: several
                    .iter()
                    .map(|tool| self.sure_name(&tool.entry).to_owned())
                    .collect(),
            }),
        }
    }

    /// The tools that a name may mean. Only whole names have two parts that say which tool it is, so one of them is never
    /// taken for a name that was cut.
    fn named(&self, name: &str) -> &[ToolRef] {
        if let Some(tool) = naming::parts(name).and_then(|(server, tool)| self.tool(server, tool)) {
            return slice::from_ref(tool);
        }
        self.cut.get(name).or_else(|| self.plain.get(name)).map_or(&[], Vec::as_slice)
    }

    fn leads_to(&self, name: &str, entry: &ToolEntry) -> bool {
        matches!(self.named(name), [only] if only.entry.full_name == entry.full_name)
    }

    /// The qualified name that means this tool and no other.
    fn sure_name<'a>(&self, entry: &'a ToolEntry) -> &'a str {
        let is_sure = self.leads_to(&entry.qualified_name, entry);
        if is_sure { &entry.qualified_name } else { &entry.full_name }
    }

    /// A tool as it is listed, under the shortest name that leads to it.
    pub(crate) fn listed(&self, server: &Server, entry: &ToolEntry) -> Tool {
        let qualified_name = self.sure_name(entry);
        let name = if self.leads_to(&entry.name, entry) { &entry.name } else { qualified_name };
        Tool {
            name: name.to_owned(),
            qualified_name: qualified_name.to_owned(),
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
    let named = naming::parts(tool);
    named.is_some_and(|(named, _)| named != server.name && servers.contains_key(named))
}
