//! The program itself, asked over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::testing::Forge;
use serde_json::Value;

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// The running program and a client for it.
struct Service {
    program: Child,
    address: String,
    audit: Lines<BufReader<ChildStderr>>,
    client: Client<HttpConnector, Empty<Bytes>>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Service {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_embed-axum"))
            .arg("0")
            .env_clear()
            .env("MCP_JWT_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let audit = BufReader::new(program.stderr.take().unwrap()).lines();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { program, address, audit, client }
    }

    async fn ask(&self, method: &str, path: &str, authorization: &[&[u8]]) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for value in authorization {
            request = request.header("Authorization", *value);
        }
        // The test is on a trusted network, so it is the proxy of somebody.
        request = request.header("X-Forwarded-For", "203.0.113.7").header("X-Request-Id", "test-1");
        let response = self.client.request(request.body(Empty::new()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let body = String::from_utf8(body).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
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

impl Answer {
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }
}

fn token(user: &str, role: &str) -> Vec<u8> {
    let now = SystemClock.now().since_epoch().as_secs();
    forge(now)
        .with_claim("user_id", format!(r#""{user}""#))
        .with_claim("role", format!(r#""{role}""#))
        .authorization()
}

fn forge(now: u64) -> Forge {
    Forge::new(SECRET, now)
}

#[tokio::test]
async fn handlers_know_their_caller_and_the_audit_the_client() {
    let mut service = Service::start();
    let answer = service.ask("GET", "/me", &[&token("alice", "user")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "You are alice."));
    assert_eq!(answer.headers["x-request-id"], "test-1");
    let event = service.next_event();
    assert_eq!(event["event"], "token_decoded");
    assert_eq!(
        (&event["ip_address"], &event["request_id"]),
        (&"203.0.113.7".into(), &"test-1".into())
    );
}

#[tokio::test]
async fn requests_without_one_good_token_are_refused() {
    let service = Service::start();
    let (alice, expired) = (token("alice", "user"), forge(1_700_000_000).authorization());
    let bad: &[(&[&[u8]], u16, &str)] = &[
        (&[], 401, "token_missing"),
        (&[b"Basic YWxpY2U6eA=="], 401, "token_missing"),
        (&[b"Bearer x"], 401, "token_malformed"),
        (&[&expired], 401, "token_expired"),
        (&[&alice, &alice], 400, "bad_request"),
    ];
    for (authorization, status, code) in bad {
        let answer = service.ask("GET", "/me", authorization).await;
        assert_eq!((answer.status, answer.code().as_str()), (*status, *code));
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    let in_url = service.ask("GET", "/me?access_token=x", &[&alice]).await;
    assert_eq!((in_url.status, in_url.code().as_str()), (400, "token_in_url"));
    assert_eq!(service.ask("GET", "/health", &[]).await.status, 200);
}

#[tokio::test]
async fn each_route_asks_for_its_own_permit() {
    let mut service = Service::start();
    let (alice, bob) = (token("alice", "user"), token("bob", "admin"));
    let answer = service.ask("POST", "/tools/stat/execute", &[&alice]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "stat ran for alice."));
    let answer = service.ask("POST", "/reload", &[&bob]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "Read again for bob."));
    let answer = service.ask("POST", "/reload", &[&alice]).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "permission_denied"));
    let denied = std::iter::repeat_with(|| service.next_event())
        .find(|event| event["event"] == "mcp_authorization_denied");
    assert_eq!(denied.unwrap()["user_id"], "alice");
}
