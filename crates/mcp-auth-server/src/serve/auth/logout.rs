//! `POST /api/v1/auth/logout`: the sign-in that the token comes from ends, with all its tokens.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::audit::AuditKind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::serve::call::{Answer, Call};

/// Said when it is so.
#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedOut {
    message: &'static str,
}

pub(super) async fn logout(call: Call) -> Answer {
    let token = call.token()?;
    call.require_audit()?;
    let revoked =
        call.sessions().sign_out(token).await.map_err(|error| call.refuse(error_of(error)))?;
    let mut event = call.event_of_caller(AuditKind::LoggedOut);
    event.target = revoked.session_id.as_deref().or(revoked.token_id.as_deref());
    call.write_down(&[event]).await?;
    Ok(Json(LoggedOut { message: "Successfully logged out" }).into_response())
}

fn error_of(error: mcp_auth::store::StoreError) -> mcp_auth::refusal::Reason {
    error.into()
}
