//! `GET /api/v1/mcp/tools` and `/tools/{name}`, and how a name becomes a tool.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::{Action, CallTool, DescribeTool, ListTool};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::text::Escaped;
use mcp_auth::validate::Caller;
use mcp_auth_tower::axum::Rejection;

use super::shapes::Tool;
use crate::gatekeeper::{self, ResolveError, Target};
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

pub(super) async fn list(call: Call) -> Answer {
    let caller = call.caller()?;
    let server = call.query("server_name")?;
    let tools = visible(&call, caller, server.as_deref()).into_iter().map(Tool::from);
    Ok(Json(tools.collect::<Vec<_>>()).into_response())
}

/// The tools that the caller may list and call: what nobody may call, nobody needs to see.
pub(super) fn visible(call: &Call, caller: &Caller, server: Option<&str>) -> Vec<gatekeeper::Tool> {
    call.app.gatekeeper.tools(server, |action| {
        let ListTool { server, tool } = action.clone();
        let may_call = call.gate().would_allow(caller, &CallTool { server, tool }.request());
        call.permit(caller, action).filter(|_| may_call)
    })
}

pub(super) async fn get(call: Call) -> Answer {
    let name = call.parameter()?;
    let Target { server, tool } =
        find(&call, name, |it| DescribeTool { server: it.server, tool: it.tool })?;
    let permit = call.authorize(DescribeTool { server, tool })?;
    let found = call.app.gatekeeper.describe(&permit);
    let tool = found.ok_or_else(|| unavailable(&call, name))?;
    Ok(Json(Tool::from(tool)).into_response())
}

/// The tool that a name means. Of several the caller hears of those for which `action` is allowed.
///
/// # Errors
/// `not_found`, `conflict`, or `permission_denied` where several have the name and none is allowed.
pub(super) fn find<A: Action>(
    call: &Call,
    name: &str,
    action: impl Fn(Target) -> A,
) -> Result<Target, Rejection> {
    let gatekeeper = &call.app.gatekeeper;
    let choices = match gatekeeper.find(name) {
        Ok(target) => return Ok(target),
        Err(error @ ResolveError::Unknown { .. }) => {
            return Err(
                call.refuse(refuse::request(RefusalCode::NotFound, sentence(&error.to_string())))
            );
        }
        Err(ResolveError::Ambiguous { choices, .. }) => choices,
    };
    let caller = call.caller()?;
    let targets =
        || choices.iter().filter_map(|choice| Some((choice, gatekeeper.find(choice).ok()?)));
    let allowed = |target: Target| call.gate().would_allow(caller, &action(target).request());
    let shown: Vec<_> = targets()
        .filter(|(_, it)| allowed(it.clone()))
        .map(|(choice, _)| choice.as_str())
        .collect();
    if shown.is_empty()
        && let Some((_, target)) = targets().next()
    {
        call.authorize(action(target))?;
    }
    let (name, choices) = (Escaped(name), shown.join(", "));
    let detail = format!("Several servers have a tool `{name}`; use one of {choices}");
    Err(call.refuse(refuse::request(RefusalCode::Conflict, detail)))
}

/// Its server went away between two looks.
fn unavailable(call: &Call, name: &str) -> Rejection {
    let name = Escaped(name);
    let detail = format!("The server of the tool `{name}` is not connected; look at its health");
    call.refuse(refuse::request(RefusalCode::ServerFailed, detail))
}

/// Messages of the gateway begin in lower case, details of refusals do not.
pub(super) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
