//! `POST /api/v1/auth/token`: from a name and a password to two tokens.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use axum::response::IntoResponse;
use mcp_auth::audit::AuditKind;
use mcp_auth_sessions::password::Password;
use mcp_auth_sessions::{CounterKey, SignInError, TokenPair};
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::refresh;
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::{limit, refuse};

/// A name and a password; or, with the grant type `refresh_token`, a refresh token.
#[derive(Deserialize, JsonSchema)]
pub(super) struct TokenRequest {
    /// `password`, which is meant when it is absent, or `refresh_token`.
    #[schemars(extend("enum" = ["password", "refresh_token", null]))]
    grant_type: Option<String>,
    username: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
}

/// The tokens of a sign-in or a refresh (RFC 6749 section 5.1).
#[derive(Serialize, JsonSchema)]
pub(super) struct Tokens<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: u64,
}

pub(super) async fn token(mut call: Call) -> Answer {
    let asked: TokenRequest = call.read(Accepted::JsonOrForm).await?;
    match asked.grant_type.as_deref() {
        None | Some("password") => sign_in(&call, asked).await,
        Some("refresh_token") => {
            let token = required(&call, "refresh_token", asked.refresh_token)?;
            refresh::exchange(&call, token.as_bytes()).await
        }
        Some(_) => Err(call.refuse(refuse::unprocessable(
            "`grant_type` is neither password nor refresh_token; send one of these",
        ))),
    }
}

async fn sign_in(call: &Call, asked: TokenRequest) -> Answer {
    let username = call.short_name("username", required(call, "username", asked.username)?)?;
    let password = Password::new(required(call, "password", asked.password)?);
    count(call).await?;
    call.require_audit()?;
    let signing_in = call.app.metrics.signing_in();
    let outcome = call.sessions().sign_in(&username, &password, &call.client()).await;
    drop(signing_in);
    match outcome {
        Ok(pair) => issued(call, AuditKind::LoginSucceeded, &pair).await,
        Err(error) => Err(refused(call, error).await),
    }
}

pub(super) fn required(
    call: &Call,
    name: &str,
    value: Option<String>,
) -> Result<String, Rejection> {
    let missing = || call.refuse(refuse::unprocessable(format!("`{name}` is missing; send it")));
    value.filter(|value| !value.is_empty()).ok_or_else(missing)
}

/// So many sign-ins of one address, whatever comes of them.
async fn count(call: &Call) -> Result<(), Rejection> {
    let limits = &call.app.settings().rate_limits.login;
    let (Some(limits), Some(address)) = (limits, call.origin().ip_address) else {
        return Ok(());
    };
    let key = CounterKey::of_address("sign-in", address);
    limit::count(call, limits, key, "sign-ins of this address").await
}

async fn refused(call: &Call, error: SignInError) -> Rejection {
    let user_id = match &error {
        SignInError::Failed { user_id, .. } => user_id.clone(),
        _ => None,
    };
    let kind = match error {
        SignInError::Failed { .. } => AuditKind::LoginFailed,
        SignInError::Throttled { .. } => AuditKind::RateLimited,
        _ => AuditKind::RequestRefused,
    };
    call.refuse_durably(kind, refuse::sign_in(error), user_id.as_deref()).await
}

/// Tokens go out when the audit has them, and never into a cache (RFC 6749 section 5.1).
pub(super) async fn issued(call: &Call, kind: AuditKind, pair: &TokenPair) -> Answer {
    let what = call.event(kind).about(&pair.access.claims);
    let mut generated = call.event(AuditKind::TokenGenerated).about(&pair.access.claims);
    generated.expiry_hours = Some(hours(pair.expires_in));
    call.write_down(&[what, generated]).await?;
    let tokens = Tokens {
        access_token: pair.access.token.expose(),
        refresh_token: pair.refresh.token.expose(),
        token_type: "bearer",
        expires_in: pair.expires_in,
    };
    Ok(([(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], Json(tokens)).into_response())
}

/// To the hundredth, for people who search for `24` and not for `23.999722`.
fn hours(seconds: u64) -> f64 {
    let hundredths = u32::try_from(seconds.div_ceil(36)).unwrap_or(u32::MAX);
    f64::from(hundredths) / 100.0
}
