//! `GET /api/v1/auth/me`: who the caller is.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::clock::NumericDate;
use mcp_auth::refusal::Reason;
use schemars::JsonSchema;
use serde::Serialize;

use crate::serve::call::{Answer, Call};

/// The caller, as the token and the account say.
#[derive(Serialize, JsonSchema)]
pub(super) struct Me {
    user_id: String,
    username: String,
    role: Option<String>,
    /// Whether there is an account; tokens of pipelines may be without.
    has_account: bool,
    /// When the account was created (RFC 3339).
    created_at: Option<String>,
    token: TokenInHand,
}

/// The token that the request came with.
#[derive(Serialize, JsonSchema)]
struct TokenInHand {
    jti: Option<String>,
    sid: Option<String>,
    issued_at: Option<String>,
    expires_at: String,
}

pub(super) async fn me(call: Call) -> Answer {
    let token = call.token()?;
    let account = call.sessions().account(token.user_id()).await;
    let account = account.map_err(|error| call.refuse(Reason::Store(error)))?;
    let claims = token.claims();
    let username = account.as_ref().map_or(claims.username(), |account| &account.username);
    let me = Me {
        user_id: claims.user_id().to_owned(),
        username: username.to_owned(),
        role: token.role().map(ToString::to_string),
        has_account: account.is_some(),
        created_at: account.as_ref().map(|account| account.created_at.to_string()),
        token: TokenInHand {
            jti: claims.token_id().map(str::to_owned),
            sid: claims.session_id().map(str::to_owned),
            issued_at: claims.issued_at().as_ref().map(NumericDate::to_string),
            expires_at: claims.expires_at().to_string(),
        },
    };
    Ok(Json(me).into_response())
}
