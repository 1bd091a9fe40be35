//! `POST /api/v1/auth/revoke`: one token, or everything of a user.

use mcp_auth::Gate;
use mcp_auth::audit::AuditKind;
use mcp_auth::claims::{Claims, TokenType};
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::store::{StoreError, TokenDigest};
use mcp_auth::validate::{Expect, RawToken};
use mcp_auth_sessions::{CounterKey, Revoked};
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ended;
use super::rights::{require_over, require_over_user};
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::{limit, refuse};

const DONE: &str = "Successfully revoked";

/// Exactly one of these.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RevokeRequest {
    /// A token; a refresh token takes its sign-in with it.
    token: Option<String>,
    /// The id of a token.
    jti: Option<String>,
    /// A user, all of whose tokens end.
    user_id: Option<String>,
}

pub(super) async fn revoke(mut call: Call) -> Answer {
    let asked: RevokeRequest = call.read(Accepted::JsonOrForm).await?;
    count(&call, call.token()?.claims()).await?;
    call.require_audit()?;
    refuse_long_names(&call, [&asked.jti, &asked.user_id])?;
    match (asked.token, asked.jti, asked.user_id) {
        (Some(token), None, None) => by_token(&call, &token).await,
        (None, Some(jti), None) => by_id(&call, &jti).await,
        (None, None, Some(user_id)) => of_user(&call, &user_id).await,
        _ => Err(call.refuse(refuse::unprocessable(
            "exactly one of `token`, `jti` and `user_id` says what to revoke; send one",
        ))),
    }
}

/// So many revocations that one sign-in asks for: each is written to the store and to the audit, also where it changes
/// nothing. Not one user: whoever has stolen a token of his must not keep him from revoking it.
async fn count(call: &Call, token: &Claims) -> Result<(), Rejection> {
    let Some(limits) = &call.app.settings().rate_limits.revoke else { return Ok(()) };
    let key = match token.session_id().or_else(|| token.token_id()) {
        Some(id) => CounterKey::of("revoke", id),
        None => CounterKey::of("revoke by", token.user_id()),
    };
    limit::count(call, limits, key, "revocations by this sign-in").await
}

/// No token of ours has a longer name, and what is revoked is written down.
fn refuse_long_names(call: &Call, names: [&Option<String>; 2]) -> Result<(), Rejection> {
    const MAX_BYTES: usize = 256;
    if names.into_iter().flatten().all(|name| (1..=MAX_BYTES).contains(&name.len())) {
        return Ok(());
    }
    Err(call.refuse(refuse::unprocessable(
        "`jti` and `user_id` have 1 to 256 bytes; send the id as it stands in the token",
    )))
}

async fn by_token(call: &Call, text: &str) -> Answer {
    let digest = TokenDigest::of(text.as_bytes());
    let gate = of_any_age(call.gate());
    let token = match call.authenticate(&gate, text.as_bytes(), Expect::Any).await {
        Ok(token) => token,
        Err(refused) => return already_refused(call, &gate, text, refused.refusal.code()).await,
    };
    require_over_holder(call, token.claims()).await?;
    let revoked = call.sessions().revoke_token(&token, Some(digest)).await;
    done(call, revoked, token.claims().token_id()).await
}

/// What is too old here may be young enough for another server of this store, or after the limit was raised.
fn of_any_age(gate: &Gate) -> Gate {
    let rules = gate.validator().rules().clone().with_max_age(None);
    gate.clone().with_rules(rules)
}

/// A token that is refused anyway needs no revocation (RFC 7009 section 2.2); what is no token of ours is a mistake.
async fn already_refused(call: &Call, gate: &Gate, text: &str, code: RefusalCode) -> Answer {
    match code {
        RefusalCode::TokenRevoked => again(call, gate, text).await,
        RefusalCode::TokenExpired | RefusalCode::AccountDisabled => {
            Ok(ended::already())
        }
        RefusalCode::StoreUnavailable => {
            Err(call.refuse(Reason::Store(StoreError::new("revocations cannot be looked up"))))
        }
        RefusalCode::NotYetValid => Err(call.refuse(refuse::unprocessable(
            "`token` is not valid yet by the clock here; revoke it by its `jti`, and compare the clocks of the servers",
        ))),
        _ => Err(call.refuse(refuse::unprocessable(
            "`token` is not a token of this server; send one whole",
        ))),
    }
}

fn is_any_on_its_way(call: &Call) -> bool {
    call.app.house().store.status().is_some_and(|status| status.on_their_way > 0)
}

/// The revocation of this token may be among those that are on their way. Given once more it changes nothing, and the
/// receipt says how far it has got. A refresh token may be revoked, by a Python service, and its sign-in not.
async fn again(call: &Call, gate: &Gate, text: &str) -> Answer {
    let raw = RawToken::from_bytes(text.as_bytes());
    let now = gate.clock().now();
    let valid = raw.and_then(|raw| gate.validator().validate(raw, Expect::Any, now));
    // It has expired meanwhile.
    let Ok(token) = valid else { return Ok(ended::already()) };
    require_over_holder(call, token.claims()).await?;
    if token.claims().token_type() != Some(TokenType::Refresh) && !is_any_on_its_way(call) {
        return Ok(ended::already());
    }
    let revoked = call.sessions().revoke_again(&token).await;
    let revoked = written(call, revoked, token.claims().token_id()).await?;
    Ok(if revoked.receipt.pending { ended::answer(DONE, &revoked) } else { ended::already() })
}

/// Whoever has the role that the token says, or the account has, must be one whom the caller may manage; one's own token
/// is one's own.
async fn require_over_holder(call: &Call, token: &Claims) -> Result<(), Rejection> {
    if token.user_id() == call.caller()?.user_id() {
        return Ok(());
    }
    require_over_user(call, token.user_id()).await?;
    match token.role() {
        Some(role) if token.token_type() == Some(TokenType::Access) => {
            require_over(call, token.user_id(), role)
        }
        _ => Ok(()),
    }
}

async fn by_id(call: &Call, jti: &str) -> Answer {
    let own = call.token()?.claims().token_id() == Some(jti);
    if !own {
        let record = call.sessions().issued_token(jti).await;
        let owner = record.map_err(|error| call.refuse(Reason::Store(error)))?.map(|it| it.user_id);
        match owner {
            Some(owner) if owner == call.caller()?.user_id() => {}
            Some(owner) => require_over_user(call, &owner).await?,
            None => require_over_user(call, "").await?,
        }
    }
    let revoked = call.sessions().revoke_token_id(jti).await;
    done(call, revoked, Some(jti)).await
}

async fn of_user(call: &Call, user_id: &str) -> Answer {
    if user_id != call.caller()?.user_id() {
        require_over_user(call, user_id).await?;
    }
    let revoked = call.sessions().revoke_user(user_id).await;
    done(call, revoked, Some(user_id)).await
}

async fn done(call: &Call, revoked: Result<Revoked, StoreError>, target: Option<&str>) -> Answer {
    Ok(ended::answer(DONE, &written(call, revoked, target).await?))
}

/// What was ordered of the store, once it is on the audit.
async fn written(
    call: &Call,
    revoked: Result<Revoked, StoreError>,
    target: Option<&str>,
) -> Result<Revoked, Rejection> {
    let revoked = revoked.map_err(|error| call.refuse(Reason::Store(error)))?;
    let mut event = call.event_of_caller(AuditKind::TokenRevoked);
    event.target = target.or(revoked.session_id.as_deref());
    call.write_down(&[event]).await?;
    Ok(revoked)
}
