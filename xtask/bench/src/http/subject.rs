//! Our server under load: one handler, bare and behind the layer.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::routing::get;
use axum::{Json, Router};
use mcp_auth::Gate;
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::random::SystemRandom;
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId};
use mcp_auth::validate::{Rules, Validator};
use mcp_auth_audit::{AuditKeys, AuditLog, AuditOptions};
use mcp_auth_tower::AuthLayer;
use serde::Serialize;
use serde_json::json;

use crate::fixture::Fixture;

/// Revocations that are held, so that the look-up has something to look through.
const HELD: u32 = 100_000;

/// What a few MCP servers have together.
const TOOLS: u32 = 20;

const ANSWER: &str = r#"[{"name":"filesystem","status":"connected"}]"#;

/// Says on stdout where it listens, and serves until it is killed. Keeps its audit in `folder`.
pub(crate) fn serve(folder: &Path) -> Result<()> {
    let audit = open_audit(folder)?;
    let gate = gate(audit)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve_at_a_free_port(app(gate)))
}

/// Says on stdout where it listens, and serves until it is killed.
pub(crate) async fn serve_at_a_free_port(app: Router) -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // A connection that is gone is noticed when it is read.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

fn app(gate: Gate) -> Router {
    let tools: Arc<[Tool]> = (0..TOOLS).map(Tool::new).collect();
    let list = move || {
        let tools = Arc::clone(&tools);
        async move { Json(tools) }
    };
    let guarded = Router::new()
        .route("/guarded", get(async || ANSWER))
        .route("/guarded/tools", get(list.clone()))
        .layer(AuthLayer::new(gate));
    let plain = Router::new().route("/plain", get(async || ANSWER));
    plain.route("/plain/tools", get(list)).merge(guarded)
}

/// A tool as `GET /api/v1/mcp/tools` describes it.
#[derive(Serialize)]
struct Tool {
    name: String,
    description: &'static str,
    server: &'static str,
    version: &'static str,
    parameters: serde_json::Value,
}

impl Tool {
    fn new(number: u32) -> Self {
        let path = json!({ "type": "string", "description": "Where it lies" });
        Self {
            name: format!("read_file_{number}"),
            description: "Reads a file from one of the directories that the server was given, and answers with its text.",
            server: "filesystem",
            version: "1.0.0",
            parameters: json!({ "type": "object", "properties": { "path": path }, "required": ["path"] }),
        }
    }
}

fn gate(audit: AuditLog) -> Result<Gate> {
    let validator = Validator::new(Fixture::new()?.keys, Rules::default());
    Ok(Gate::new(validator).with_revocations(revocations()).with_audit(Arc::new(audit)))
}

fn revocations() -> Arc<MemoryRevocations> {
    let (held, now) = (MemoryRevocations::new(), SystemClock.now());
    for number in 0..HELD {
        let id = RevocationId::of_token_id(&number.to_string());
        held.insert(Revocation::Entry { id, keep_until: NumericDate::LATEST }, now);
    }
    Arc::new(held)
}

fn open_audit(folder: &Path) -> Result<AuditLog> {
    let keys = AuditKeys::generate(&SystemRandom);
    Ok(AuditLog::open(&AuditOptions::new(folder.join("audit.log"), keys))?)
}
