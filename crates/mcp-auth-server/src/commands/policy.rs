//! `policy`: what is wrong with the policy, and what it decides.

mod check;

use mcp_auth::action::{ActionKind, Request};
use mcp_auth::policy::{Decision, Subject};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::roles::Role;
use mcp_auth::text::Escaped;
use mcp_auth_cli::{Failure, exit, output};
use mcp_auth_sessions::rate_limit::Limits;
use serde_json::json;

use crate::args::{Common, Explain, Policy};
use crate::policy::LoadedPolicy;
use crate::settings::{McpSettings, Source};
use crate::table;

/// Runs the command. It needs no data directory and no keys.
pub(crate) fn run(common: &Common, command: &Policy) -> Result<u8, Failure> {
    let source = Source::of(common)?;
    let settings = McpSettings::alone(&source)?;
    let policy = LoadedPolicy::first(&settings)?;
    match command {
        Policy::Check { offline } => check::run(common, &source, &settings, &policy, *offline),
        Policy::Explain(asked) => explain(common, &settings, &policy, asked),
    }
}

/// Exits like a refused token where the answer is no.
fn explain(
    common: &Common,
    settings: &McpSettings,
    policy: &LoadedPolicy,
    asked: &Explain,
) -> Result<u8, Failure> {
    let role = asked.role.clone().unwrap_or(match asked.user.as_str() {
        "admin" => Role::Admin,
        _ => Role::User,
    });
    let request = request(asked);
    let subject = Subject { user_id: &asked.user, role: &role };
    let decision = policy.policy.decide(&subject, &request);
    let (allowed, by) = (decision.allowed(), decision.rule().map(|rule| rule.name.as_str()));
    let limits = limits(settings, policy, &decision, request.kind).map(Limits::to_string);
    let text = if common.json {
        table::json(&json!({
            "allowed": allowed, "action": request.to_string(), "user": asked.user, "role": role,
            "rule": by, "policy": policy.place(), "rate_limit": limits,
        }))
    } else {
        let verdict = if allowed { "allowed" } else { "denied" };
        let by = by.map_or("no rule allows it".to_owned(), |rule| format!("the rule {rule:?}"));
        let limits = limits.map(|limits| format!("rate limit  {limits}\n")).unwrap_or_default();
        format!(
            "{verdict}\n\naction      {}\nuser        {}, role {role}\ndecided by  {by}\npolicy      {}\n{limits}",
            Escaped(&request.to_string()),
            Escaped(&asked.user),
            policy.place()
        )
    };
    output::print(&text)?;
    Ok(if allowed { exit::OK } else { RefusalCode::PermissionDenied.exit_code() })
}

/// How often it may be done. Calls alone are counted by user.
fn limits<'a>(
    settings: &'a McpSettings,
    policy: &'a LoadedPolicy,
    decision: &Decision<'_>,
    kind: ActionKind,
) -> Option<&'a Limits> {
    if !decision.allowed() || kind != ActionKind::Call {
        return None;
    }
    let default = settings.execute_limits.as_ref()?;
    let of_rule = decision.rule().and_then(|rule| policy.limits_of(&rule.name));
    Some(of_rule.unwrap_or(default))
}

/// `server__tool` names both.
fn request(asked: &Explain) -> Request<'_> {
    let tool = asked.tool.as_deref();
    let qualified = tool.filter(|_| asked.server.is_none()).and_then(|tool| tool.split_once("__"));
    let (server, tool) = match qualified {
        Some((server, tool)) => (Some(server), Some(tool)),
        None => (asked.server.as_deref(), tool),
    };
    Request { kind: asked.action.into(), server, tool }
}
