//! How often one user may call tools.

use mcp_auth::action::CallTool;
use mcp_auth::validate::Permit;
use mcp_auth_sessions::CounterKey;
use mcp_auth_tower::axum::Rejection;

use crate::serve::call::Call;
use crate::serve::limit;

/// Counts one call. A rule with a limit of its own counts what it allows; all others are counted together.
///
/// # Errors
/// `rate_limited`.
pub(super) async fn count(call: &Call, permit: &Permit<CallTool>) -> Result<(), Rejection> {
    let (app, user) = (&call.app, permit.caller().user_id());
    let Some(default) = &app.settings().mcp.execute_limits else { return Ok(()) };
    let policy = app.policy.load();
    let own = policy.limits_of(permit.rule()).map(|limits| (limits, permit.rule()));
    let (limits, rule) = own.unwrap_or((default, ""));
    let key = CounterKey::of(&format!("execute {rule}"), user);
    let whose = if rule.is_empty() {
        "calls of this user".to_owned()
    } else {
        format!("calls of this user by the rule {rule:?}")
    };
    limit::count(call, limits, key, &whose).await
}
