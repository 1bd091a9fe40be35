//! What calls the tool: the gateway of `mcp-auth-server`, `rmcp` without anything between, and `FastMCP` as a proxy.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::service::{RoleClient, RunningService, serve_client_with_lifecycle};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientLifecycleMode, ServiceExt as _};
use serde_json::json;
use tempfile::TempDir;

use super::processes::{Place, Process, program};
use super::upstream::ANSWER;
use crate::fixture::SECRET;
use crate::http::load::{Connection, Request};
use crate::programs;

/// Names the interpreter that has `FastMCP`.
const PYTHON: &str = "MCP_AUTH_BENCH_FASTMCP_PYTHON";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/fastmcp");

/// Our server, with MCP servers behind it.
pub(super) struct Gateway {
    process: Process,
    pub(super) address: SocketAddr,
    /// Holds its data.
    _folder: TempDir,
}

impl Gateway {
    /// Starts it over these MCP servers, with its audit and its log as they are by default, and no rate limits.
    pub(super) async fn start(
        servers: &serde_json::Value,
        place: Place,
        token: &str,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = programs::path("mcp-auth-server")?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut serve = program(&path, place);
        serve.arg("serve").current_dir(folder.path()).stderr(log);
        serve.env("MCP_JWT_SECRET", SECRET).env("MCP_DATA_DIR", folder.path().join("data"));
        serve.env("API_PORT", "0").env("MCP_RATE_LIMIT_ENABLED", "false");
        let mut init = std::process::Command::new(&path);
        init.arg("init").current_dir(folder.path()).env("MCP_DATA_DIR", folder.path().join("data"));
        ensure!(init.output()?.status.success(), "the data directory cannot be made");
        let config = json!({ "mcpServers": servers }).to_string();
        std::fs::write(folder.path().join("data/config.json"), config)?;
        let (process, line) = Process::start(&mut serve)?;
        let address = line.rsplit('/').next().and_then(|it| it.parse().ok());
        let address =
            address.with_context(|| format!("the server did not say where it listens: {line}"))?;
        let gateway = Self { process, address, _folder: folder };
        gateway.wait_until_healthy(token).await?;
        Ok(gateway)
    }

    async fn wait_until_healthy(&self, token: &str) -> Result<()> {
        let health = Request::get_with(self.address, "/api/v1/mcp/health", token);
        let give_up = Instant::now() + Duration::from_secs(30);
        let mut connection = Connection::open(&health).await?;
        loop {
            connection.exchange(&health).await?;
            if connection.body().contains(r#""status":"healthy""#) {
                return Ok(());
            }
            ensure!(Instant::now() < give_up, "not healthy after 30 s: {}", connection.body());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A call of a tool, with a token.
    pub(super) fn call(&self, tool: &str, token: &str) -> Request {
        let path = format!("/api/v1/mcp/tools/{tool}/execute");
        Request::post_with(self.address, &path, token, r#"{"arguments":{"text":"x"}}"#)
    }
}

/// `rmcp`'s client.
pub(super) type Client = RunningService<RoleClient, ClientConfig>;

fn newest() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::V_2025_11_25),
    }
}

/// Over HTTP, with a token where the server wants one.
pub(super) async fn client_over_http(address: SocketAddr, token: Option<&str>) -> Result<Client> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(format!("http://{address}/mcp"));
    if let Some(token) = token {
        config = config.auth_header(token);
    }
    let http = reqwest::Client::builder().no_proxy().build()?;
    let transport = StreamableHttpClientTransport::with_client(http, config);
    Ok(serve_client_with_lifecycle(ClientConfig::default(), transport, newest()).await?)
}

/// Over the pipes of a child.
pub(super) async fn client_over_stdio() -> Result<Client> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    command.arg("gateway-upstream-stdio");
    Ok(ClientConfig::default().serve(TokioChildProcess::new(command)?).await?)
}

/// Calls the tool once.
pub(super) async fn call(client: &Client) -> Result<()> {
    let arguments = json!({ "text": "x" }).as_object().cloned().unwrap_or_default();
    let params = CallToolRequestParams::new("echo").with_arguments(arguments);
    let result = client.peer().call_tool(params).await?;
    let text = result.content.first().and_then(|content| content.as_text());
    ensure!(text.is_some_and(|text| text.text == ANSWER), "another answer: {result:?}");
    Ok(())
}

/// The proxy that Python has. `None` where the interpreter is not named.
#[expect(clippy::disallowed_methods, reason = "read once, where the program begins")]
pub(super) fn fastmcp(upstream: SocketAddr, place: Place) -> Result<Option<(Process, SocketAddr)>> {
    let Some(python) = std::env::var_os(PYTHON).map(PathBuf::from) else { return Ok(None) };
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = program(&python, place);
    command.arg("proxy.py").current_dir(FOLDER);
    command.arg(format!("http://{upstream}/mcp")).arg(address.port().to_string());
    command.env("MCP_JWT_SECRET", SECRET).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("FASTMCP_LOG_LEVEL", "ERROR");
    let (process, _) = Process::start(&mut command)?;
    let give_up = Instant::now() + Duration::from_mins(1);
    while std::net::TcpStream::connect(address).is_err() {
        ensure!(Instant::now() < give_up, "the FastMCP proxy does not listen after 60 s");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(Some((process, address)))
}
