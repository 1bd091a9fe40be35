//! The gateway: what an embedding program talks to.

mod change;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use change::{ChangeError, Reloaded};

use crate::call::{CallError, CallOutcome};
use crate::config::Config;
use crate::directory::ResolveError;
use crate::options::Options;
use crate::registry::Registry;
use crate::server::Server;
use crate::status::{ServerHealth, ServerStatus, Status};
use crate::tool::{Tool, ToolRef};

/// MCP servers behind one door. Clones share the servers; when the last one is dropped, the servers
/// are stopped, but only [`Gateway::shutdown`] waits for that.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    options: Arc<Options>,
    registry: Arc<Registry>,
    /// One change of the set of servers at a time. Calls never take it.
    changes: Mutex<()>,
    stop: CancellationToken,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.inner.registry.servers().keys()).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Gateway {
    /// Starts to connect all servers that want it, and does not wait for any.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn start(config: &Config, options: Options) -> Self {
        let inner = Inner {
            options: Arc::new(options),
            registry: Arc::default(),
            changes: Mutex::new(()),
            stop: CancellationToken::new(),
        };
        let gateway = Self { inner: Arc::new(inner) };
        gateway.add_all(config);
        gateway
    }

    /// Waits until each server has been connected or has failed once. Bounded by three
    /// times [`Options::startup_timeout`], and the time to stop a process.
    pub async fn settled(&self) {
        for server in self.inner.registry.servers().values() {
            server.settled().await;
        }
    }

    /// All servers, in the order of their names.
    pub fn servers(&self) -> Vec<ServerStatus> {
        self.inner.registry.servers().values().map(|server| self.status_of(server)).collect()
    }

    /// One server; `None` if there is none of this name.
    pub fn server(&self, name: &str) -> Option<ServerStatus> {
        self.inner.registry.server(name).map(|server| self.status_of(&server))
    }

    /// The health of all servers, in the order of their names.
    pub fn health(&self) -> Vec<ServerHealth> {
        self.inner.registry.servers().values().map(|server| server.health()).collect()
    }

    /// The health of one server; `None` if there is none of this name.
    pub fn health_of(&self, name: &str) -> Option<ServerHealth> {
        self.inner.registry.server(name).map(|server| server.health())
    }

    /// The tools of all connected servers, or of one.
    pub fn tools(&self, server: Option<&str>) -> Vec<Tool> {
        let servers = self.inner.registry.servers();
        let wanted = servers.values().filter(|found| server.is_none_or(|name| found.name == name));
        wanted.flat_map(|server| self.tools_of(server)).collect()
    }

    /// Finds a tool by its own name, where only one server has it, or by `server__tool`.
    ///
    /// # Errors
    /// When no server has it, or several have and the name does not say which.
    pub fn resolve(&self, name: &str) -> Result<ToolRef, ResolveError> {
        self.inner.registry.directory().resolve(name)
    }

    /// The tool that a server calls so, whatever others are called: for whoever decided about exactly this one.
    pub fn tool(&self, server: &str, name: &str) -> Option<ToolRef> {
        self.inner.registry.directory().tool(server, name).cloned()
    }

    /// Calls a tool. `arguments` is an object, or null for none; `timeout` is what the caller allows,
    /// bounded by [`Options::longest_call_timeout`]. Without it, what the server's entry says holds,
    /// which may be more. Dropping the future cancels the call, and the server is told.
    ///
    /// # Errors
    /// When the server did not answer, or was not asked. What a tool answers, failure included, is
    /// no error here.
    pub async fn call(
        &self,
        tool: &ToolRef,
        arguments: Value,
        timeout: Option<Duration>,
    ) -> Result<CallOutcome, CallError> {
        let begun = Instant::now();
        let arguments = checked(tool, arguments)?;
        let asked = timeout.map(|asked| asked.min(self.inner.options.longest_call_timeout));
        let patience = asked.unwrap_or_else(|| tool.server.timeout());
        let answer = tool.server.call(&tool.entry.name, arguments, patience).await?;
        Ok(CallOutcome {
            content: answer.content,
            structured: answer.structured,
            is_error: answer.is_error,
            duration: begun.elapsed(),
            bytes: answer.bytes,
        })
    }

    fn tools_of(&self, server: &Server) -> Vec<Tool> {
        if server.state().status != Status::Connected {
            return Vec::new();
        }
        let directory = self.inner.registry.directory();
        server.tools().iter().map(|entry| directory.listed(server, entry)).collect()
    }

    fn status_of(&self, server: &Server) -> ServerStatus {
        let state = server.state();
        let tools: Vec<_> = self.tools_of(server).into_iter().map(|tool| tool.name).collect();
        let config = server.entry.as_ref().ok();
        ServerStatus {
            name: server.name.clone(),
            transport: config.map_or("", |config| config.transport.name()),
            endpoint: config.map(|config| config.endpoint.clone()).unwrap_or_default(),
            place: config.map(|config| config.place.clone()).unwrap_or_default(),
            description: config.map(|config| config.description.clone()).unwrap_or_default(),
            status: state.status,
            tool_count: tools.len(),
            tools,
            connection_time: state.since,
            error: state.error.map(|error| server.with_hint(error)),
        }
    }
}

/// The arguments as the object that MCP wants, if they fit the tool's schema.
fn checked(tool: &ToolRef, arguments: Value) -> Result<Map<String, Value>, CallError> {
    let arguments = if arguments.is_null() { Value::Object(Map::new()) } else { arguments };
    let mut problems = tool.entry.check.problems(&arguments);
    match arguments {
        Value::Object(arguments) if problems.is_empty() => return Ok(arguments),
        Value::Object(_) => {}
        _ => problems = vec!["the arguments are not an object".to_owned()],
    }
    Err(CallError::Arguments { tool: tool.entry.qualified_name.clone(), problems })
}
