//! `POST /api/v1/mcp/reload-config`.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::ReloadConfig;
use mcp_auth::audit::AuditKind;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use super::tools::sentence;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// What the file changed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Reloaded {
    success: bool,
    message: String,
    /// Servers that are new, or were started anew because their entry changed.
    started: Vec<String>,
    /// Servers that are gone.
    stopped: Vec<String>,
    /// Servers that were left alone.
    kept: Vec<String>,
}

pub(super) async fn reload(call: Call) -> Answer {
    let permit = call.authorize(ReloadConfig)?;
    call.require_audit()?;
    match call.app.gatekeeper.reload(&permit).await {
        Ok(done) => {
            let message = format!(
                "{} started, {} stopped, {} kept",
                done.started.len(),
                done.stopped.len(),
                done.kept.len()
            );
            let what = format!("the file of MCP servers was read again: {message}");
            tell(&call, true, &what).await?;
            let (started, stopped, kept) = (done.started, done.stopped, done.kept);
            Ok(Json(Reloaded { success: true, message, started, stopped, kept }).into_response())
        }
        Err(problem) => {
            tell(&call, false, &format!("{problem}; the servers stay as they are")).await?;
            Err(call.refuse(refuse::unprocessable(sentence(&problem))))
        }
    }
}

async fn tell(call: &Call, success: bool, what: &str) -> Result<(), Rejection> {
    let mut event = call.event_of_caller(AuditKind::ConfigChanged);
    event.success = Some(success);
    event.reason = Some(what);
    call.write_down(&[event]).await
}
