//! What the tests of the gateway share: real child processes, and a look at what is left of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use mcp_gateway::guardian::GuardianCommand;
use mcp_gateway::{
    CallError, CallOutcome, Config, Content, Gateway, Options, RestartPolicy, ServerConfig,
};
use serde_json::Value;

/// One of this crate's examples, which Cargo builds beside the tests.
pub(crate) fn example(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: cargo build -p mcp-gateway --examples", path.display());
    path.to_str().unwrap().to_owned()
}

pub(crate) fn guardian() -> GuardianCommand {
    GuardianCommand { program: PathBuf::from(example("gateway")), args: vec!["guard".into()] }
}

/// The environment is `PATH`, `HOME` and a secret that no child may see.
pub(crate) fn lookup(name: &str) -> Option<String> {
    match name {
        "PATH" => Some("/usr/local/bin:/usr/bin:/bin".to_owned()),
        "HOME" => Some("/nowhere".to_owned()),
        "MCP_JWT_SECRET" => Some("the-secret-of-the-gateway".to_owned()),
        _ => None,
    }
}

/// Quick to restart and to stop, patient with calls: what is slow here is a fault.
pub(crate) fn options() -> Options {
    let restart = RestartPolicy {
        first_pause: Duration::from_millis(10),
        open_for: Duration::from_mins(10),
        ..RestartPolicy::default()
    };
    Options {
        stop_grace: Duration::from_millis(200),
        largest_message: 256 * 1024,
        restart,
        ..Options::new(Arc::new(lookup), Arc::new(|| UNIX_EPOCH)).guardian(guardian())
    }
}

pub(crate) fn fault_server(words: &[&str]) -> ServerConfig {
    ServerConfig::stdio(example("fault_server"), words.iter().copied(), [("SECRET", "none")])
}

pub(crate) async fn start(servers: &[(&str, ServerConfig)], options: Options) -> Gateway {
    let add =
        |config: Config, (name, server): &(&str, ServerConfig)| config.with(*name, server.clone());
    let gateway = Gateway::start(&servers.iter().fold(Config::default(), add), options);
    gateway.settled().await;
    gateway
}

/// A gateway with one well server, `fault`.
pub(crate) async fn start_one() -> Gateway {
    start(&[("fault", fault_server(&[]))], options()).await
}

pub(crate) async fn call(
    gateway: &Gateway,
    tool: &str,
    arguments: Value,
) -> Result<CallOutcome, CallError> {
    gateway.call(&gateway.resolve(tool).unwrap(), arguments, None).await
}

pub(crate) async fn text(gateway: &Gateway, tool: &str, arguments: Value) -> String {
    match call(gateway, tool, arguments).await.unwrap().content {
        Content::Text(text) => text,
        Content::Blocks(blocks) => panic!("{blocks:?}"),
    }
}

/// Waits for a condition that comes true by itself. Fails after 20 seconds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let hopeless = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < hopeless, "still waiting: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process runs. One that only waits to be reaped does not.
pub(crate) fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
