//! `POST /api/v1/auth/refresh`: the next two tokens for a refresh token.

use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::{Reason, Refusal};
use mcp_auth::validate::{Expect, LiveToken};
use mcp_auth_sessions::{CounterKey, RefreshError};
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::token::issued;
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::{limit, refuse};

/// A refresh token. Without one in the body it is taken from the `Authorization` header. Where there are both, the header is that
/// of a client that sends its access token with every request, and not looked at.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct RefreshRequest {
    refresh_token: Option<String>,
}

pub(super) async fn refresh(mut call: Call) -> Answer {
    let asked: RefreshRequest = call.read_if_any(Accepted::JsonOrForm).await?;
    let bearer = call.bearer().map_err(|reason| call.refuse_as(AuditKind::TokenInvalid, reason))?;
    match (asked.refresh_token, bearer) {
        (Some(token), _) => exchange(&call, token.as_bytes()).await,
        (None, Some(token)) => exchange(&call, token).await,
        (None, None) => Err(call.refuse_as(AuditKind::TokenInvalid, Reason::NoCredential)),
    }
}

/// Two tokens for one. Whoever presents a token that was used before ends the sign-in it comes from.
pub(super) async fn exchange(call: &Call, token: &[u8]) -> Answer {
    let token = call.authenticate(call.gate(), token, Expect::Refresh).await?;
    count(call, &token).await?;
    call.require_audit()?;
    match call.sessions().refresh(&token, &call.client()).await {
        Ok(pair) => issued(call, AuditKind::TokenRefreshed, &pair).await,
        Err(error) => Err(refused(call, &token, error).await),
    }
}

/// So many refreshes of one sign-in: each is written down twice, and leaves two records behind. A used token that comes
/// again is let through, once, because it ends the sign-in: a thief must not hide behind the limit.
async fn count(call: &Call, token: &LiveToken) -> Result<(), Rejection> {
    let Some(limits) = &call.app.settings().rate_limits.refresh else { return Ok(()) };
    let (key, whose) = match token.claims().session_id() {
        Some(sid) => (CounterKey::of("refresh", sid), "refreshes of this sign-in"),
        None => (CounterKey::of("refresh of", token.user_id()), "refreshes of this user"),
    };
    let Some(reason) = limit::judge(call, limits, key, whose).await else { return Ok(()) };
    match call.sessions().is_reused(token).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(limit::refuse(call, reason)),
    }
}

async fn refused(call: &Call, token: &LiveToken, error: RefreshError) -> Rejection {
    let user_id = Some(token.user_id());
    let RefreshError::Reused { ref revoked, .. } = error else {
        return call.refuse_durably(AuditKind::TokenInvalid, refuse::refresh(error), user_id).await;
    };
    let why = error.to_string();
    let mut reused = call.event(AuditKind::RefreshReused).about(token.claims());
    reused.reason = Some(&why);
    let mut ended = call.event(AuditKind::TokenRevoked).about(token.claims());
    ended.target = revoked.session_id.as_deref();
    ended.reason = Some("a used refresh token came again");
    if let Err(unwritten) = call.write_down(&[reused, ended]).await {
        return unwritten;
    }
    let refusal: Refusal = refuse::refresh(error.clone());
    call.refuse_durably(AuditKind::TokenInvalid, refusal, user_id).await
}
