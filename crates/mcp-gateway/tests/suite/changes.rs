//! Connecting, disconnecting and reloading while the gateway runs.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use crate::remote;
use crate::support::{self, call, fault_server, options, start, start_one, text, until};
use mcp_gateway::{ChangeError, Config, Options, ServerConfig, Status};
use serde_json::json;

#[tokio::test]
async fn a_status_tells_what_there_is() {
    let servers = [
        ("fault", fault_server(&[]).description("for tests")),
        ("later", fault_server(&[]).auto_connect(false)),
    ];
    let gateway = start(&servers, options()).await;
    let [fault, later] = gateway.servers().try_into().unwrap();
    assert_eq!((fault.status, fault.tool_count), (Status::Connected, 13));
    assert_eq!((fault.transport, fault.description.as_str()), ("stdio", "for tests"));
    assert_eq!(fault.connection_time, Some(UNIX_EPOCH));
    assert_eq!(fault.endpoint, support::example("fault_server"));
    assert_eq!((later.status, later.error), (Status::Disconnected, None));
    let later = gateway.reconnect("later").await.unwrap();
    assert_eq!(later.status, Status::Connected);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_server_comes_and_goes_by_hand() {
    let gateway = start(&[], options()).await;
    let line = support::example("fault_server");
    let config = ServerConfig::from_endpoint("stdio", &format!("'{line}' +extra")).unwrap();
    let status = gateway.connect("fault", config).await.unwrap();
    assert_eq!(status.status, Status::Connected);
    assert_eq!(text(&gateway, "extra", json!({"text": "here"})).await, "here");
    let gone = gateway.disconnect("fault").await.unwrap();
    assert_eq!((gone.status, gone.tool_count), (Status::Disconnected, 0));
    assert!(gateway.resolve("extra").is_err());
    assert_eq!(gateway.reconnect("fault").await.unwrap().status, Status::Connected);
    assert!(gateway.resolve("extra").is_ok());
    let unknown = gateway.disconnect("other").await.unwrap_err();
    assert_eq!(unknown, ChangeError::Unknown { name: "other".into() });
    let name = gateway.connect("a__b", fault_server(&[])).await.unwrap_err();
    assert_eq!(name, ChangeError::Name { name: "a__b".into() });
    gateway.shutdown().await;
    let stopping = gateway.connect("fault", fault_server(&[])).await.unwrap_err();
    assert_eq!(stopping, ChangeError::Stopping);
}

/// They stay listed for good, so whoever connects more and more must come to an end.
#[tokio::test]
async fn so_many_servers_are_connected_by_hand_and_no_more() {
    let options = Options { servers_by_hand: 1, ..options() };
    let gateway = start(&[("named", fault_server(&[]))], options).await;
    gateway.connect("one", fault_server(&[])).await.unwrap();
    gateway.disconnect("one").await.unwrap();
    let refused = gateway.connect("two", fault_server(&[])).await.unwrap_err();
    assert_eq!(
        (&refused, gateway.check_connect("two")),
        (&ChangeError::TooMany { most: 1 }, Err(refused.clone()))
    );
    assert!(refused.to_string().starts_with("there can be 1 servers"), "{refused}");
    let again = gateway.connect("one", fault_server(&[])).await.unwrap();
    assert_eq!(again.status, Status::Connected);
    gateway.reconnect("named").await.unwrap();
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_failed_connect_says_why_and_is_not_tried_again() {
    let (_socket, url) = remote::closed();
    let away = remote::remote_at(&url);
    for (config, reason) in [
        (fault_server(&["exit-at-start"]), "exit code 3"),
        (away, "cannot be reached: Connection refused"),
    ] {
        let gateway = start(&[], options()).await;
        let connecting = gateway.connect("fault", config.clone());
        let status = tokio::time::timeout(Duration::from_secs(20), connecting).await;
        let status = status.unwrap().unwrap();
        assert_eq!(status.status, Status::Failed);
        assert!(status.error.unwrap().contains(reason), "{reason}");
        // One that a file names is tried again, after pauses that the other would have had by then as well.
        let named_by_a_file = start(&[("fault", config)], options()).await;
        until("a third start", || named_by_a_file.health()[0].starts > 2).await;
        assert_eq!(gateway.health()[0].starts, 2, "{reason}");
        named_by_a_file.shutdown().await;
        gateway.shutdown().await;
    }
}

#[tokio::test]
async fn a_reload_touches_what_changed_and_nothing_else() {
    let servers =
        [("changes", fault_server(&[])), ("goes", fault_server(&[])), ("stays", fault_server(&[]))];
    let gateway = start(&servers, options()).await;
    gateway.connect("by-hand", fault_server(&[])).await.unwrap();
    let forked = text(&gateway, "stays__fork", json!({})).await;
    let config = Config::default()
        .with("changes", fault_server(&["+new"]))
        .with("comes", fault_server(&[]))
        .with("stays", fault_server(&[]));
    let reloaded = gateway.reload(&config).await.unwrap();
    assert_eq!(reloaded.started, ["changes", "comes"]);
    assert_eq!(reloaded.stopped, ["goes"]);
    assert_eq!(reloaded.kept, ["by-hand", "stays"]);
    gateway.settled().await;
    let names: Vec<_> = gateway.servers().into_iter().map(|server| server.name).collect();
    assert_eq!(names, ["by-hand", "changes", "comes", "stays"]);
    assert!(gateway.resolve("new").is_ok());
    assert!(support::runs(&forked), "`stays` was not started anew");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_reload_tells_which_entries_cannot_be_read() {
    let gateway = start_one().await;
    let read = |text: &str| Config::parse(text, Path::new("config.json"), |_| None).unwrap();
    let broken = read(r#"{"mcpServers": {"fault": {"comand": "x"}}}"#);
    for _ in 0..2 {
        let reloaded = gateway.reload(&broken).await.unwrap();
        let failed: Vec<_> = reloaded.failed.iter().map(|error| error.server.as_str()).collect();
        assert_eq!(failed, ["fault"]);
        assert!(reloaded.started.is_empty() && reloaded.kept.is_empty(), "{reloaded:?}");
        assert_eq!(gateway.health()[0].status, Status::Failed);
        assert!(call_is_unknown(&gateway), "what it was before is stopped");
    }
    let mended = Config::default().with("fault", fault_server(&[]));
    let reloaded = gateway.reload(&mended).await.unwrap();
    assert_eq!((reloaded.started, reloaded.failed), (vec!["fault".to_owned()], vec![]));
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_reference_to_a_tool_outlives_its_server() {
    let gateway = start_one().await;
    let echo = gateway.resolve("echo").unwrap();
    gateway.reload(&Config::default()).await.unwrap();
    let gone = gateway.call(&echo, json!({"text": ""}), None).await.unwrap_err();
    assert!(gone.to_string().contains("`fault`"), "{gone}");
    assert!(call_is_unknown(&gateway));
    gateway.shutdown().await;
}

fn call_is_unknown(gateway: &mcp_gateway::Gateway) -> bool {
    gateway.resolve("echo").is_err()
}

#[tokio::test]
async fn dropping_the_last_gateway_stops_the_servers() {
    let gateway = start_one().await;
    let forked = text(&gateway, "fork", json!({})).await;
    call(&gateway, "echo", json!({"text": ""})).await.unwrap();
    drop(gateway);
    until("the server's child is gone", || !support::runs(&forked)).await;
}
