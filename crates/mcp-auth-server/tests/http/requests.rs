//! Requests that are not as they should be.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use mcp_auth::roles::Role;
use serde_json::json;

use crate::client::{Ask, read_answer};
use crate::server::{Server, eventually};

const TOKEN: &str = "/api/v1/auth/token";

#[test]
fn bodies_that_cannot_be_read_are_refused_by_what_is_wrong() {
    let server = Server::start();
    let long = format!("{{\"username\":\"{}\"}}", "a".repeat(1024 * 1024));
    let deep = "[".repeat(100_000);
    let cases = [
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/json", "{", 422, "unprocessable"),
        ("application/json", "[]", 422, "unprocessable"),
        ("application/json", "", 422, "unprocessable"),
        ("application/json", r#"{"username":1,"password":"x"}"#, 422, "unprocessable"),
        ("application/json", r#"{"username":"admin"}"#, 422, "unprocessable"),
        ("application/json", r#"{"username":"a","password":"b","extra":{}}"#, 401, "login_failed"),
        ("application/json", &deep, 422, "unprocessable"),
        ("application/json", &long, 413, "too_large"),
        ("application/x-www-form-urlencoded", "username=a&username=b", 422, "unprocessable"),
    ];
    for (kind, body, status, code) in cases {
        let refused = server.ask(&Ask::post(TOKEN).body(kind, body));
        assert_eq!(
            refused.refusal(),
            (status, code.into()),
            "{kind} {}",
            &body[..body.len().min(60)]
        );
    }
}

#[test]
fn paths_and_methods_that_are_not_there() {
    let server = Server::start();
    for path in [
        "/",
        "/api",
        "/api/v1/auth",
        "/api/v1/auth/me/",
        "/%00",
        "//health",
        "/api/v1/auth/users/%ff",
    ] {
        let token = server.token_of("ops", Role::Admin);
        let refused = server.ask(&Ask::get(path).bearer(&token));
        assert_eq!(refused.refusal(), (404, "not_found".into()), "{path}");
    }
    let other = server.ask(&Ask::new("DELETE", TOKEN));
    assert_eq!(other.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(other.header("allow"), Some("POST, OPTIONS"));
    let options = server.ask(&Ask::new("OPTIONS", "/api/v1/auth/users"));
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, POST, HEAD, OPTIONS")));
    let head = server.ask(&Ask::new("HEAD", "/health"));
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let invented = server.ask(&Ask::new("FROBNICATE", "/health"));
    assert_eq!(invented.refusal(), (405, "method_not_allowed".into()));
}

#[test]
fn a_token_in_the_url_is_refused_everywhere_and_logged_nowhere() {
    let server = Server::start();
    let token = server.token_of("ci", Role::User);
    for path in ["/health", "/api/v1/auth/me", "/openapi.json", "/nowhere"] {
        for name in ["token", "access_token", "%74oken"] {
            let asked = Ask::get(&format!("{path}?x=1&{name}={token}")).bearer(&token);
            assert_eq!(server.ask(&asked).refusal(), (400, "token_in_url".into()), "{path} {name}");
        }
    }
    assert!(!server.log().contains(&token));
}

#[test]
fn a_token_in_the_place_of_a_name_is_written_nowhere() {
    let server = Server::start();
    let token = server.token_of("ops", Role::Admin);
    let ask = |method: &str, path: String| Ask::new(method, &path).bearer(&token);
    let asked = [
        ask("GET", format!("/api/v1/mcp/tools/{token}")),
        ask("POST", format!("/api/v1/mcp/servers/{token}/disconnect")),
        ask("PATCH", format!("/api/v1/auth/users/{token}")).json(&json!({ "role": "user" })),
        ask("POST", "/api/v1/auth/revoke".into()).json(&json!({ "jti": token })),
        ask("POST", "/api/v1/auth/revoke".into()).json(&json!({ "user_id": token })),
    ];
    for ask in &asked {
        let answer = server.ask(ask);
        assert!(matches!(answer.status, 200 | 404 | 422), "{answer:?}");
    }
    let last = server.ask(&Ask::get("/api/v1/auth/me")).text("error_id");
    eventually("the last refusal is on the audit", || server.audit().contains(&last));
    let signature = token.rsplit('.').next().unwrap();
    for written in [server.audit(), server.log()] {
        assert!(written.contains("[token ") && !written.contains(signature), "{written}");
    }
}

#[test]
fn two_credentials_are_one_too_many() {
    let server = Server::start();
    let token = server.token_of("ci", Role::User);
    let refused = server.ask(&Ask::get("/api/v1/auth/me").bearer(&token).bearer(&token));
    assert_eq!(refused.refusal(), (400, "bad_request".into()));
}

#[test]
fn heads_that_are_too_large_or_broken_end_at_the_door() {
    let server = Server::start();
    let many = (0..150).fold(Ask::get("/health"), |ask, at| ask.header(&format!("X-{at}"), "x"));
    let raw = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    assert!(raw(&many.bytes()).starts_with("HTTP/1.1 431 "));
    let large = Ask::get("/health").header("X-Large", "x".repeat(64 * 1024));
    assert!(raw(&large.bytes()).starts_with("HTTP/1.1 431 "));
    let just_above = Ask::get("/health").header("X-Large", "x".repeat(32 * 1024));
    assert!(raw(&just_above.bytes()).starts_with("HTTP/1.1 431 "));
    let target = Ask::get(&format!("/health?x={}", "x".repeat(32 * 1024)));
    assert!(raw(&target.bytes()).starts_with("HTTP/1.1 414 "));
    let just_below = Ask::get("/health").header("X-Large", "x".repeat(32_000));
    assert!(raw(&just_below.bytes()).starts_with("HTTP/1.1 200 "));
    assert!(raw(b"NONSENSE\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let chunked = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense\r\n";
    assert!(raw(chunked).starts_with("HTTP/1.1 400 "));
    assert_eq!(server.ask(&Ask::get("/health")).status, 200);
}

#[test]
fn a_client_cannot_write_into_the_log() {
    let server = Server::start();
    let name = "eve\u{1b}[2J\u{202e}\r\nINFO login_succeeded user_id=\"admin\"";
    let refused = server.sign_in(name, "wrong password");
    assert_eq!(refused.status, 401);
    let agent =
        Ask::get("/health").header("X-Request-Id", "mine").header("User-Agent", "\u{1b}[2J");
    let answer = server.ask(&agent);
    assert_ne!(answer.header("x-request-id"), Some("mine"), "only trusted proxies name requests");
    let log = server.log();
    assert!(!log.contains('\u{1b}') && !log.contains('\u{202e}'), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("INFO login_succeeded")), "{log}");
}

#[test]
fn a_trusted_proxy_names_the_client_and_the_request() {
    let server = Server::with(&[("MCP_TRUSTED_PROXIES", "127.0.0.1")]);
    let asked = Ask::post(TOKEN)
        .header("X-Forwarded-For", "198.51.100.7")
        .header("X-Request-Id", "from-the-proxy");
    let refused = server.ask(&asked.json(&json!({ "username": "a", "password": "b" })));
    assert_eq!(refused.header("x-request-id"), Some("from-the-proxy"));
    let audit = server.audit();
    let line = audit.lines().find(|line| line.contains("login_failed")).unwrap();
    assert!(line.contains("198.51.100.7") && line.contains("from-the-proxy"), "{line}");
}

#[test]
fn a_connection_carries_many_requests() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).unwrap();
        assert!(bytes[..read].starts_with(b"HTTP/1.1 200 "));
    }
    stream.write_all(&Ask::get("/health").bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).status, 200);
}
