//! A server with MCP servers behind it.

use std::fs;
use std::path::{Path, PathBuf};

use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::server::{Server, eventually, initialised, program};

/// The demo server, which Cargo builds beside the tests.
pub(crate) fn demo() -> String {
    let path = Path::new(env!("CARGO_BIN_EXE_mcp-auth-server")).with_file_name("examples");
    let path = path.join("demo_server");
    assert!(path.exists(), "{} is missing: cargo build --examples", path.display());
    path.to_str().unwrap().to_owned()
}

/// One entry of the file of servers.
pub(crate) fn entry() -> Value {
    json!({ "command": demo(), "description": "Notes and sums" })
}

/// A running server, and two of its callers.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) admin: String,
    pub(crate) user: String,
}

impl House {
    /// With one MCP server, `demo`.
    pub(crate) fn new() -> Self {
        Self::with(&json!({ "demo": entry() }), None, &[])
    }

    /// With these servers, this policy and these variables. Waits until the servers are connected.
    pub(crate) fn with(servers: &Value, policy: Option<&str>, variables: &[(&str, &str)]) -> Self {
        let directory = initialised();
        write_servers(directory.path(), servers);
        let mut command = program(directory.path(), variables);
        if let Some(policy) = policy {
            fs::write(directory.path().join("policy.toml"), policy).unwrap();
            command.env("MCP_POLICY_FILE", "policy.toml");
        }
        let server = Server::run(directory, command);
        let (admin, _) = server.admin();
        let user = server.token_of("alice", Role::User);
        let house = Self { server, admin, user };
        eventually("the servers are connected", || {
            let health = house.get(&house.admin, "health").json();
            health["status"] == "healthy"
        });
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.server.directory.path().join(name)
    }

    pub(crate) fn get(&self, token: &str, path: &str) -> Answer {
        self.server.ask(&Ask::get(&format!("/api/v1/mcp/{path}")).bearer(token))
    }

    pub(crate) fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let ask = Ask::post(&format!("/api/v1/mcp/{path}")).bearer(token);
        self.server.ask(&if body.is_null() { ask } else { ask.json(body) })
    }

    /// Calls a tool with these arguments.
    pub(crate) fn call(&self, token: &str, tool: &str, arguments: &Value) -> Answer {
        self.post(token, &format!("tools/{tool}/execute"), &json!({ "arguments": arguments }))
    }

    /// The names of the listed tools.
    pub(crate) fn tools(&self, token: &str) -> Vec<String> {
        names(&self.get(token, "tools"))
    }

    /// Lines of the audit about tool calls, once there are so many.
    pub(crate) fn calls_on_audit(&self, expected: usize) -> Vec<Value> {
        self.events("mcp_tool_executed", expected)
    }

    /// Lines of the audit of this kind, once there are so many.
    pub(crate) fn events(&self, kind: &str, expected: usize) -> Vec<Value> {
        let mut found = Vec::new();
        eventually("the lines are on the audit", || {
            let text = self.server.audit();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            found = lines.filter(|line| line["event"] == kind).collect();
            found.len() >= expected
        });
        assert_eq!(found.len(), expected, "{found:#?}");
        found
    }
}

/// The names in a list of servers or tools.
pub(crate) fn names(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let items = json.as_array().unwrap_or_else(|| panic!("no array: {answer:?}"));
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn write_servers(directory: &Path, servers: &Value) {
    let text = json!({ "mcpServers": servers }).to_string();
    fs::write(directory.join("data/config.json"), text).unwrap();
}
