//! The program itself, asked by `rmcp`'s own client and by bare HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::testing::Forge;
use rmcp::model::{CallToolRequestParams, ClientConfig};
use rmcp::service::{ClientInitializeError, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
    "protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;

type Session = RunningService<RoleClient, ClientConfig>;

/// The running program.
struct Service {
    program: Child,
    uri: String,
    audit: Lines<BufReader<ChildStderr>>,
}

impl Service {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_embed-rmcp"))
            .arg("0")
            .env_clear()
            .env("MCP_JWT_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let uri = format!("{}/mcp", line.trim().strip_prefix("listening on ").unwrap());
        let audit = BufReader::new(program.stderr.take().unwrap()).lines();
        Self { program, uri, audit }
    }

    async fn connect(&self, token: &str) -> Result<Session, Box<ClientInitializeError>> {
        let config = StreamableHttpClientTransportConfig::with_uri(self.uri.as_str());
        let transport = StreamableHttpClientTransport::from_config(config.auth_header(token));
        ClientConfig::default().serve(transport).await.map_err(Box::new)
    }

    fn post(&self, token: &str) -> Builder {
        Request::post(&self.uri)
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
    }

    fn next_event(&mut self) -> Value {
        serde_json::from_str(&self.audit.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn token(user: &str, role: &str) -> String {
    let now = SystemClock.now().since_epoch().as_secs();
    let forge = Forge::new(SECRET, now)
        .with_claim("user_id", format!(r#""{user}""#))
        .with_claim("role", format!(r#""{role}""#));
    String::from_utf8(forge.token()).unwrap()
}

async fn call(session: &Session, tool: &'static str) -> Result<String, ServiceError> {
    let result = session.call_tool(CallToolRequestParams::new(tool)).await?;
    Ok(result.content[0].as_text().unwrap().text.clone())
}

/// One bare request; the body of a stream is left unread.
async fn send(request: Builder, body: &'static str) -> (u16, HeaderMap, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::<Bytes>::from(body)).unwrap();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let is_stream = parts.headers.get("content-type").is_some_and(|is| is == "text/event-stream");
    let body = if is_stream { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_tool_knows_its_caller_and_never_sees_the_token() {
    let service = Service::start();
    let alice = service.connect(&token("alice", "user")).await.unwrap();
    let bob = service.connect(&token("bob", "admin")).await.unwrap();
    assert_eq!(call(&alice, "read_note").await.unwrap(), "The note of alice.");
    assert_eq!(call(&bob, "read_note").await.unwrap(), "The note of bob.");
    let headers = call(&alice, "headers").await.unwrap();
    assert!(headers.split(' ').any(|name| name == "x-request-id"), "{headers}");
    assert!(!headers.contains("authorization"), "{headers}");
    alice.cancel().await.unwrap();
    bob.cancel().await.unwrap();
}

#[tokio::test]
async fn one_policy_decides_what_is_shown_and_what_is_called() {
    let mut service = Service::start();
    let alice = service.connect(&token("alice", "user")).await.unwrap();
    let nobody = service.connect(&token("ci", "no-such-role")).await.unwrap();
    assert_eq!(alice.list_all_tools().await.unwrap().len(), 2);
    assert!(nobody.list_all_tools().await.unwrap().is_empty());
    let Err(ServiceError::McpError(error)) = call(&nobody, "read_note").await else {
        unreachable!("the call is denied");
    };
    assert_eq!(error.message, "User does not have permission");
    let data = error.data.unwrap();
    assert_eq!(data["code"], "permission_denied");
    let denied = std::iter::repeat_with(|| service.next_event())
        .find(|event| event["event"] == "mcp_authorization_denied")
        .unwrap();
    assert_eq!((&denied["error_id"], &denied["user_id"]), (&data["error_id"], &"ci".into()));
    alice.cancel().await.unwrap();
    nobody.cancel().await.unwrap();
}

#[tokio::test]
async fn without_a_good_token_no_session_begins() {
    let service = Service::start();
    assert!(service.connect("eyJhbGciOiJIUzI1NiJ9.e30.x").await.is_err());
    let (status, headers, body) = send(service.post("x"), INITIALIZE).await;
    assert_eq!(status, 401, "{body}");
    assert!(headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    assert!(body.contains(r#""code":"token_malformed""#), "{body}");
}

#[tokio::test]
async fn a_session_belongs_to_the_user_who_began_it() {
    let service = Service::start();
    let (alice, mallory) = (token("alice", "user"), token("mallory", "superadmin"));
    let (status, headers, _) = send(service.post(&alice), INITIALIZE).await;
    assert_eq!(status, 200);
    let session = &headers["mcp-session-id"];
    let within = |token: &str| service.post(token).header("Mcp-Session-Id", session);
    assert_eq!(send(within(&alice), INITIALIZED).await.0, 202);
    assert_eq!(send(within(&alice), LIST).await.0, 200);
    let (status, _, body) = send(within(&mallory), LIST).await;
    assert!(status == 404 && body.contains(r#""code":"not_found""#), "{status} {body}");
    let untied = session.to_str().unwrap().rsplit_once('.').unwrap().0.to_owned();
    let bare = service.post(&alice).header("Mcp-Session-Id", untied);
    assert_eq!(send(bare, LIST).await.0, 404, "the server's own id is of no use");
    assert_eq!(send(within(&alice), LIST).await.0, 200, "and the session goes on");
}

#[tokio::test]
async fn a_web_page_of_elsewhere_is_turned_away() {
    let service = Service::start();
    let alice = token("alice", "user");
    let evil = service.post(&alice).header("Origin", "https://evil.example");
    assert_eq!(send(evil, INITIALIZE).await.0, 403);
    let rebound = service.post(&alice).header("Host", "evil.example");
    assert_eq!(send(rebound, INITIALIZE).await.0, 403);
}
