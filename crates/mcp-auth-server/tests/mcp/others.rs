//! MCP servers that nobody here wrote: two of npm, and one on the official Python SDK over both transports.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::house::{House, entry, names};
use crate::server::{eventually, in_ci};

/// Where `cargo xtask test` has put them.
pub(crate) struct Others(PathBuf);

impl Others {
    /// `None`, said aloud, where nobody brought them.
    pub(crate) fn brought(skipped: &str) -> Option<Self> {
        let python = python();
        if python.is_none() {
            assert!(!in_ci(), "{skipped} needs MCP_AUTH_OTHERS_PYTHON");
            println!("SKIPPED {skipped}: run `cargo xtask test`, which brings what it needs");
        }
        python.map(|python| Self(python.into()))
    }

    pub(crate) fn python(&self) -> &Path {
        &self.0
    }

    pub(crate) fn node(&self) -> PathBuf {
        self.0.with_file_name("node")
    }

    /// A file of a package of Node.js.
    pub(crate) fn package(&self, file: &str) -> PathBuf {
        self.0.parent().and_then(Path::parent).unwrap().join("node_modules").join(file)
    }

    fn packaged(&self, name: &str, argument: &Path) -> Value {
        let main = self.package(&format!("@modelcontextprotocol/server-{name}/dist/index.js"));
        json!({ "command": self.node(), "args": [main, argument] })
    }

    pub(crate) fn filesystem(&self, folder: &Path) -> Value {
        self.packaged("filesystem", folder)
    }

    fn everything(&self) -> Value {
        self.packaged("everything", Path::new("stdio"))
    }

    fn python_server(&self) -> Value {
        json!({ "command": self.python(), "args": [SERVER] })
    }
}

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/others/server.py");

#[expect(clippy::disallowed_methods, reason = "the test runner says where it is")]
fn python() -> Option<OsString> {
    std::env::var_os("MCP_AUTH_OTHERS_PYTHON").filter(|python| !python.is_empty())
}

/// A server over HTTP that ends with the test.
struct Remote {
    child: Child,
    url: String,
}

impl Remote {
    fn start(others: &Others) -> Self {
        let mut command = Command::new(others.python());
        let command = command.args([SERVER, "http"]).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { child, url: format!("http://127.0.0.1:{}/mcp", port.trim()) }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// More calls than a user has in a minute.
const UNLIMITED: &[(&str, &str)] = &[("MCP_RATE_LIMIT_ENABLED", "false")];

fn result(house: &House, tool: &str, arguments: &Value) -> Value {
    let answer = house.call(&house.user, tool, arguments);
    assert_eq!((answer.status, &answer.json()["success"]), (200, &true.into()), "{answer:?}");
    answer.json()["result"].clone()
}

fn failure(house: &House, tool: &str, arguments: &Value) -> String {
    let answer = house.call(&house.user, tool, arguments);
    assert_eq!((answer.status, &answer.json()["success"]), (200, &false.into()), "{answer:?}");
    answer.text("error")
}

#[test]
fn files_are_read_and_written_where_the_server_may() {
    let Some(others) = Others::brought("server-filesystem") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.txt");
    fs::write(&file, "Grüße\nfrom a file").unwrap();
    let servers = json!({ "filesystem": others.filesystem(folder.path()) });
    let house = House::with(&servers, None, UNLIMITED);

    assert_eq!(result(&house, "read_file", &json!({ "path": file })), "Grüße\nfrom a file");
    let new = folder.path().join("new.txt");
    result(&house, "write_file", &json!({ "path": new, "content": "written" }));
    assert_eq!(fs::read_to_string(&new).unwrap(), "written");
    let elsewhere = failure(&house, "read_file", &json!({ "path": "/etc/passwd" }));
    assert!(elsewhere.starts_with("Access denied"), "{elsewhere}");
    let nothing = house.call(&house.user, "read_file", &json!({}));
    assert_eq!(nothing.refusal(), (422, "unprocessable".into()));

    let tool = house.get(&house.user, "tools/read_file").json();
    assert_eq!(
        (&tool["server"], &tool["parameters"]["required"]),
        (&"filesystem".into(), &json!(["path"]))
    );
    let health = house.get(&house.admin, "servers/filesystem/health").json();
    assert_eq!(health["protocol_version"], "2025-11-25", "{health}");
    let lines = house.calls_on_audit(4);
    assert!(!lines.iter().any(|line| line.to_string().contains("example.txt")), "{lines:?}");
}

#[test]
fn everything_that_a_server_can_answer_with_is_passed_on() {
    let Some(others) = Others::brought("server-everything") else { return };
    let mut everything = others.everything();
    everything["env"] = json!({ "OWN": "its own" });
    let house = House::with(&json!({ "all": everything }), None, UNLIMITED);

    assert_eq!(result(&house, "echo", &json!({ "message": "hi" })), "Echo: hi");
    assert_eq!(result(&house, "get-sum", &json!({ "a": 1, "b": 2 })), "The sum of 1 and 2 is 3.");
    let picture = result(&house, "get-tiny-image", &json!({}));
    assert_eq!(
        (&picture[0]["type"], &picture[1]["mimeType"]),
        (&"text".into(), &"image/png".into())
    );
    let weather = result(&house, "get-structured-content", &json!({ "location": "Chicago" }));
    let weather: Value = serde_json::from_str(weather.as_str().unwrap()).unwrap();
    assert!(weather["temperature"].is_number(), "{weather}");
    let links = result(&house, "get-resource-links", &json!({ "count": 2 }));
    assert_eq!(links[2]["type"], "resource_link", "{links}");
    let env = result(&house, "get-env", &json!({}));
    let env: Value = serde_json::from_str(env.as_str().unwrap()).unwrap();
    assert_eq!(env["OWN"], "its own");
    assert!(env.as_object().unwrap().keys().all(|name| !name.starts_with("MCP_")), "{env}");

    let long = json!({ "arguments": { "duration": 600, "steps": 5 }, "timeout": 0.3 });
    let late = house.post(&house.user, "tools/trigger-long-running-operation/execute", &long);
    assert_eq!(late.refusal(), (504, "server_timeout".into()));
    assert_eq!(result(&house, "echo", &json!({ "message": "on" })), "Echo: on");
    eventually("nothing runs", || {
        house.get(&house.admin, "servers/all/health").json()["calls_running"] == 0
    });
}

#[test]
fn the_python_sdk_is_spoken_with_over_both_transports() {
    let Some(others) = Others::brought("a server on the Python SDK") else { return };
    let remote = Remote::start(&others);
    let servers = json!({ "pipe": others.python_server(), "web": { "url": remote.url } });
    let house = House::with(&servers, None, UNLIMITED);
    for server in ["pipe", "web"] {
        let health = house.get(&house.admin, &format!("servers/{server}/health")).json();
        assert_eq!(health["implementation"], "python-server 4.5.6");
        assert_eq!(health["protocol_version"], "2026-07-28", "{health}");
        let tool = |name: &str| format!("{server}__{name}");
        assert_eq!(result(&house, &tool("shout"), &json!({ "text": "hi" })), "HI");
        assert_eq!(
            result(&house, &tool("divide"), &json!({ "dividend": 1, "divisor": 4 })),
            "0.25"
        );
        let failed = failure(&house, &tool("divide"), &json!({ "dividend": 1, "divisor": 0 }));
        assert!(failed.contains("divide"), "{failed}");
        let late = json!({ "arguments": { "seconds": 2 }, "timeout": 0.2 });
        let late = house.post(&house.user, &format!("tools/{server}__wait/execute"), &late);
        assert_eq!(late.refusal(), (504, "server_timeout".into()));
        assert_eq!(result(&house, &tool("shout"), &json!({ "text": "on" })), "ON");
    }
    let both = house.call(&house.user, "shout", &json!({ "text": "" }));
    assert_eq!(both.refusal(), (409, "conflict".into()));
    drop(remote);
    let gone = house.call(&house.user, "web__shout", &json!({ "text": "" }));
    assert_eq!(gone.refusal(), (502, "server_failed".into()));
    assert_eq!(result(&house, "pipe__shout", &json!({ "text": "here" })), "HERE");
}

#[test]
fn servers_of_four_makers_stand_side_by_side() {
    let Some(others) = Others::brought("servers side by side") else { return };
    let folder = tempfile::tempdir().unwrap();
    let servers = json!({
        "demo": entry(), "everything": others.everything(),
        "filesystem": others.filesystem(folder.path()), "python": others.python_server(),
    });
    let house = House::with(&servers, None, &[]);
    let servers = house.get(&house.user, "servers").json();
    for server in servers.as_array().unwrap() {
        let (name, count) = (server["name"].as_str().unwrap(), &server["tool_count"]);
        let listed = names(&house.get(&house.user, &format!("tools?server_name={name}")));
        assert_eq!((&server["status"], count), (&"connected".into(), &listed.len().into()));
    }
    let told = house.tools(&house.user);
    for tool in ["add", "echo", "read_file", "shout"] {
        assert!(told.contains(&tool.to_owned()), "{tool}: {told:?}");
    }
}
