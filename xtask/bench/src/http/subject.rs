//! Our server under load: one handler, bare and behind the layer.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::routing::get;
use mcp_auth::Gate;
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::random::SystemRandom;
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId};
use mcp_auth::validate::{Rules, Validator};
use mcp_auth_audit::{AuditKeys, AuditLog, AuditOptions};
use mcp_auth_tower::AuthLayer;

use crate::fixture::Fixture;

/// Revocations that are held, so that the look-up has something to look through.
const HELD: u32 = 100_000;

const ANSWER: &str = r#"[{"name":"filesystem","status":"connected"}]"#;

/// Says on stdout where it listens, and serves until it is killed.
pub(crate) fn serve() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let audit = open_audit(folder.path())?;
    let gate = gate(audit)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?)?;
        out.flush()?;
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // A connection that is gone is noticed when it is read.
            let _ = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, app(gate)).await?)
    })
}

fn app(gate: Gate) -> Router {
    let guarded = Router::new().route("/guarded", get(async || ANSWER)).layer(AuthLayer::new(gate));
    Router::new().route("/plain", get(async || ANSWER)).merge(guarded)
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

fn open_audit(folder: &std::path::Path) -> Result<AuditLog> {
    let keys = AuditKeys::generate(&SystemRandom);
    Ok(AuditLog::open(&AuditOptions::new(folder.join("audit.log"), keys))?)
}
