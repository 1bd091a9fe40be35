//! What the routes answer with.

use std::time::{SystemTime, UNIX_EPOCH};

use mcp_auth::clock::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::endpoint;
use crate::gatekeeper::{self, ServerHealth, ServerStatus, Status};

/// An MCP server.
#[derive(Serialize, JsonSchema)]
pub(super) struct Server {
    name: String,
    /// `stdio` or `http`; empty where the entry of the configuration could not be read.
    transport: &'static str,
    /// The command line or URL, with `${NAME}` as it is written and without values in a query. Callers who may not connect
    /// the server see the program without its arguments, or the scheme and the host of the URL.
    endpoint: String,
    description: String,
    /// `connected`, `connecting`, `failed` or `disconnected`.
    status: &'static str,
    tool_count: usize,
    /// The names of the tools that the caller may call.
    tools: Vec<String>,
    connection_time: Option<String>,
    error: Option<String>,
}

impl Server {
    /// A server with those of its tools that the caller may see, who may connect it or not.
    pub(super) fn new(status: ServerStatus, tools: Vec<String>, may_connect: bool) -> Self {
        let endpoint = if may_connect {
            endpoint::for_who_runs_it(status.transport, &status.endpoint)
        } else {
            status.place
        };
        Self {
            name: status.name,
            transport: status.transport,
            endpoint,
            description: status.description,
            status: status.status.as_str(),
            tool_count: tools.len(),
            tools,
            connection_time: status.connection_time.map(moment),
            error: status.error,
        }
    }
}

/// A tool.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tool {
    /// The name to call it by.
    name: String,
    description: String,
    server: String,
    /// The server's version, as the server says.
    version: String,
    /// The JSON schema of its arguments.
    parameters: Value,
}

impl From<gatekeeper::Tool> for Tool {
    fn from(tool: gatekeeper::Tool) -> Self {
        Self {
            name: tool.name,
            description: tool.description,
            server: tool.server,
            version: tool.version,
            parameters: Value::clone(&tool.parameters),
        }
    }
}

/// How a server is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    name: String,
    /// `connected`, `connecting`, `failed` or `disconnected`.
    status: &'static str,
    healthy: bool,
    error: Option<String>,
    /// What it calls itself, with its version.
    implementation: Option<String>,
    protocol_version: Option<String>,
    /// How often it was started, the first time included.
    starts: u64,
    /// Failures in a row.
    failures: u32,
    /// Whether it failed so often that it is tried rarely.
    circuit_open: bool,
    calls_running: usize,
    calls_waiting: usize,
    /// The end of its standard error, for callers who may connect it; else nothing.
    stderr: Vec<String>,
}

impl Health {
    pub(super) fn new(health: ServerHealth, with_stderr: bool) -> Self {
        Self {
            name: health.name,
            status: health.status.as_str(),
            healthy: health.status == Status::Connected,
            error: health.error,
            implementation: health.implementation,
            protocol_version: health.protocol_version,
            starts: health.starts,
            failures: health.failures,
            circuit_open: health.circuit_open,
            calls_running: health.calls_running,
            calls_waiting: health.calls_waiting,
            stderr: if with_stderr { health.stderr } else { Vec::new() },
        }
    }

    /// Nobody wants a disconnected server to be connected.
    pub(super) fn is_wanting(&self) -> bool {
        !self.healthy && self.status != Status::Disconnected.as_str()
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy
    }
}

/// What came of a call.
#[derive(Serialize, JsonSchema)]
pub(super) struct ToolResult {
    /// Whether the tool did what it was asked for.
    pub(super) success: bool,
    pub(super) tool_name: String,
    /// Text, where all that the tool answered is text; else its content blocks, as MCP has them.
    pub(super) result: Value,
    pub(super) error: Option<String>,
    /// Seconds.
    pub(super) execution_time: f64,
}

/// What came of a connection or its end.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
pub(super) struct Changed {
    success: bool,
    server_name: String,
    status: &'static str,
    tool_count: usize,
    error: Option<String>,
}

impl Changed {
    pub(super) fn new(success: bool, status: ServerStatus) -> Self {
        Self {
            success,
            server_name: status.name,
            status: status.status.as_str(),
            tool_count: status.tool_count,
            error: status.error,
        }
    }
}

fn moment(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().plus(since).to_string()
}
