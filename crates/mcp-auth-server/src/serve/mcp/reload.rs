//! `POST /api/v1/mcp/reload-config`.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::ReloadConfig;
use mcp_auth::audit::AuditKind;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use super::tools::sentence;
use crate::gatekeeper::{self, EntryError};
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// What the file changed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Reloaded {
    /// Whether every entry of the file could be read. What came of the servers is told by their health.
    success: bool,
    message: String,
    /// Servers that are new, or were started anew because their entry changed.
    started: Vec<String>,
    /// Servers that are gone.
    stopped: Vec<String>,
    /// Servers that were left alone.
    kept: Vec<String>,
    /// Entries that cannot be read. Their servers are listed as failed.
    failed: Vec<Failed>,
}

/// An entry that cannot be read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FailedEntry")]
pub(super) struct Failed {
    name: String,
    /// The member that is wrong, what is wrong with it, and the remedy.
    error: String,
}

pub(super) async fn reload(call: Call) -> Answer {
    let permit = call.authorize(ReloadConfig)?;
    call.require_audit()?;
    match call.app.gatekeeper.reload(&permit).await {
        Ok(done) => {
            let answer = Reloaded::from(done);
            let what = format!("the file of MCP servers was read again: {}", answer.message);
            tell(&call, answer.success, &what).await?;
            Ok(Json(answer).into_response())
        }
        Err(problem) => {
            tell(&call, false, &format!("{problem}; the servers stay as they are")).await?;
            Err(call.refuse(refuse::unprocessable(sentence(&problem))))
        }
    }
}

impl From<gatekeeper::Reloaded> for Reloaded {
    fn from(done: gatekeeper::Reloaded) -> Self {
        let message = format!(
            "{} started, {} stopped, {} kept, {} failed",
            done.started.len(),
            done.stopped.len(),
            done.kept.len(),
            done.failed.len()
        );
        let failed = |it: EntryError| Failed { name: it.server.clone(), error: it.to_string() };
        Self {
            success: done.failed.is_empty(),
            message,
            started: done.started,
            stopped: done.stopped,
            kept: done.kept,
            failed: done.failed.into_iter().map(failed).collect(),
        }
    }
}

async fn tell(call: &Call, success: bool, what: &str) -> Result<(), Rejection> {
    let mut event = call.event_of_caller(AuditKind::ConfigChanged);
    event.success = Some(success);
    event.reason = Some(what);
    call.write_down(&[event]).await
}
