//! `GET /api/v1/mcp/servers`.

use std::collections::HashMap;

use axum::Json;
use axum::response::IntoResponse;
use mcp_auth::action::{Action as _, ConnectServer};

use super::shapes::Server;
use super::tools;
use crate::serve::call::{Answer, Call};

pub(super) async fn list(call: Call) -> Answer {
    let caller = call.caller()?;
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for tool in tools::visible(&call, caller, None) {
        names.entry(tool.server).or_default().push(tool.name);
    }
    let servers = call.app.gatekeeper.servers(|action| call.permit(caller, action));
    let servers = servers.into_iter().map(|server| {
        let tools = names.remove(&server.name).unwrap_or_default();
        let connect = ConnectServer { server: server.name.clone() };
        let may_connect = call.gate().would_allow(caller, &connect.request());
        Server::new(server, tools, may_connect)
    });
    Ok(Json(servers.collect::<Vec<_>>()).into_response())
}
