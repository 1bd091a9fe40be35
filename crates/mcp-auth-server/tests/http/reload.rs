//! Secrets that change while the server runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use mcp_auth::issue::NewToken;

use crate::client::Ask;
use crate::server::{Server, eventually, initialised, mint, program};

const NEXT: &str = "b81f9a5cf1e7c0d94f2a6e38d7b5041cb81f9a5cf1e7c0d94f2a6e38d7b5041c";

fn status(server: &Server, token: &str) -> u16 {
    server.ask(&Ask::get("/api/v1/auth/me").bearer(token)).status
}

#[test]
fn a_new_secret_signs_and_the_previous_one_still_verifies() {
    let server = Server::start();
    let (old, _) = server.admin();
    let foreign = mint(NEXT, &NewToken::access("ci"));
    assert_eq!((status(&server, &old), status(&server, &foreign)), (200, 401));

    let current = fs::read_to_string(server.data("jwt_secret")).unwrap();
    fs::write(server.data("jwt_previous_secrets"), current).unwrap();
    fs::write(server.data("jwt_secret"), NEXT).unwrap();
    eventually("the new secret holds", || status(&server, &foreign) == 200);
    assert_eq!(status(&server, &old), 200);
    assert!(server.audit().contains("\"event\":\"keys_changed\""));
    let (new, _) = server.admin();

    fs::remove_file(server.data("jwt_previous_secrets")).unwrap();
    server.signal("HUP");
    eventually("the old secret is forgotten", || status(&server, &old) == 401);
    assert_eq!(status(&server, &new), 200, "what was issued meanwhile is signed with the new one");
    assert!(!server.log().contains(NEXT) && !server.audit().contains(NEXT));
}

#[test]
fn a_broken_secret_keeps_the_last_good_one() {
    let server = Server::start();
    let (token, _) = server.admin();
    fs::write(server.data("jwt_secret"), "short").unwrap();
    server.signal("HUP");
    eventually("it is on the audit", || server.audit().contains("\"success\":false"));
    assert_eq!(status(&server, &token), 200);
    assert_eq!(server.ask(&Ask::get("/ready")).status, 200);
}

/// Makes a named pipe, into which nobody writes.
pub(super) fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Whoever opens a pipe waits for somebody to write into it.
#[test]
fn a_pipe_in_place_of_a_file_holds_nobody_up() {
    let directory = initialised();
    let [policy, config] = ["policy.toml", "config.json"].map(|name| directory.path().join(name));
    let rule = "[[rule]]\nname = 'all'\neffect = 'allow'\nroles = ['admin']\n";
    fs::write(&policy, rule).unwrap();
    fs::write(&config, r#"{"mcpServers": {}}"#).unwrap();
    let mut command = program(directory.path(), &[]);
    command.env("MCP_POLICY_FILE", &policy).env("MCP_CONFIG_FILE", &config);
    let server = Server::run(directory, command);
    let (token, _) = server.admin();
    for path in [&policy, &config, &server.data("jwt_secret")] {
        fs::remove_file(path).unwrap();
        pipe(path);
    }
    server.signal("HUP");
    for name in ["policy.toml", "jwt_secret"] {
        let told = format!("{name} is a named pipe");
        eventually("it is on the audit", || server.audit().contains(&told));
    }
    let reload = Ask::post("/api/v1/mcp/reload-config").bearer(&token);
    let refused = server.ask(&reload);
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(refused.text("detail").contains("config.json is a named pipe"), "{refused:?}");
    assert_eq!(status(&server, &token), 200);

    fs::remove_file(&config).unwrap();
    fs::write(&config, r#"{"mcpServers": {}}"#).unwrap();
    fs::remove_file(server.data("jwt_secret")).unwrap();
    fs::write(server.data("jwt_secret"), NEXT).unwrap();
    let foreign = mint(NEXT, &NewToken::access("ci"));
    eventually("the new secret holds", || status(&server, &foreign) == 200);
}
