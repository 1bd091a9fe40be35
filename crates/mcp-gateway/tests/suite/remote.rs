//! An MCP server over streamable HTTP, made with `rmcp` in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use mcp_gateway::ServerConfig;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig as ServerInfo,
    SubscriptionFilter, Tool,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub(crate) struct Remote {
    pub(crate) has_more: Arc<AtomicBool>,
    pub(crate) changed: Arc<Notify>,
    pub(crate) cancelled: Arc<AtomicUsize>,
    /// Lists that were asked for.
    pub(crate) lists: Arc<AtomicUsize>,
    /// Calls that are there or were.
    pub(crate) calls: Arc<AtomicUsize>,
    /// Those of them that whoever wanted the answer posted by itself.
    pub(crate) direct: Arc<AtomicUsize>,
    /// What all but hanging calls are answered with, and [`SAID`]; 0 for nothing special.
    pub(crate) status: Arc<AtomicU16>,
    /// Lists that were answered so.
    pub(crate) lists_declined: Arc<AtomicUsize>,
}

/// What nobody is to hear, because it may be the arguments again.
pub(crate) const SAID: &str = "SECRET-WORD";

impl ServerHandler for Remote {
    fn get_info(&self) -> ServerInfo {
        let can = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        ServerInfo::new(can).with_server_info(Implementation::new("remote", "9.9"))
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        let schema = json!({"type": "object"}).as_object().unwrap().clone();
        let mut names = vec!["echo", "big", "hang", "for the library", "hang in the library"];
        names.extend(self.has_more.load(Ordering::SeqCst).then_some("more"));
        let tool = |name| Tool::new(name, "", schema.clone());
        Ok(ListToolsResult::with_all_items(names.into_iter().map(tool).collect()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let is_direct = context.id.to_string().starts_with("call-");
        self.direct.fetch_add(usize::from(is_direct), Ordering::SeqCst);
        self.calls.fetch_add(1, Ordering::SeqCst);
        let arguments = call.arguments.unwrap_or_default();
        let text = match &*call.name {
            "big" => "x".repeat(1_000_000),
            "hang" | "hang in the library" => {
                context.ct.cancelled().await;
                self.cancelled.fetch_add(1, Ordering::SeqCst);
                String::new()
            }
            _ => arguments["text"].as_str().unwrap_or_default().to_owned(),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }

    fn accepted_subscription_filter(
        &self,
        wanted: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(wanted.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = self.changed.notified() => {
                    context.sink().notify_tool_list_changed().await.unwrap();
                }
            }
        }
    }
}

/// A server with a runtime of its own, so that it can go with all its connections.
pub(crate) struct Served {
    pub(crate) url: String,
    runtime: Option<Runtime>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Serves at a free port, or at one that was served before; only who has the right key gets in.
pub(crate) async fn serve(remote: Remote, at: Option<&str>) -> Served {
    serve_as(remote, at, StreamableHttpServerConfig::default()).await
}

/// Old protocol versions and plain JSON instead of a stream of events, as asked for.
pub(crate) async fn serve_as(
    remote: Remote,
    at: Option<&str>,
    config: StreamableHttpServerConfig,
) -> Served {
    let address = at.map_or("127.0.0.1:0", |url| {
        url.strip_prefix("http://").unwrap().split('/').next().unwrap()
    });
    let listener = TcpListener::bind(address).await.unwrap();
    serve_on(listener.into_std().unwrap(), remote, config)
}

pub(crate) fn serve_on(
    listener: std::net::TcpListener,
    remote: Remote,
    config: StreamableHttpServerConfig,
) -> Served {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let at_the_door = remote.clone();
    let service = StreamableHttpService::new(
        move || Ok(remote.clone()),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    let router = Router::new()
        .nest_service("/mcp", service)
        .layer(middleware::from_fn_with_state(at_the_door, guard));
    runtime
        .spawn(async move { axum::serve(TcpListener::from_std(listener).unwrap(), router).await });
    Served { url, runtime: Some(runtime) }
}

/// A port that belongs to a test and refuses all connections until it listens, and its URL.
pub(crate) fn closed() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let url = format!("http://{}/mcp", socket.local_addr().unwrap());
    (socket, url)
}

/// Plain JSON in the place of a stream of events.
pub(crate) fn in_json() -> StreamableHttpServerConfig {
    let config = StreamableHttpServerConfig::default();
    config.with_legacy_session_mode(false).with_json_response(true)
}

async fn guard(State(remote): State<Remote>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let says = |name, what| headers.get(name).is_some_and(|value| value == what);
    if !says("authorization", "Bearer right") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match StatusCode::from_u16(remote.status.load(Ordering::SeqCst)) {
        Ok(status) if !says("mcp-name", "hang") => {
            let is_list = says("mcp-method", "tools/list");
            remote.lists_declined.fetch_add(usize::from(is_list), Ordering::SeqCst);
            let headers = [(CONTENT_TYPE, "application/json"), (RETRY_AFTER, "7")];
            (status, headers, SAID).into_response()
        }
        _ => next.run(request).await,
    }
}

pub(crate) fn remote_at(url: &str) -> ServerConfig {
    ServerConfig::http(url, [("Authorization", "Bearer right")])
}
