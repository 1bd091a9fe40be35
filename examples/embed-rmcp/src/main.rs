//! An MCP server made with `rmcp` whose tools know their caller.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{Write, stderr, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use http::request::Parts;
use mcp_auth::action::{Action, CallTool, ListTool};
use mcp_auth::audit::{AuditEvent, AuditSink};
use mcp_auth::random::SystemRandom;
use mcp_auth::settings::{Purpose, Settings};
use mcp_auth::validate::Permit;
use mcp_auth::{Gate, Refused};
use mcp_auth_tower::{
    AuthLayer, BindSession, ClientAddressLayer, RequestIdLayer, SharedGate, known_caller, origin,
};
use rmcp::handler::server::common::Extension;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ErrorCode, Extensions, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_router};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// The MCP server, by the name that the policy knows.
const SERVER: &str = "notes";

#[derive(Debug, Clone)]
struct Notes {
    gate: SharedGate,
    tools: ToolRouter<Self>,
}

#[tool_router]
impl Notes {
    /// A tool takes the permit, so it cannot run without.
    #[tool(description = "Reads the caller's note")]
    fn read_note(Extension(permit): Extension<Arc<Permit<CallTool>>>) -> String {
        format!("The note of {}.", permit.caller().user_id())
    }

    #[tool(description = "Names the headers that the server sees")]
    fn headers(Extension(request): Extension<Parts>) -> String {
        request.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl ServerHandler for Notes {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let (gate, request) = (self.gate.load(), http_request(&context.extensions)?);
        let caller =
            known_caller(&gate, &request.extensions).map_err(|refused| denied(&refused))?;
        let mut tools = self.tools.list_all();
        tools.retain(|tool| {
            let seen = ListTool { server: SERVER.into(), tool: tool.name.to_string() };
            gate.would_allow(caller, &seen.request())
        });
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let action = CallTool { server: SERVER.into(), tool: request.name.to_string() };
        let permit = self.permit(action, http_request(&context.extensions)?);
        context.extensions.insert(Arc::new(permit.map_err(|refused| denied(&refused))?));
        self.tools.call(ToolCallContext::new(self, request, context)).await
    }
}

impl Notes {
    fn permit(&self, action: CallTool, request: &Parts) -> Result<Permit<CallTool>, Refused> {
        let gate = self.gate.load();
        let caller = known_caller(&gate, &request.extensions)?;
        gate.authorize(caller, action, &origin(&request.extensions))
    }
}

/// The request that carried the message; `rmcp` keeps it with each one.
fn http_request(extensions: &Extensions) -> Result<&Parts, ErrorData> {
    extensions.get().ok_or_else(|| ErrorData::internal_error("not asked over HTTP", None))
}

/// The client's voice of a refusal, in MCP.
fn denied(refused: &Refused) -> ErrorData {
    let code = refused.refusal.code();
    let data = serde_json::json!({ "code": code, "error_id": refused.error_id });
    ErrorData::new(ErrorCode::INVALID_REQUEST, code.detail(), Some(data))
}

fn router(gate: &SharedGate) -> Router {
    let layers = ServiceBuilder::new() // the first is the outermost
        .layer(ClientAddressLayer::default())
        .layer(RequestIdLayer::new(Arc::new(SystemRandom)))
        .layer(AuthLayer::new(gate.clone()))
        .layer(BindSession::new(gate.clone(), &SystemRandom));
    let notes = Notes { gate: gate.clone(), tools: Notes::tool_router() };
    // The names by which clients reach this server. Without the second line any web page may call it from a browser.
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(["localhost", "127.0.0.1"])
        .enforce_origin_validation();
    let sessions = Arc::new(LocalSessionManager::default());
    let mcp = StreamableHttpService::new(move || Ok(notes.clone()), sessions, config);
    Router::new().route_service("/mcp", layers.service(mcp))
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
    let router = router(&SharedGate::new(gate));

    let port = std::env::args().nth(1).as_deref().unwrap_or("8000").parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    writeln!(stdout(), "listening on http://{}", listener.local_addr()?)?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
