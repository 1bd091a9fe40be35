//! `policy check`.

use std::sync::Arc;

use mcp_auth::clock::SystemClock;
use mcp_auth::policy::{Glob, Match, Rule};
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;

use crate::args::Common;
use crate::data_dir::DataDir;
use crate::gatekeeper::{Gatekeeper, ServerStatus, ServersFile, Status, Target};
use crate::policy::LoadedPolicy;
use crate::settings::{McpSettings, Source};
use crate::table;

/// What the rules are held against.
struct House {
    servers: Vec<ServerStatus>,
    tools: Vec<Target>,
}

/// Exits with 1 where something is to be done, as `doctor` does.
pub(super) fn run(
    common: &Common,
    source: &Source,
    settings: &McpSettings,
    policy: &LoadedPolicy,
    offline: bool,
) -> Result<u8, Failure> {
    let rules = policy.policy.rules();
    let mut findings: Vec<_> = policy.policy.findings().iter().map(ToString::to_string).collect();
    if !offline {
        let house = look(source, settings)?;
        findings.extend(rules.iter().flat_map(|rule| strangers(rule, &house)));
    }
    let text = if common.json {
        table::json(&json!({
            "ok": findings.is_empty(), "policy": policy.place(), "rules": rules.len(), "findings": findings,
        }))
    } else {
        let found: Vec<_> =
            findings.iter().map(|finding| format!("finding: {finding}\n")).collect();
        format!(
            "{}{}: {} rules, {} findings\n",
            found.concat(),
            policy.place(),
            rules.len(),
            findings.len()
        )
    };
    output::print(&text)?;
    Ok(if findings.is_empty() { exit::OK } else { exit::INTERNAL })
}

/// Starts the servers of the file, asks for their tools, and stops them.
fn look(source: &Source, settings: &McpSettings) -> Result<House, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(exit::INTERNAL, format!("cannot start a runtime: {error}"))
    })?;
    let file = ServersFile::of(settings, &DataDir::at(source.get("MCP_DATA_DIR")))?;
    let config = file.read_first()?;
    let _inside = runtime.enter();
    let gatekeeper = Gatekeeper::new(file, Arc::new(SystemClock));
    runtime.block_on(async {
        gatekeeper.begin(&config).await;
        gatekeeper.settled().await;
        let (servers, tools) = gatekeeper.all_targets();
        gatekeeper.shutdown().await;
        Ok(House { servers, tools })
    })
}

/// Patterns of a rule that match no server, and no tool of the servers that it is about. Where one of these servers is
/// not connected, nobody knows its tools, and that is said instead.
fn strangers(rule: &Rule, house: &House) -> Vec<String> {
    let about = |server: &str| matches(&rule.servers, server);
    let of_servers = patterns(&rule.servers)
        .filter(|glob| !house.servers.iter().any(|it| glob.matches(&it.name)))
        .map(|glob| {
            format!("{:?} names the server {:?}, and there is none", rule.name, glob.as_str())
        });
    let mut found: Vec<_> = of_servers.collect();
    let away = house.servers.iter().find(|it| about(&it.name) && it.status != Status::Connected);
    let tools = || house.tools.iter().filter(|it| about(&it.server));
    for glob in patterns(&rule.tools).filter(|glob| !tools().any(|it| glob.matches(&it.tool))) {
        let (name, tool) = (&rule.name, glob.as_str());
        found.push(match away {
            Some(server) => format!(
                "{name:?} names the tool {tool:?}, which no connected server has; {} is not connected: {}",
                server.name,
                server.error.as_deref().unwrap_or(server.status.as_str())
            ),
            None => format!("{name:?} names the tool {tool:?}, and no server that it is about has it"),
        });
    }
    found
}

fn patterns(list: &Match<Glob>) -> impl Iterator<Item = &Glob> {
    match list {
        Match::Any => [].iter(),
        Match::Only(globs) => globs.iter(),
    }
}

fn matches(list: &Match<Glob>, name: &str) -> bool {
    match list {
        Match::Any => true,
        Match::Only(globs) => globs.iter().any(|glob| glob.matches(name)),
    }
}
