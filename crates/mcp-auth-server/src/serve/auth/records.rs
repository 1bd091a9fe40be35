//! `GET /api/v1/auth/tokens`: where the caller is signed in, and the tokens on record.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::refusal::Reason;
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::grant::Grant;
use mcp_auth_sessions::issued::IssuedRecord;
use schemars::JsonSchema;
use serde::Serialize;

use crate::serve::call::{Answer, Call};

/// What is live, the newest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Records {
    grants: Vec<GrantRecord>,
    tokens: Vec<TokenRecord>,
}

/// One sign-in.
#[derive(Serialize, JsonSchema)]
struct GrantRecord {
    sid: String,
    started_at: String,
    /// When it was refreshed last.
    refreshed_at: String,
    /// When its refresh token expires.
    expires_at: String,
    /// When it ends, however often it is refreshed.
    ends_at: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// Whether the request came with a token of it.
    current: bool,
}

/// One token, by its hash.
#[derive(Serialize, JsonSchema)]
struct TokenRecord {
    /// SHA-256 of the token, in hex.
    token_hash: String,
    user_id: String,
    token_type: &'static str,
    jti: String,
    sid: String,
    issued_at: String,
    expires_at: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
}

pub(super) async fn tokens(call: Call) -> Answer {
    let token = call.token()?;
    let (user_id, sid) = (token.user_id(), token.claims().session_id());
    let sessions = call.sessions();
    let unavailable = |error| call.refuse(Reason::Store(error));
    let grants = sessions.grants(user_id).await.map_err(unavailable)?;
    // Records outlive what they are of: a token that was revoked or exchanged is on record until it expires.
    let gate = call.gate();
    let standing = sessions.standing_tokens(user_id, &grants, &**gate.revocations()).await;
    let standing = standing.map_err(unavailable)?.into_iter();
    let records = Records {
        grants: grants.into_iter().map(|grant| grant_record(grant, sid)).collect(),
        tokens: standing.map(token_record).collect(),
    };
    Ok(Json(records).into_response())
}

fn grant_record(grant: Grant, current: Option<&str>) -> GrantRecord {
    let (ip_address, user_agent) = shown(grant.client);
    GrantRecord {
        current: current == Some(&grant.session_id),
        sid: grant.session_id,
        started_at: grant.started_at.to_string(),
        refreshed_at: grant.current.issued_at.to_string(),
        expires_at: grant.current.refresh_expires_at.to_string(),
        ends_at: grant.ends_at.to_string(),
        ip_address,
        user_agent,
    }
}

fn token_record(record: IssuedRecord) -> TokenRecord {
    let (ip_address, user_agent) = shown(record.client);
    TokenRecord {
        token_hash: record.digest.to_string(),
        user_id: record.user_id,
        token_type: record.token_type.name(),
        jti: record.token_id,
        sid: record.session_id,
        issued_at: record.issued_at.to_string(),
        expires_at: record.expires_at.to_string(),
        ip_address,
        user_agent,
    }
}

fn shown(client: Client) -> (Option<String>, Option<String>) {
    (client.ip_address.map(|it| it.to_string()), client.user_agent.map(Into::into))
}
