//! Starts that are refused, and what is said at a start.

use std::fs;
use std::net::TcpListener;

use crate::client::Ask;
use crate::server::{Server, initialised, program};

/// Exit code and stderr of a start that fails.
fn failed(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let directory = initialised();
    let output = program(directory.path(), variables).arg("serve").output().unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn all_mistakes_are_told_together() {
    let (code, told) = failed(&[
        ("API_PORT", "many"),
        ("LOG_LEVEL", "loud"),
        ("MCP_JWT_EXPIRY_HOURS", "soon"),
        ("MCP_JWT_SECRET", "short"),
        ("MCP_TLS_CERT", "cert.pem"),
        ("MCP_TRUSTED_PROXIES", "everybody"),
        ("MCP_LOGIN_RATE_LIMIT", "sometimes"),
        ("MCP_RATE_LIMIT_STRATEGY", "elastic"),
        ("MCP_RATE_LIMIT_ENABLED", "perhaps"),
    ]);
    assert_eq!(code, Some(8), "{told}");
    for name in ["API_PORT", "LOG_LEVEL", "MCP_JWT_EXPIRY_HOURS", "MCP_JWT_SECRET", "MCP_TLS_KEY"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    assert!(
        told.contains("MCP_TRUSTED_PROXIES") && told.contains("MCP_LOGIN_RATE_LIMIT"),
        "{told}"
    );
    let strategies = "MCP_RATE_LIMIT_STRATEGY is none of fixed-window, moving-window and gcra";
    assert!(told.contains(strategies), "{told}");
    assert_eq!(told.matches("MCP_RATE_LIMIT_ENABLED").count(), 1, "each is told once: {told}");
}

#[test]
fn strangers_are_not_served_with_a_weak_secret_or_without_authentication() {
    let weak = "8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c9e2d5b8f1a3c6e9d2f5a8b1e4c7a0d";
    let (code, told) =
        failed(&[("API_HOST", "0.0.0.0"), ("API_PORT", "0"), ("MCP_JWT_SECRET", weak)]);
    assert!(code == Some(8) && told.contains("weak") && !told.contains(weak), "{told}");
    let (code, told) = failed(&[("API_HOST", "0.0.0.0"), ("MCP_AUTH_ENABLED", "false")]);
    assert!(code == Some(8) && told.contains("MCP_AUTH_ENABLED"), "{told}");
}

#[test]
fn a_taken_address_is_named_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, told) = failed(&[("API_PORT", &port)]);
    assert_eq!(code, Some(8), "{told}");
    assert!(told.contains(&port) && told.contains("hint:") && told.contains("--port"), "{told}");
}

#[test]
fn a_start_that_fails_is_no_stop_on_the_audit() {
    let server = Server::start();
    let port = server.address.port().to_string();
    let second = program(server.directory.path(), &[("API_PORT", &port)]).arg("serve").output();
    assert_eq!(second.unwrap().status.code(), Some(8));
    let audit = server.audit();
    assert_eq!(audit.matches("service_started").count(), 1, "{audit}");
    assert!(!audit.contains("service_stopped"), "the first one serves on: {audit}");
}

#[test]
fn strangers_are_told_of_on_the_log() {
    let server = Server::with(&[("API_HOST", "0.0.0.0")]);
    let log = server.log();
    assert!(log.contains("API_HOST") && log.contains("cross the network in clear"), "{log}");
}

#[test]
fn the_log_names_the_key_and_what_was_spelt_wrong() {
    let server = Server::with(&[
        ("MCP_MAX_TOKEN_AGES", "1"),
        ("LOG_LEVEL", "DEBUG"),
        ("LOG_FORMAT", "json"),
    ]);
    let token = server.token_of("ci", mcp_auth::roles::Role::User);
    assert_eq!(server.ask(&Ask::get("/api/v1/auth/me").bearer(&token)).status, 200);
    let log = server.log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(line["message"].is_string(), "{line}");
    }
    for word in ["fingerprint", "jwt_secret", "did you mean MCP_MAX_TOKEN_AGE?", "token_decoded"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    let secret = fs::read_to_string(server.data("jwt_secret")).unwrap();
    assert!(!log.contains(secret.trim_end()) && !log.contains(&token));
}
