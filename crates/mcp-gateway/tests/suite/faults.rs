//! Servers that misbehave, as real processes.

use std::time::Duration;

use crate::support::{self, call, fault_server, options, runs, start, start_one, text, until};
use mcp_gateway::{CallError, Content, Gateway, Options, RestartPolicy, ServerConfig, Status};
use serde_json::json;

async fn failed(server: ServerConfig, options: Options) -> Gateway {
    let gateway = start(&[("fault", server)], options).await;
    until("it has failed", || gateway.health()[0].status == Status::Failed).await;
    gateway
}

#[tokio::test]
async fn one_that_exits_at_start_opens_the_circuit_and_its_stderr_is_kept() {
    let server = ServerConfig::stdio(
        support::example("fault_server"),
        ["exit-at-start"],
        [("SECRET", "shown-because-it-stands-in-the-file")],
    );
    let gateway = failed(server, options()).await;
    until("the circuit is open", || gateway.health()[0].circuit_open).await;
    let health = gateway.health_of("fault").unwrap();
    assert_eq!((health.failures, health.starts), (5, 5));
    assert_eq!(health.stderr.len(), 5);
    assert!(health.stderr[0].starts_with("cannot go on"), "{:?}", health.stderr);
    let error = gateway.server("fault").unwrap().error.unwrap();
    assert!(error.contains("fault_server` ended with exit code 3; its health shows"), "{error}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said_to_be_so() {
    let server = ServerConfig::stdio("/no/such/program", [""; 0], [("", ""); 0]);
    let gateway = failed(server, options()).await;
    let error = gateway.server("fault").unwrap().error.unwrap();
    assert!(error.contains("`/no/such/program`, or what it calls, cannot be started"), "{error}");
    let stderr = gateway.health()[0].stderr.join("\n");
    assert!(stderr.contains("`/no/such/program`"), "{stderr}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_exits_mid_call_is_started_again() {
    let gateway = start_one().await;
    let died = call(&gateway, "exit", json!({"code": 7})).await.unwrap_err();
    assert!(matches!(died, CallError::ServerFailed { .. }), "{died}");
    until("it was started again", || gateway.health()[0].starts == 2).await;
    assert_eq!(text(&gateway, "echo", json!({"text": "back"})).await, "back");
    assert_eq!(gateway.health()[0].failures, 1);
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_never_answers_does_not_start() {
    let options = Options { startup_timeout: Duration::from_millis(300), ..options() };
    for word in ["silent", "deaf"] {
        let gateway = failed(fault_server(&[word]), options.clone()).await;
        let error = gateway.server("fault").unwrap().error.unwrap();
        assert!(error.contains("did not start within 0.3 s"), "{error}");
        gateway.shutdown().await;
    }
}

/// Nor does it count as well for the time that was waited for it.
#[tokio::test]
async fn one_that_never_answers_for_long_settles_too() {
    let patience = Duration::from_millis(300);
    let restart = RestartPolicy { well_after: patience, ..options().restart };
    let options = Options { startup_timeout: patience, restart, ..options() };
    let servers = [("fault", fault_server(&["silent"]))];
    let settled = start(&servers, options);
    let gateway = tokio::time::timeout(Duration::from_secs(20), settled).await.unwrap();
    assert!(gateway.health()[0].failures >= 2);
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_wants_the_old_handshake_gets_it() {
    let gateway = start(&[("fault", fault_server(&["strict"]))], options()).await;
    let health = gateway.health_of("fault").unwrap();
    assert_eq!((health.status, health.starts), (Status::Connected, 2));
    assert_eq!(health.protocol_version.as_deref(), Some("2025-11-25"));
    assert_eq!(health.implementation.as_deref(), Some("fault-server 1.2.3"));
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_speaks_the_first_version_of_the_protocol_is_understood() {
    let gateway = start(&[("fault", fault_server(&["old"]))], options()).await;
    let health = gateway.health_of("fault").unwrap();
    assert_eq!(health.protocol_version.as_deref(), Some("2024-11-05"), "{:?}", health.error);
    assert_eq!(text(&gateway, "echo", json!({"text": "heard"})).await, "heard");
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_speaks_no_known_version_of_the_protocol_is_left() {
    let gateway = failed(fault_server(&["banana"]), options()).await;
    let error = gateway.server("fault").unwrap().error.unwrap();
    let wanted = "it speaks version `banana` of the protocol, and known here are 2024-11-05, ";
    assert!(error.starts_with(wanted) && error.contains("2026-07-28"), "{error}");
    gateway.shutdown().await;
}

/// In pages, each of which is small enough.
#[tokio::test]
async fn one_that_lists_too_much_is_not_connected() {
    let options = Options { largest_message: 16 * 1024, ..options() };
    let added: Vec<_> = (0..25).map(|at| format!("+{at:0>1400}")).collect();
    let added: Vec<_> = added.iter().map(String::as_str).collect();
    let gateway = failed(fault_server(&added), options.clone()).await;
    let error = gateway.server("fault").unwrap().error.unwrap();
    assert!(error.starts_with("it lists tools of more than 65536 bytes"), "{error}");
    gateway.shutdown().await;
    let gateway = start(&[("fault", fault_server(&added[..15]))], options).await;
    assert_eq!(gateway.server("fault").unwrap().status, Status::Connected);
    gateway.shutdown().await;
}

#[tokio::test]
async fn two_hundred_calls_of_four_servers_end_beside_one_that_hangs() {
    let servers = ["hangs", "one", "three", "two"].map(|name| (name, fault_server(&[])));
    let gateway = start(&servers, options()).await;
    let fifty = |tool: &str| {
        let tool = gateway.resolve(tool).unwrap();
        let call = move |gateway: Gateway| {
            let tool = tool.clone();
            async move { gateway.call(&tool, json!({"text": "x"}), None).await }
        };
        (0..50).map(|_| tokio::spawn(call(gateway.clone()))).collect::<Vec<_>>()
    };
    let hanging = fifty("hangs__hang");
    until("its queue is long", || gateway.health()[0].calls_waiting == 18).await;
    for call in ["one__echo", "two__echo", "three__echo"].map(fifty).into_iter().flatten() {
        assert_eq!(call.await.unwrap().unwrap().content, Content::Text("x".into()));
    }
    assert!(!hanging.iter().any(tokio::task::JoinHandle::is_finished));
    gateway.shutdown().await;
    for call in hanging {
        assert!(matches!(call.await.unwrap(), Err(CallError::Cancelled { .. })));
    }
}

/// It is looked at after a call that got no answer, and answers that in its turn only.
#[tokio::test]
async fn one_that_does_one_thing_at_a_time_keeps_the_call_that_takes_long() {
    let options = Options { startup_timeout: Duration::from_secs(2), ..options() };
    let gateway = start(&[("fault", fault_server(&["one-by-one"]))], options).await;
    let (other, sleep) = (gateway.clone(), gateway.resolve("sleep").unwrap());
    let long = json!({"ms": 5000});
    let sleeping = tokio::spawn(async move { other.call(&sleep, long, None).await });
    until("it sleeps", || gateway.health()[0].calls_running == 1).await;
    let echo = gateway.resolve("echo").unwrap();
    let short = Some(Duration::from_millis(50));
    let late = gateway.call(&echo, json!({"text": ""}), short).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { .. }), "{late}");
    assert_eq!(sleeping.await.unwrap().unwrap().content, Content::Text("slept".into()));
    assert_eq!(text(&gateway, "echo", json!({"text": "still"})).await, "still");
    assert_eq!(gateway.health()[0].starts, 1);
    gateway.shutdown().await;
}

#[tokio::test]
async fn one_that_floods_its_stdout_is_ended() {
    let gateway = start_one().await;
    let before = resident_kib();
    let flooded = call(&gateway, "flood", json!({})).await.unwrap_err();
    let CallError::ServerFailed { .. } = flooded else { panic!("{flooded}") };
    until("it was started again", || gateway.health()[0].starts >= 2).await;
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 20 * 1024, "{grown} KiB more");
    assert_eq!(text(&gateway, "echo", json!({"text": "back"})).await, "back");
    assert!(gateway.health()[0].junk_lines >= 1);
    gateway.shutdown().await;
}

/// It ends slowly.
#[tokio::test]
async fn calls_wait_while_one_is_ended_to_be_started_again() {
    let options = Options { stop_grace: Duration::from_secs(1), ..options() };
    let gateway = start(&[("fault", fault_server(&["stay"]))], options).await;
    call(&gateway, "flood", json!({})).await.unwrap_err();
    let mut refused = Vec::new();
    let answered = loop {
        match call(&gateway, "echo", json!({"text": "back"})).await {
            Ok(answer) => break answer,
            // Until the connection is seen to be gone, calls go over it.
            Err(error) => refused.push(error.to_string()),
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(answered.content, Content::Text("back".into()));
    assert!(!refused.iter().any(|told| told.contains("not connected")), "{refused:?}");
    assert!(!refused.iter().any(|told| told.contains("floods")), "a restart that comes at once");
    assert_eq!(gateway.health()[0].starts, 2);
    gateway.shutdown().await;
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn lines_that_are_no_messages_are_counted_and_do_no_harm() {
    let gateway = start(&[("fault", fault_server(&["chatty"]))], options()).await;
    for _ in 0..10 {
        assert_eq!(text(&gateway, "echo", json!({"text": "heard"})).await, "heard");
    }
    gateway.disconnect("fault").await.unwrap();
    assert!(gateway.health()[0].junk_lines >= 30, "{:?}", gateway.health()[0]);
}

#[tokio::test]
async fn one_that_ignores_sigterm_is_killed() {
    let gateway = start(&[("fault", fault_server(&["stay"]))], options()).await;
    let pid = server_pid(&gateway).await;
    assert!(runs(&pid));
    gateway.shutdown().await;
    assert!(!runs(&pid));
}

/// The server is the parent of what it forks.
async fn server_pid(gateway: &Gateway) -> String {
    let forked = text(gateway, "fork", json!({})).await;
    let stat = std::fs::read_to_string(format!("/proc/{forked}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    rest.split_whitespace().nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn what_a_server_leaves_behind_is_ended_with_it() {
    let gateway = start_one().await;
    let mut left = Vec::new();
    for detached in [false, true] {
        left.push(text(&gateway, "fork", json!({"detached": detached})).await);
    }
    assert!(left.iter().all(|pid| runs(pid)));
    // By an end of the server's own, and by a stop.
    call(&gateway, "exit", json!({"code": 0})).await.unwrap_err();
    until("it was started again", || gateway.health()[0].starts == 2).await;
    assert!(!left.iter().any(|pid| runs(pid)), "{left:?}");
    let detached = text(&gateway, "fork", json!({"detached": true})).await;
    gateway.shutdown().await;
    assert!(!runs(&detached));
}

#[tokio::test]
async fn a_killed_guardian_takes_its_server_along() {
    let gateway = start_one().await;
    let server = server_pid(&gateway).await;
    let stat = std::fs::read_to_string(format!("/proc/{server}/stat")).unwrap();
    let guardian = stat.rsplit_once(") ").unwrap().1.split_whitespace().nth(1).unwrap().to_owned();
    kill(&guardian);
    until("it was started again", || gateway.health()[0].starts == 2).await;
    assert!(!runs(&server));
    assert_eq!(text(&gateway, "echo", json!({"text": "back"})).await, "back");
    gateway.shutdown().await;
}

fn kill(pid: &str) {
    let killed = std::process::Command::new("kill").args(["-KILL", pid]).status().unwrap();
    assert!(killed.success());
}
