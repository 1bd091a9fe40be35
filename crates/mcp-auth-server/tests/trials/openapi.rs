//! Generated requests against `/openapi.json`, by schemathesis: no 500, no answer that is not documented.

use std::ffi::OsString;
use std::process::Command;

use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;

use crate::client::Ask;
use crate::server::Server;

/// The routes that can end the very token they are asked with.
const ENDING: &str = "/api/v1/auth/(logout|revoke)";

/// What fits the schema and is refused all the same is documented as 422: a schema cannot say all.
const NOT_ASKED: &str = "positive_data_acceptance";

#[test]
fn every_answer_is_documented_with_a_token_and_without() {
    let Some(python) = python() else {
        println!("SKIPPED schemathesis: run `cargo xtask test`, which brings it");
        return;
    };
    let server = Server::with(&[("MCP_RATE_LIMIT_ENABLED", "false"), ("LOG_LEVEL", "ERROR")]);
    // A made-up request may well name this very user: its generation is one that no change of the account reaches.
    let token_of = |name: &str| {
        let new = NewToken::access(name).with_role(Role::Superadmin);
        server.mint(&new.with_session("trial", 1_000_000))
    };
    let header = |token: &str| format!("Authorization: Bearer {token}");
    let token = token_of("asks-on");
    run(&python, &server, "20", &["--header", &header(&token), "--exclude-path-regex", ENDING]);
    let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&token));
    assert_eq!(me.status, 200, "the token was good to the end: {me:?}");
    let header = header(&token_of("ends-itself"));
    run(&python, &server, "10", &["--header", &header, "--include-path-regex", ENDING]);
    run(&python, &server, "15", &[]);
}

fn run(python: &OsString, server: &Server, seconds: &str, more: &[&str]) {
    let document = format!("http://{}/openapi.json", server.address);
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "run", &document, "--exclude-checks", NOT_ASKED]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "1000"]);
    command.args([
        "--max-time",
        seconds,
        "--request-timeout",
        "20",
        "--suppress-health-check",
        "all",
    ]);
    command.args(["--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color"]);
    command.args(["--generation-database", "none"]).args(more);
    let output = command.current_dir(server.directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let cases = said.lines().find(|line| line.contains("generated"));
    println!("schemathesis, {} options: {}", more.len(), cases.unwrap_or_default().trim());
    assert!(cases.is_some(), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "the test runner says where it is")]
fn python() -> Option<OsString> {
    std::env::var_os("MCP_AUTH_SCHEMATHESIS_PYTHON").filter(|python| !python.is_empty())
}
