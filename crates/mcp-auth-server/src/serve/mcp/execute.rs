//! `POST /api/v1/mcp/tools/{name}/execute`.

use std::pin::pin;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use mcp_auth::action::CallTool;
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::validate::Permit;
use mcp_auth_tower::axum::Rejection;
use mcp_auth_tower::refusal_response;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::shapes::ToolResult;
use super::under_way::{Outcome, UnderWay};
use super::{limit, tools};
use crate::gatekeeper::{CallError, CallOutcome, Content, Target};
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// What to call a tool with.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct Request {
    /// By the tool's schema; none where it is absent.
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
    /// Seconds to wait, 300 at most; the server's own where it is absent.
    #[serde(default)]
    timeout: Option<f64>,
}

pub(super) async fn execute(mut call: Call) -> Answer {
    let action = |it: Target| CallTool { server: it.server, tool: it.tool };
    let target = tools::find(&call, call.parameter()?, action)?;
    let permit = call.authorize(action(target))?;
    let request: Request = call.read_if_any(Accepted::Json).await?;
    let timeout = request.timeout.map(|seconds| seconds_of(&call, seconds)).transpose()?;
    limit::count(&call, &permit).await?;
    let arguments = Value::Object(request.arguments.unwrap_or_default());
    Ok(run(&call, &permit, arguments, timeout).await)
}

/// A duration that a request names.
pub(super) fn seconds_of(call: &Call, seconds: f64) -> Result<Duration, Rejection> {
    let duration = Duration::try_from_secs_f64(seconds).ok().filter(|it| !it.is_zero());
    duration.ok_or_else(|| {
        call.refuse(refuse::unprocessable("`timeout` is no number of seconds above 0; send one"))
    })
}

async fn run(
    call: &Call,
    permit: &Permit<CallTool>,
    arguments: Value,
    timeout: Option<Duration>,
) -> Response {
    let name = call.parameter().unwrap_or_default();
    let under_way = UnderWay::begin(call, permit.action());
    let work = pin!(call.app.gatekeeper.call(permit, arguments, timeout));
    match under_way.while_caller_stands(work).await {
        Ok(Ok(outcome)) => answered(name, under_way, outcome),
        Ok(Err(error)) => {
            let (outcome, reason, told) = meaning(&error);
            failed(name, under_way.seconds(), &under_way.refused(outcome, reason, told.as_deref()))
        }
        Err(fallen) => {
            failed(name, under_way.seconds(), &under_way.refused(Outcome::Transport, fallen, None))
        }
    }
}

/// The tool answered; that it failed is an answer, too.
fn answered(name: &str, under_way: UnderWay<'_>, outcome: CallOutcome) -> Response {
    let (success, execution_time) = (!outcome.is_error, under_way.seconds());
    under_way.answered(success, outcome.bytes);
    let content = match (outcome.content, outcome.structured) {
        // Servers should say the structured content as text, too, and some do not.
        (Content::Text(text), Some(structured)) if text.is_empty() => structured.to_string().into(),
        (Content::Text(text), _) => Value::String(text),
        (Content::Blocks(blocks), _) => Value::Array(blocks),
    };
    let (result, error) =
        if success { (content, None) } else { (Value::Null, Some(as_text(content))) };
    let tool_name = name.to_owned();
    Json(ToolResult { success, tool_name, result, error, execution_time }).into_response()
}

fn as_text(content: Value) -> String {
    match content {
        Value::String(text) if text.is_empty() => "the tool failed and did not say why".to_owned(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Who answered in the tool's place, what that is to the client, and what the audit is told in place of a text that may
/// hold arguments.
fn meaning(error: &CallError) -> (Outcome, Reason, Option<String>) {
    let (outcome, code) = match error {
        CallError::Arguments { .. } => (Outcome::Unasked, RefusalCode::Unprocessable),
        CallError::Busy { .. } => (Outcome::Unasked, RefusalCode::Overloaded),
        CallError::Protocol { .. } | CallError::TooLarge { .. } | CallError::Declined { .. } => {
            (Outcome::Protocol, RefusalCode::ServerFailed)
        }
        CallError::Timeout { .. } => (Outcome::Transport, RefusalCode::ServerTimeout),
        CallError::ServerFailed { .. } | CallError::Cancelled { .. } => {
            (Outcome::Transport, RefusalCode::ServerFailed)
        }
    };
    let told = match error {
        CallError::Arguments { problems, .. } => Some(format!(
            "the arguments do not fit the tool's schema, in {} places",
            problems.len()
        )),
        CallError::Protocol { code: Some(code), .. } => {
            Some(format!("the server refused the call with code {code}"))
        }
        CallError::Protocol { code: None, .. } => Some("the server broke the protocol".to_owned()),
        CallError::Declined { status, .. } => {
            Some(format!("the server refused the call with HTTP status {status}"))
        }
        _ => None,
    };
    (outcome, refuse::request(code, tools::sentence(&error.to_string())), told)
}

/// A refusal with the fields of an answer beside its own, for clients that read these whatever the status.
fn failed(name: &str, execution_time: f64, rejection: &Rejection) -> Response {
    let (mut parts, body) = refusal_response(&rejection.0).into_parts();
    let error = Some(rejection.0.refusal.detail().into_owned());
    let tool_name = name.to_owned();
    let fields =
        ToolResult { success: false, tool_name, result: Value::Null, error, execution_time };
    let mut members: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
    if let Ok(Value::Object(fields)) = serde_json::to_value(fields) {
        members.extend(fields);
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(members).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_the_server_declines_was_answered() {
        let again_after = Some(Duration::from_secs(7));
        let declined = CallError::Declined { server: "far".to_owned(), status: 429, again_after };
        let (outcome, reason, told) = meaning(&declined);
        assert_eq!((outcome, reason.code()), (Outcome::Protocol, RefusalCode::ServerFailed));
        assert_eq!(told.as_deref(), Some("the server refused the call with HTTP status 429"));
        let detail = reason.to_string();
        assert!(detail.contains("HTTP status 429") && detail.contains("in 7 s"), "{detail}");
    }
}
