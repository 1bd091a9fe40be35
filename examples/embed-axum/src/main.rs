//! An HTTP service on axum whose handlers know their caller.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{Write, stderr, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use mcp_auth::Gate;
use mcp_auth::action::{CallTool, ReloadConfig};
use mcp_auth::audit::{AuditEvent, AuditSink};
use mcp_auth::random::SystemRandom;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::validate::Permit;
use mcp_auth_tower::axum::{Authenticated, Permitted, Rejection};
use mcp_auth_tower::{
    AuthLayer, ClientAddressLayer, RequestIdLayer, RequireAction, SharedGate, TrustedProxies,
};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

fn router(gate: &SharedGate, proxies: &TrustedProxies) -> Router {
    let ids = RequestIdLayer::new(Arc::new(SystemRandom)).with_trusted_proxies(proxies.clone());
    let layers = ServiceBuilder::new() // the first is the outermost
        .layer(ClientAddressLayer::new(proxies.clone()))
        .layer(ids)
        .layer(AuthLayer::new(gate.clone()));
    let may_reload = RequireAction::always(gate.clone(), ReloadConfig);
    Router::new()
        .route("/me", get(me))
        .route("/tools/{tool}/execute", post(execute))
        .route("/reload", post(reload).layer(may_reload))
        .layer(layers) // guards the routes above, and not those below
        .route("/health", get(async || "ok"))
        .with_state(gate.clone())
}

async fn me(caller: Authenticated) -> String {
    format!("You are {}.", caller.user_id())
}

async fn execute(caller: Authenticated, Path(tool): Path<String>) -> Result<String, Rejection> {
    let permit = caller.authorize(CallTool { server: "local".into(), tool })?;
    Ok(run(&permit))
}

/// The tool itself. It cannot be run without permission to call it.
fn run(permit: &Permit<CallTool>) -> String {
    format!("{} ran for {}.", permit.action().tool, permit.caller().user_id())
}

async fn reload(permit: Permitted<ReloadConfig>) -> String {
    format!("Read again for {}.", permit.caller().user_id())
}

/// One JSON line for each event. A real sink hands the line to another thread.
#[derive(Debug)]
struct AuditToStderr;

impl AuditSink for AuditToStderr {
    fn record(&self, event: &AuditEvent<'_>) {
        // An audit that cannot be written must not stop the service; a real sink counts this.
        let _ = writeln!(stderr(), "{}", serde_json::to_string(event).unwrap_or_default());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let environment: HashMap<OsString, OsString> = std::env::vars_os().collect();
    let settings =
        Settings::load(Purpose::Validate, |name| environment.get(OsStr::new(name)).cloned())?;
    for warning in settings.warnings() {
        writeln!(stderr(), "warning: {warning}")?;
    }
    let gate = Gate::new(settings.validator()).with_audit(Arc::new(AuditToStderr));
    let router = router(&SharedGate::new(gate), &"127.0.0.0/8".parse()?);

    let port = std::env::args().nth(1).as_deref().unwrap_or("8000").parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    writeln!(stdout(), "listening on http://{}", listener.local_addr()?)?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
