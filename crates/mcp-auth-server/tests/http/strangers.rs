//! Strangers who are refused again and again.

use mcp_auth::roles::Role;

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server, eventually, program};

const ME: &str = "/api/v1/auth/me";

/// A server that refuses three requests of an address, and says so, before it is tired of it.
fn limited(window: &str) -> Server {
    Server::with(&[("MCP_REFUSED_RATE_LIMIT", &format!("3/{window}"))])
}

fn refused(server: &Server, times: usize) -> Vec<Answer> {
    (0..times).map(|_| server.ask(&Ask::get(ME).bearer("no.to.ken"))).collect()
}

/// Lines of the audit, once what was done is on it.
fn lines(server: &Server) -> usize {
    let admin = server.token_of("admin", Role::Admin);
    let marks = || server.audit().matches("\"event\":\"token_decoded\"").count();
    let before = marks();
    assert_eq!(server.ask(&Ask::get(ME).bearer(&admin)).status, 200);
    eventually("the line of what was asked last", || marks() > before);
    server.audit().lines().filter(|line| line.contains("\"code\":")).count()
}

#[test]
fn who_is_refused_too_often_leaves_no_more_lines() {
    let server = limited("hour");
    let first = refused(&server, 4);
    assert!(first.iter().all(|answer| answer.refusal() == (401, "token_malformed".into())));
    assert_eq!(lines(&server), 5, "four refusals, and the one line for what comes");
    let more = refused(&server, 20);
    for answer in &more {
        assert_eq!(answer.refusal(), (429, "rate_limited".into()));
        assert_eq!(answer.text("detail"), "Rate limit exceeded: 3 per 1 hour");
        assert_eq!(answer.text("error_id"), more[0].text("error_id"));
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((3_480..=3_600).contains(&wait), "{wait} s");
    }
    let others = [
        Ask::get(ME),
        Ask::get("/no/such/path"),
        Ask::new("PUT", ME),
        Ask::get("/api/v1/mcp/tools?token=x"),
        Ask::post("/api/v1/auth/refresh").json(&serde_json::json!({ "refresh_token": "x" })),
        Ask::post("/api/v1/auth/token").form("username=admin&password=wrong"),
    ];
    for other in others {
        assert_eq!(server.ask(&other).refusal(), (429, "rate_limited".into()), "{other:?}");
    }
    assert_eq!(lines(&server), 5);

    let mut explain = program(server.directory.path(), &[]);
    let explained = explain.args(["audit", "explain", &more[0].text("error_id")]).output().unwrap();
    let explained = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.contains("refused requests of this address"), "{explained}");
}

#[test]
fn a_good_token_passes_from_the_same_address() {
    let server = limited("hour");
    let (access, refresh) = server.admin();
    refused(&server, 5);
    assert_eq!(server.ask(&Ask::get(ME).bearer(&access)).status, 200);
    assert_eq!(server.ask(&Ask::get("/no/such/path").bearer(&access)).status, 404);
    let refreshed = server.ask(&Ask::post("/api/v1/auth/refresh").bearer(&refresh));
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    for open in ["/health", "/ready", "/openapi.json"] {
        assert_eq!(server.ask(&Ask::get(open)).status, 200, "{open}");
        assert_eq!(server.ask(&Ask::new("HEAD", open)).status, 200, "{open}");
    }
}

/// Whoever has a good token and does something wrong is no stranger.
#[test]
fn mistakes_with_a_good_token_are_not_counted() {
    let server = limited("hour");
    let (access, _) = server.admin();
    for _ in 0..5 {
        assert_eq!(server.ask(&Ask::get("/no/such/path").bearer(&access)).status, 404);
    }
    assert_eq!(refused(&server, 1)[0].status, 401);
}

#[test]
fn another_address_is_another_stranger() {
    let variables = [("MCP_REFUSED_RATE_LIMIT", "3/hour"), ("MCP_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::with(&variables);
    let from = |address: &str| server.ask(&Ask::get(ME).header("X-Forwarded-For", address)).status;
    for _ in 0..4 {
        assert_eq!(from("198.51.100.7"), 401);
        assert_eq!(from("2001:db8::1"), 401);
    }
    assert_eq!((from("198.51.100.7"), from("198.51.100.8")), (429, 401));
    assert_eq!((from("2001:db8::ffff"), from("2001:db8:0:1::1")), (429, 401), "one /64");
}

#[test]
fn it_is_over_when_the_window_closes() {
    let server = limited("second");
    eventually("four refusals within a second", || {
        refused(&server, 4);
        refused(&server, 1)[0].status == 429
    });
    eventually("the window closes", || refused(&server, 1)[0].status == 401);
    assert_eq!(server.sign_in("admin", PASSWORD).status, 200);
}

#[test]
fn without_limits_each_refusal_is_written() {
    let server =
        Server::with(&[("MCP_REFUSED_RATE_LIMIT", "1/hour"), ("MCP_RATE_LIMIT_ENABLED", "false")]);
    assert!(refused(&server, 9).iter().all(|answer| answer.status == 401));
    assert_eq!(lines(&server), 9);
}
