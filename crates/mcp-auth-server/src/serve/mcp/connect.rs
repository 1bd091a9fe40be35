//! `POST /api/v1/mcp/servers/{name}/connect` and `/disconnect`.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::ConnectServer;
use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::{Reason, RefusalCode};
use mcp_auth::validate::Permit;
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::endpoint;
use super::execute::seconds_of;
use super::shapes::Changed;
use super::tools::sentence;
use crate::gatekeeper::{ChangeError, ServerConfig, ServerStatus, Status};
use crate::serve::body::Accepted;
use crate::serve::call::{Answer, Call};
use crate::serve::refuse;

/// Longest description, in bytes. Everybody who lists the servers is sent it.
const MAX_DESCRIPTION: usize = 1024;

/// Longest endpoint, in bytes. It stands on the audit, whose lines are 64 KiB at most, however much of it is escaped.
const MAX_ENDPOINT: usize = 4 * 1024;

/// How much of what went wrong stands on the audit, in bytes.
const MAX_ERROR: usize = 4 * 1024;

/// A server to connect, or nothing to connect a known one again.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct Request {
    /// `stdio` or `http`.
    #[serde(default)]
    transport: Option<String>,
    /// A program with its arguments, which no shell reads; or a URL. 4096 bytes at most.
    #[serde(default)]
    endpoint: Option<String>,
    /// 1024 bytes at most.
    #[serde(default)]
    description: Option<String>,
    /// Seconds that its calls may take where the caller does not say, 3600 at most.
    #[serde(default)]
    timeout: Option<f64>,
}

pub(super) async fn connect(mut call: Call) -> Answer {
    let permit = permit(&call)?;
    let request: Request = call.read_if_any(Accepted::Json).await?;
    let config = config_of(&call, request)?;
    let gatekeeper = &call.app.gatekeeper;
    let what = match &config {
        None => "connected again as it is configured".to_owned(),
        Some(config) => {
            let transport = config.transport().name();
            let endpoint = endpoint::for_who_runs_it(transport, config.endpoint());
            format!("connected by hand: {transport} {endpoint}")
        }
    };
    let can_be = gatekeeper.check(&permit, config.is_some());
    can_be.map_err(|error| refused(&call, &error))?;
    announce(&call, &permit, &what).await?;
    let connected = match config {
        None => gatekeeper.reconnect(&permit).await,
        Some(config) => gatekeeper.connect(&permit, config).await,
    };
    let status = connected.map_err(|error| refused(&call, &error))?;
    let success = status.status == Status::Connected;
    tell(&call, AuditKind::ServerConnected, success, &what, &status).await?;
    Ok(Json(Changed::new(success, status)).into_response())
}

pub(super) async fn disconnect(call: Call) -> Answer {
    let permit = permit(&call)?;
    call.require_audit()?;
    let disconnected = call.app.gatekeeper.disconnect(&permit).await;
    let status = disconnected.map_err(|error| refused(&call, &error))?;
    tell(&call, AuditKind::ServerDisconnected, true, "disconnected", &status).await?;
    Ok(Json(Changed::new(true, status)).into_response())
}

fn permit(call: &Call) -> Result<Permit<ConnectServer>, Rejection> {
    call.authorize(ConnectServer { server: call.parameter()?.to_owned() })
}

/// The server that the request describes, if it describes one.
fn config_of(call: &Call, request: Request) -> Result<Option<ServerConfig>, Rejection> {
    let Request { transport, endpoint, description, timeout } = request;
    require_short(call, "endpoint", endpoint.as_ref(), MAX_ENDPOINT)?;
    require_short(call, "description", description.as_ref(), MAX_DESCRIPTION)?;
    let (transport, endpoint) = match (transport, endpoint) {
        (Some(transport), Some(endpoint)) => (transport, endpoint),
        (None, None) if description.is_none() && timeout.is_none() => return Ok(None),
        (None, _) => return Err(missing(call, "transport")),
        (_, None) => return Err(missing(call, "endpoint")),
    };
    if !call.app.settings().mcp.allow_adhoc {
        let what = "MCP_ALLOW_ADHOC_SERVERS is false, so only servers of the configuration file can be connected";
        let off = Reason::Failure { code: RefusalCode::AdhocConnectOff, what: what.to_owned() };
        return Err(call.refuse_as(AuditKind::AuthorizationDenied, off));
    }
    let config = ServerConfig::from_endpoint(&transport, &endpoint);
    let config =
        config.map_err(|error| call.refuse(refuse::unprocessable(sentence(&error.to_string()))))?;
    let config = config.description(description.unwrap_or_default());
    let timeout = timeout.map(|seconds| seconds_of(call, seconds)).transpose()?;
    Ok(Some(timeout.into_iter().fold(config, ServerConfig::timeout)))
}

fn missing(call: &Call, field: &str) -> Rejection {
    call.refuse(refuse::unprocessable(format!(
        "`{field}` is missing; send it, or no body to connect a known server again"
    )))
}

fn require_short(
    call: &Call,
    field: &str,
    text: Option<&String>,
    longest: usize,
) -> Result<(), Rejection> {
    if text.is_none_or(|text| text.len() <= longest) {
        return Ok(());
    }
    let detail = format!(
        "`{field}` has more than {longest} bytes; put what is long into a file, with the program that reads it"
    );
    Err(call.refuse(refuse::unprocessable(detail)))
}

/// On disk before anything is started: whatever becomes of this process, what it was about to run is known.
async fn announce(
    call: &Call,
    permit: &Permit<ConnectServer>,
    what: &str,
) -> Result<(), Rejection> {
    let what = format!("to be {what}");
    let mut event = call.event_of_caller(AuditKind::ServerConnected);
    event.server = Some(&permit.action().server);
    event.reason = Some(&what);
    call.write_down(&[event]).await
}

/// On disk before the answer goes out.
async fn tell(
    call: &Call,
    kind: AuditKind,
    success: bool,
    what: &str,
    status: &ServerStatus,
) -> Result<(), Rejection> {
    // A server may say what it likes, and a line of the audit has an end.
    let cut = |error: &str| {
        error.get(..error.floor_char_boundary(MAX_ERROR)).unwrap_or_default().to_owned()
    };
    let failed = status.error.as_deref().map(|error| format!("{what}; {}", cut(error)));
    let mut event = call.event_of_caller(kind);
    event.server = Some(&status.name);
    event.success = Some(success);
    event.reason = Some(failed.as_deref().unwrap_or(what));
    call.write_down(&[event]).await
}

/// What a change that was not made is to the client.
pub(super) fn refused(call: &Call, error: &ChangeError) -> Rejection {
    let code = match error {
        ChangeError::Unknown { .. } => RefusalCode::NotFound,
        ChangeError::TooMany { .. } => RefusalCode::Conflict,
        ChangeError::Name { .. } => RefusalCode::Unprocessable,
        ChangeError::Stopping => RefusalCode::Overloaded,
    };
    call.refuse(refuse::request(code, sentence(&error.to_string())))
}
