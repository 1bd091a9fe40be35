//! `GET /api/v1/mcp/health` and `/servers/{name}/health`.

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::{Action, ConnectServer, ListServer};
use mcp_auth_tower::axum::Rejection;
use schemars::JsonSchema;
use serde::Serialize;

use super::{connect, shapes};
use crate::gatekeeper::{ChangeError, ServerHealth};
use crate::serve::call::{Answer, Call};

/// How the servers are that the caller may see.
#[derive(Serialize, JsonSchema)]
pub(super) struct Overview {
    /// `healthy`, `degraded` where some that should be connected are not, `unhealthy` where none of them is.
    status: &'static str,
    server_count: usize,
    connected_count: usize,
    servers: Vec<shapes::Health>,
}

pub(super) async fn overview(call: Call) -> Answer {
    let caller = call.caller()?;
    let all = call.app.gatekeeper.health(|action| call.permit(caller, action));
    let servers = all.into_iter().map(|it| shown(&call, it)).collect::<Result<Vec<_>, _>>()?;
    let connected_count = servers.iter().filter(|it| it.is_healthy()).count();
    let status = match servers.iter().any(shapes::Health::is_wanting) {
        false => "healthy",
        true if connected_count > 0 => "degraded",
        true => "unhealthy",
    };
    let overview = Overview { status, server_count: servers.len(), connected_count, servers };
    Ok(Json(overview).into_response())
}

pub(super) async fn of_server(call: Call) -> Answer {
    let name = call.parameter()?;
    let permit = call.authorize(ListServer { server: name.to_owned() })?;
    let unknown = || connect::refused(&call, &ChangeError::Unknown { name: name.to_owned() });
    let health = call.app.gatekeeper.health_of(&permit).ok_or_else(unknown)?;
    Ok(Json(shown(&call, health)?).into_response())
}

/// What a server writes on its standard error is for those who run it.
fn shown(call: &Call, health: ServerHealth) -> Result<shapes::Health, Rejection> {
    let runs_it = ConnectServer { server: health.name.clone() };
    let with_stderr = call.gate().would_allow(call.caller()?, &runs_it.request());
    Ok(shapes::Health::new(health, with_stderr))
}
