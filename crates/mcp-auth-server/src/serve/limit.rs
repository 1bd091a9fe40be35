//! How often something may be asked for.

use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::Reason;
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Hit, Limits};
use mcp_auth_tower::axum::Rejection;

use super::call::Call;

/// Counts one request; `whose` says what is counted together.
///
/// # Errors
/// `rate_limited`, with the time after which to try again.
pub(crate) async fn count(
    call: &Call,
    limits: &Limits,
    key: CounterKey,
    whose: &str,
) -> Result<(), Rejection> {
    let refused = judge(call, limits, key, whose).await;
    refused.map_or(Ok(()), |reason| Err(refuse(call, reason)))
}

/// The same, and why it is refused, if it is: for those who ask for more before they refuse.
pub(crate) async fn judge(
    call: &Call,
    limits: &Limits,
    key: CounterKey,
    whose: &str,
) -> Option<Reason> {
    let app = &call.app;
    match app.rate_limits.hit(key, limits, app.now()).await {
        Ok(Hit::Allowed { .. }) => None,
        Ok(Hit::Refused { limit, retry_after }) => Some(Reason::RateLimited {
            limit: limit.to_string(),
            key: whose.to_owned(),
            retry_after,
        }),
        Err(error) => Some(error.into()),
    }
}

/// Refuses for what [`judge`] said.
pub(crate) fn refuse(call: &Call, reason: Reason) -> Rejection {
    call.refuse_as(AuditKind::RateLimited, reason)
}
