//! The last act: an MCP server behind ours. A tool is called, another one is refused, and the audit has both.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::act::{Act, text};
use super::{feed, show};

/// How many scenes it has, for the headings.
pub(super) const SCENES: usize = 4;

const POLICY: &str = r#"[[rule]]
name = "users look and read"
effect = "allow"
roles = ["user"]
actions = ["list", "describe", "call"]
tools = ["read_*"]

[[rule]]
name = "servers are seen"
effect = "allow"
roles = ["user"]
actions = ["list"]

[[rule]]
name = "admins do everything"
effect = "allow"
roles = ["admin"]
"#;

/// Plays it. `first` scenes were played before, of `total`.
pub(super) fn play(programs: &Path, first: usize, total: usize) -> Result<()> {
    let mut act = Act::new(programs, first, total)?;
    run(&mut act).with_context(|| format!("the demo failed at scene {}", act.at))
}

fn run(act: &mut Act<'_>) -> Result<()> {
    act.scene(
        "MCP servers behind it",
        "One file names the MCP servers, another one says who may what. Alice is no admin.",
    );
    act.command(&["init", "--data-dir", "data"], "", 0)?;
    write_files(act)?;
    let token = token(act)?;
    let server = act.serve(&[("MCP_POLICY_FILE", "policy.toml")])?;
    server.wait_until_healthy(&token)?;
    let tools = server.get("/api/v1/mcp/tools", &token, 200)?;
    let names = tools.as_array().map(|all| all.iter().map(|tool| tool.get("name")));
    let seen: Vec<_> = names.into_iter().flatten().flatten().collect();
    ensure!(seen == ["read_note"], "alice sees other tools than she may call: {seen:?}");

    act.scene(
        "Call a tool",
        "The MCP server is a process of its own. Its answer comes back as text.",
    );
    let body = json!({"arguments": {"name": "welcome"}});
    let path = "/api/v1/mcp/tools/read_note/execute";
    let answer = server.post(path, Some(&token), &body, 200)?;
    ensure!(answer.get("success") == Some(&Value::Bool(true)), "the tool failed: {answer}");

    act.scene(
        "Refused by role",
        "`add` is for admins. Alice is told no more than that it is not for her.",
    );
    let body = json!({"arguments": {"a": 1, "b": 2}});
    let refused = server.post("/api/v1/mcp/tools/add/execute", Some(&token), &body, 403)?;
    let code = text(&refused, "code")?;
    ensure!(code == "permission_denied", "the refusal is another: {refused}");

    act.scene("Who called what?", "The audit has both, and the reason that Alice was not told.");
    act.wait_for("data/audit.log", "mcp_authorization_denied")?;
    let said = searched(act, "mcp_tool_executed")?;
    ensure!(said.contains("tool_name=read_note"), "the call is not on the audit");
    let said = searched(act, "mcp_authorization_denied")?;
    ensure!(said.contains("no rule allows it"), "the audit does not say why Alice was refused");
    Ok(())
}

fn searched(act: &Act<'_>, event: &str) -> Result<String> {
    act.command(&["audit", "search", "--event", event, "--data-dir", "data"], "", 0)
}

fn write_files(act: &Act<'_>) -> Result<()> {
    let demo = act.path_of("demo-server");
    let config = json!({"mcpServers": {"demo": {"command": demo}}});
    act.write("data/config.json", &config.to_string(), &demo)?;
    act.write("policy.toml", POLICY, &demo)
}

/// A token under the server's secret, as a pipeline makes one: no account is needed.
fn token(act: &Act<'_>) -> Result<String> {
    let args = ["--user-id", "alice", "--role", "user", "--expiry", "1", "--quiet"];
    println!("$ MCP_JWT_SECRET_FILE=data/jwt_secret mcp-token-gen {}", args.join(" "));
    let mut generate = act.program("mcp-token-gen", &args);
    let output = feed(generate.env("MCP_JWT_SECRET_FILE", "data/jwt_secret"), "")?;
    let said = show(&output);
    ensure!(output.status.success(), "mcp-token-gen ended with {}", output.status);
    Ok(said.trim().to_owned())
}
