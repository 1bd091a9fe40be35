//! Servers over HTTP that are not there yet, refuse for a while, or are kept busy.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use mcp_gateway::{CallError, Config, Gateway, Options, RestartPolicy, Status};
use rmcp::transport::StreamableHttpServerConfig;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::remote::{Remote, SAID, Served, closed, in_json, remote_at, serve, serve_as, serve_on};
use crate::support::{call, options, start, text, until};

#[tokio::test]
async fn what_a_server_says_with_a_status_is_told_to_nobody() {
    let remote = Remote::default();
    let served = serve(remote.clone(), None).await;
    let gateway = start(&[("remote", remote_at(&served.url))], options()).await;
    let name = || "remote".to_owned();
    let forbidden = CallError::Declined { server: name(), status: 403, again_after: None };
    let message = "its answer is no message".to_owned();
    let unread = CallError::Protocol { server: name(), code: None, message };
    let reason = "it answered with the HTTP status 422".to_owned();
    let unprocessed = CallError::ServerFailed { server: name(), reason };
    for (status, tool, told) in [
        (403, "echo", &forbidden),
        (403, "for the library", &forbidden),
        (200, "echo", &unread),
        (200, "for the library", &unread),
        // The last: it has the server looked at, which is answered so too.
        (422, "for the library", &unprocessed),
    ] {
        remote.status.store(status, Ordering::SeqCst);
        let error = call(&gateway, tool, json!({"text": SAID})).await.unwrap_err();
        assert_eq!(&error, told, "{tool}");
    }
    until("it is given up", || gateway.health()[0].status == Status::Failed).await;
    let reason = gateway.health()[0].error.clone().unwrap();
    assert!(reason.contains("HTTP status 422") && !reason.contains(SAID), "{reason}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_call_that_goes_on_keeps_no_look_at_the_server_waiting() {
    let remote = Remote::default();
    let served = serve_as(remote.clone(), None, in_json()).await;
    let options = Options { calls_at_once: 1, ..options() };
    let gateway = Arc::new(start(&[("remote", remote_at(&served.url))], options).await);
    let hanging = {
        let (gateway, hang) = (Arc::clone(&gateway), gateway.resolve("hang in the library"));
        tokio::spawn(async move { gateway.call(&hang.unwrap(), json!({}), None).await })
    };
    until("it hangs", || remote.calls.load(Ordering::SeqCst) == 1).await;
    assert_eq!(remote.direct.load(Ordering::SeqCst), 0);
    let before = remote.lists.load(Ordering::SeqCst);
    remote.changed.notify_one();
    until("it was looked at", || remote.lists.load(Ordering::SeqCst) > before).await;
    assert!(!hanging.is_finished() && gateway.health()[0].starts == 1);
    gateway.shutdown().await;
    assert!(matches!(hanging.await.unwrap(), Err(CallError::Cancelled { .. })));
}

/// The server was not asked, so that nothing speaks against it.
#[tokio::test]
async fn a_call_that_gets_no_turn_in_time_is_told_that_the_server_is_busy() {
    let remote = Remote::default();
    let served = serve_as(remote.clone(), None, in_json()).await;
    let options = Options { calls_at_once: 1, ..options() };
    let gateway = Arc::new(start(&[("remote", remote_at(&served.url))], options).await);
    let hanging = {
        let (gateway, hang) = (Arc::clone(&gateway), gateway.resolve("hang").unwrap());
        let patience = Some(Duration::from_secs(2));
        tokio::spawn(async move { gateway.call(&hang, json!({}), patience).await })
    };
    until("it hangs", || remote.calls.load(Ordering::SeqCst) == 1).await;
    let before = remote.lists.load(Ordering::SeqCst);
    let echo = gateway.resolve("echo").unwrap();
    for _ in 0..3 {
        let late = gateway.call(&echo, json!({}), Some(Duration::from_millis(50))).await;
        let busy = CallError::Busy { server: "remote".into(), running: 1, waiting: 0 };
        assert_eq!(late.unwrap_err(), busy);
    }
    assert_eq!(remote.lists.load(Ordering::SeqCst), before, "it is not looked at");
    // Who has waited for a turn has the rest of the time.
    assert_eq!(text(&gateway, "echo", json!({"text": "then"})).await, "then");
    assert!(matches!(hanging.await.unwrap(), Err(CallError::Timeout { .. })));
    assert_eq!((remote.calls.load(Ordering::SeqCst), gateway.health()[0].starts), (2, 1));
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_list_that_changed_is_asked_for_until_it_is_had() {
    let remote = Remote::default();
    let served = serve(remote.clone(), None).await;
    let gateway = start(&[("remote", remote_at(&served.url))], options()).await;
    remote.status.store(429, Ordering::SeqCst);
    remote.has_more.store(true, Ordering::SeqCst);
    remote.changed.notify_one();
    until("it was refused", || remote.lists_declined.load(Ordering::SeqCst) >= 1).await;
    remote.status.store(0, Ordering::SeqCst);
    until("the new tool is listed", || gateway.resolve("more").is_ok()).await;
    assert_eq!(gateway.health()[0].starts, 1);
    gateway.shutdown().await;
}

/// With so many failures before a long pause, in which a server comes.
fn failing(failures: u32) -> Options {
    let restart = RestartPolicy {
        failures_to_open: failures,
        open_for: Duration::from_millis(500),
        longest_pause: Duration::from_millis(500),
        ..options().restart
    };
    Options { restart, ..options() }
}

fn watch(url: &str, options: Options) -> Gateway {
    Gateway::start(&Config::default().with("remote", remote_at(url)), options)
}

fn serve_late(listener: TcpListener) -> Served {
    let listener = listener.into_std().unwrap();
    serve_on(listener, Remote::default(), StreamableHttpServerConfig::default())
}

async fn speaks_the_newest(gateway: &Gateway) {
    until("it is connected", || gateway.health()[0].status == Status::Connected).await;
    assert_eq!(gateway.health()[0].protocol_version.as_deref(), Some("2026-07-28"));
}

#[tokio::test]
async fn one_that_comes_late_is_asked_for_the_newest_protocol_by_every_attempt() {
    for failures in 1..=3 {
        let (socket, url) = closed();
        let gateway = watch(&url, failing(failures));
        until("it has failed so often", || gateway.health()[0].circuit_open).await;
        let error = gateway.health()[0].error.clone().unwrap();
        let host = url.trim_end_matches("/mcp");
        let refused = format!("{host} cannot be reached: Connection refused");
        assert!(error.starts_with(&refused), "{error}");
        let _served = serve_late(socket.listen(16).unwrap());
        speaks_the_newest(&gateway).await;
        gateway.shutdown().await;
    }
}

/// Whatever answers with these is not the server, or has no time to be it.
#[tokio::test]
async fn neither_does_a_status_that_speaks_of_the_moment_lead_to_the_old_protocol() {
    for status in [429, 502, 503, 504] {
        let remote = Remote::default();
        remote.status.store(status, Ordering::SeqCst);
        let served = serve(remote.clone(), None).await;
        let gateway = watch(&served.url, failing(1));
        until("it has failed", || gateway.health()[0].circuit_open).await;
        let error = gateway.health()[0].error.clone().unwrap();
        assert_eq!(error, format!("it answered with the HTTP status {status}"));
        remote.status.store(0, Ordering::SeqCst);
        speaks_the_newest(&gateway).await;
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn one_that_wants_to_be_left_alone_at_its_start_is_so_for_as_long_as_it_may_ask() {
    let remote = Remote::default();
    let served = serve(remote.clone(), None).await;
    for status in [429, 503] {
        remote.status.store(status, Ordering::SeqCst);
        for (longest, pause) in [(10, 7), (5, 5)] {
            let longest_pause = Duration::from_secs(longest);
            let restart = RestartPolicy { longest_pause, ..options().restart };
            let options = Options { restart, ..options() };
            let gateway = start(&[("remote", remote_at(&served.url))], options).await;
            let health = gateway.health_of("remote").unwrap();
            assert_eq!((health.status, health.starts), (Status::Failed, 1));
            assert_eq!(health.pause, Some(Duration::from_secs(pause)));
            gateway.shutdown().await;
        }
    }
}

/// Behind a host that takes no connection and does not say so.
#[tokio::test]
async fn neither_does_a_host_that_is_silent_lead_to_the_old_protocol() {
    let (listener, waiting, url) = full_house().await;
    let options = Options { startup_timeout: Duration::from_secs(4), ..failing(1) };
    let gateway = watch(&url, options);
    until("it has failed", || gateway.health()[0].circuit_open).await;
    let error = gateway.health()[0].error.clone().unwrap();
    assert!(error.contains("cannot be reached: "), "{error}");
    drop(waiting);
    let _served = serve_late(listener);
    speaks_the_newest(&gateway).await;
    assert_eq!(text(&gateway, "echo", json!({"text": "late"})).await, "late");
    gateway.shutdown().await;
}

/// A listener with a queue so full that nobody else gets in, and those who stand in it.
async fn full_house() -> (TcpListener, Vec<TcpStream>, String) {
    let (socket, url) = closed();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (listener, waiting, url)
}

/// Refuses everybody, repeats the key, and goes on and on.
async fn repeats_the_key(headers: HeaderMap, request: Json<Value>) -> Json<Value> {
    let key = headers["authorization"].to_str().unwrap();
    let error =
        json!({"code": -32_000, "message": format!("bad key {key}{}", "x".repeat(100_000))});
    Json(json!({"jsonrpc": "2.0", "id": request.0["id"], "error": error}))
}

#[tokio::test]
async fn a_key_that_a_server_repeats_is_hidden_and_a_long_reason_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let app = Router::new().route("/mcp", post(repeats_the_key));
    let served = tokio::spawn(async move { axum::serve(listener, app).await });
    let entry =
        json!({"type": "http", "url": url, "headers": {"Authorization": "Bearer ${THE_KEY}"}});
    let file = json!({"mcpServers": {"far": entry}}).to_string();
    let config = Config::parse(&file, Path::new("config.json"), |_| Some(SAID.to_owned())).unwrap();
    let gateway = Gateway::start(&config, options());
    gateway.settled().await;
    let reason = gateway.server("far").unwrap().error.unwrap();
    assert!(reason.contains("bad key Bearer [hidden]") && !reason.contains(SAID), "{reason}");
    assert_eq!(reason.len(), 1024 + " ..".len());
    gateway.shutdown().await;
    served.abort();
}
