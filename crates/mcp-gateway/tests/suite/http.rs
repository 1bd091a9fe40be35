//! MCP over streamable HTTP, with servers made with `rmcp` in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use mcp_gateway::{CallError, Options, ServerConfig, Status};
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
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::support::{call, options, start, text, until};

#[derive(Clone, Default)]
struct Remote {
    has_more: Arc<AtomicBool>,
    changed: Arc<Notify>,
    cancelled: Arc<AtomicUsize>,
    /// Calls that whoever wanted the answer posted by itself.
    direct: Arc<AtomicUsize>,
    /// What all but hanging calls are answered with; 0 for nothing special.
    status: Arc<AtomicU16>,
    /// Lists that were answered so.
    lists_declined: Arc<AtomicUsize>,
}

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
        let schema = json!({"type": "object"}).as_object().unwrap().clone();
        let mut names = vec!["echo", "big", "hang", "for the library"];
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
        let arguments = call.arguments.unwrap_or_default();
        let text = match &*call.name {
            "big" => "x".repeat(1_000_000),
            "hang" => {
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
struct Served {
    url: String,
    runtime: Option<Runtime>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Serves at a free port, or at one that was served before; only who has the right key gets in.
async fn serve(remote: Remote, at: Option<&str>) -> Served {
    serve_as(remote, at, StreamableHttpServerConfig::default()).await
}

/// Old protocol versions and plain JSON instead of a stream of events, as asked for.
async fn serve_as(remote: Remote, at: Option<&str>, config: StreamableHttpServerConfig) -> Served {
    let address = at.map_or("127.0.0.1:0", |url| {
        url.strip_prefix("http://").unwrap().split('/').next().unwrap()
    });
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let address = address.to_owned();
    let bound = runtime.spawn(async move { TcpListener::bind(address).await });
    let listener = bound.await.unwrap().unwrap();
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
    runtime.spawn(async move { axum::serve(listener, router).await });
    Served { url, runtime: Some(runtime) }
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
            status.into_response()
        }
        _ => next.run(request).await,
    }
}

fn remote_at(url: &str) -> ServerConfig {
    ServerConfig::http(url, [("Authorization", "Bearer right")])
}

#[tokio::test]
async fn the_newest_protocol_is_spoken_in_both_forms() {
    let events = StreamableHttpServerConfig::default();
    let json = events.clone().with_legacy_session_mode(false).with_json_response(true);
    for form in [events, json] {
        let remote = Remote::default();
        let served = serve_as(remote.clone(), None, form).await;
        let gateway = start(&[("remote", remote_at(&served.url))], options()).await;
        let health = gateway.health_of("remote").unwrap();
        assert_eq!(health.status, Status::Connected, "{:?}", health.error);
        assert_eq!(health.protocol_version.as_deref(), Some("2026-07-28"));
        assert_eq!(gateway.resolve("echo").unwrap().version(), "9.9");
        assert_eq!(text(&gateway, "echo", json!({"text": "far"})).await, "far");
        let large = call(&gateway, "big", json!({})).await.unwrap_err();
        assert_eq!(large, CallError::TooLarge { server: "remote".into(), limit: 256 * 1024 });
        assert_eq!(text(&gateway, "echo", json!({"text": "still"})).await, "still");
        assert_eq!(remote.direct.load(Ordering::SeqCst), 3, "each goes by itself");
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn new_tools_and_calls_that_nobody_waits_for_are_announced() {
    let remote = Remote::default();
    let served = serve(remote.clone(), None).await;
    let gateway = start(&[("remote", remote_at(&served.url))], options()).await;
    remote.has_more.store(true, Ordering::SeqCst);
    remote.changed.notify_one();
    until("the new tool is listed", || gateway.resolve("more").is_ok()).await;
    let hang = gateway.resolve("hang").unwrap();
    let late = gateway.call(&hang, json!({}), Some(Duration::from_millis(100))).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { .. }));
    until("the server knows", || remote.cancelled.load(Ordering::SeqCst) == 1).await;
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_is_a_failure_that_shows_no_key() {
    let served = serve(Remote::default(), None).await;
    let wrong = ServerConfig::http(&served.url, [("Authorization", "Bearer wrong-key")]);
    let gateway = start(&[("remote", wrong)], options()).await;
    let status = gateway.server("remote").unwrap();
    assert_eq!(status.status, Status::Failed);
    let error = status.error.unwrap();
    assert!(!error.contains("wrong-key"), "{error}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_goes_away_fails_its_calls_and_is_found_again() {
    let restart = mcp_gateway::RestartPolicy {
        failures_to_open: 1000,
        longest_pause: Duration::from_millis(50),
        ..options().restart
    };
    let options = Options { restart, ..options() };
    let served = serve(Remote::default(), None).await;
    let gateway = start(&[("remote", remote_at(&served.url))], options).await;
    let url = served.url.clone();
    drop(served);
    let failed = call(&gateway, "echo", json!({})).await.unwrap_err();
    assert!(matches!(failed, CallError::ServerFailed { .. }), "{failed}");
    until("it is seen to be gone", || gateway.health()[0].status != Status::Connected).await;
    let _again = serve(Remote::default(), Some(&url)).await;
    until("it was found again", || {
        gateway.health()[0].starts > 1 && gateway.health()[0].status == Status::Connected
    })
    .await;
    assert_eq!(text(&gateway, "echo", json!({"text": "back"})).await, "back");
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_one_call_is_declined_for_ends_no_other() {
    let remote = Remote::default();
    let served = serve(remote.clone(), None).await;
    let gateway = Arc::new(start(&[("remote", remote_at(&served.url))], options()).await);
    let hang = gateway.resolve("hang").unwrap();
    let hanging = {
        let (gateway, hang) = (Arc::clone(&gateway), hang.clone());
        tokio::spawn(async move { gateway.call(&hang, json!({}), None).await })
    };
    until("it hangs", || remote.direct.load(Ordering::SeqCst) == 1).await;
    remote.status.store(403, Ordering::SeqCst);
    let declined = |status| CallError::Declined { server: "remote".into(), status };
    assert_eq!(call(&gateway, "echo", json!({})).await, Err(declined(403)));
    remote.status.store(429, Ordering::SeqCst);
    for tool in ["echo", "for the library"] {
        assert_eq!(call(&gateway, tool, json!({})).await, Err(declined(429)), "{tool}");
    }
    // A call without an answer has the server looked at, and it declines that too.
    let late = gateway.call(&hang, json!({}), Some(Duration::from_millis(1))).await;
    assert!(matches!(late, Err(CallError::Timeout { .. })));
    until("it was looked at", || remote.lists_declined.load(Ordering::SeqCst) == 1).await;
    remote.status.store(0, Ordering::SeqCst);
    assert_eq!(text(&gateway, "echo", json!({"text": "still"})).await, "still");
    assert!(!hanging.is_finished() && gateway.health()[0].starts == 1);
    gateway.shutdown().await;
    assert!(matches!(hanging.await.unwrap(), Err(CallError::Cancelled { .. })));
}
