//! MCP over streamable HTTP.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_gateway::{CallError, Options, ServerConfig, Status};
use rmcp::transport::StreamableHttpServerConfig;
use serde_json::json;

use crate::remote::{Remote, in_json, remote_at, serve, serve_as};
use crate::support::{call, options, start, text, until};

#[tokio::test]
async fn the_newest_protocol_is_spoken_in_both_forms() {
    let events = StreamableHttpServerConfig::default();
    for form in [events, in_json()] {
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
    let declined = |status, again_after| {
        Err(CallError::Declined { server: "remote".into(), status, again_after })
    };
    for tool in ["echo", "for the library"] {
        assert_eq!(call(&gateway, tool, json!({})).await, declined(403, None), "{tool}");
    }
    remote.status.store(429, Ordering::SeqCst);
    for tool in ["echo", "for the library"] {
        let in_seven = declined(429, Some(Duration::from_secs(7)));
        assert_eq!(call(&gateway, tool, json!({})).await, in_seven, "{tool}");
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
