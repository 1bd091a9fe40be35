//! Beside services in Python that use the guide's blacklist.

use std::{fs, thread};

use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use mcp_auth::store::TokenDigest;
use mcp_auth_rig::{Engine, Options};
use serde_json::json;

use crate::attempt::jti;
use crate::client::Ask;
use crate::house::{House, SECRET, command, demo, serve_in};
use crate::server::{eventually, mint};

fn key(token: &str) -> String {
    format!("token_blacklist:{}", TokenDigest::of(token.as_bytes()))
}

/// As `redis_client.setex(f"token_blacklist:{token_hash}", expiry_seconds, "revoked")` writes it.
#[test]
fn what_python_blacklists_is_refused_in_mode_direct() {
    for house in House::all(1, &[("MCP_REVOCATION_MODE", "direct")]) {
        let (access, refresh) = house.servers[0].admin();
        assert_eq!(house.me(0, &access).status, 200);
        house.node.ask(&["SETEX", &key(&access), "60", "revoked"]).unwrap();
        assert_eq!(house.me(0, &access).refusal(), (401, "token_revoked".to_owned()));
        house.node.ask(&["SETEX", &key(&refresh), "60", "revoked"]).unwrap();
        let ask = Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": refresh }));
        assert_eq!(house.ask(0, &ask).refusal(), (401, "token_revoked".to_owned()));
    }
}

/// A refresh token takes its sign-in with it, also one that is refused already; that is a revocation of ours.
#[test]
fn what_ends_with_a_token_that_python_blacklists_is_on_the_audit() {
    for house in House::all(1, &[("MCP_REVOCATION_MODE", "direct")]) {
        let (access, refresh) = house.servers[0].admin();
        house.node.ask(&["SETEX", &key(&refresh), "60", "revoked"]).unwrap();
        let other = house.servers[0].admin().0;
        let ask = Ask::post("/api/v1/auth/revoke").bearer(&other);
        let answer = house.ask(0, &ask.json(&json!({ "token": refresh })));
        assert_eq!(answer.status, 200, "{answer:?}");
        let audit = house.servers[0].audit();
        assert_eq!(house.me(0, &access).refusal(), (401, "token_revoked".to_owned()));
        let line = audit.lines().find(|line| line.contains("\"event\":\"token_revoked\""));
        let line = line.unwrap_or_else(|| panic!("no line: {audit}"));
        assert!(line.contains(&jti(&refresh)) && line.contains(&jti(&other)), "{line}");
    }
}

#[test]
fn measurements_are_shown_to_nobody_whom_python_blacklists() {
    let variables = [("MCP_REVOCATION_MODE", "direct"), ("MCP_METRICS_PUBLIC", "false")];
    for house in House::all(1, &variables) {
        let (access, _) = house.servers[0].admin();
        let metrics = || house.ask(0, &Ask::get("/metrics").bearer(&access));
        assert_eq!(metrics().status, 200);
        house.node.ask(&["SETEX", &key(&access), "60", "revoked"]).unwrap();
        assert_eq!(metrics().refusal(), (401, "token_revoked".to_owned()));
    }
}

#[test]
fn a_call_ends_whose_caller_python_blacklists() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let servers = json!({ "mcpServers": { "demo": { "command": demo() } } });
        fs::write(directory.path().join("servers.json"), servers.to_string()).unwrap();
        let variables = [("MCP_REVOCATION_MODE", "direct"), ("MCP_CONFIG_FILE", "servers.json")];
        let server = serve_in(directory, &node.url(), &variables);
        let (admin, _) = server.admin();
        let caller = mint(SECRET, &NewToken::access("alice").with_role(Role::User));
        let of_servers = |path: &str| {
            server.ask(&Ask::get(&format!("/api/v1/mcp/{path}")).bearer(&admin)).json()
        };
        eventually("it is connected", || of_servers("health")["status"] == "healthy");
        let running = || of_servers("servers/demo/health")["calls_running"].as_u64();
        thread::scope(|scope| {
            let call = scope.spawn(|| {
                let body = json!({ "arguments": { "seconds": 600 }, "timeout": 300 });
                let ask = Ask::post("/api/v1/mcp/tools/slow/execute").bearer(&caller);
                server.ask(&ask.json(&body))
            });
            eventually("the call runs", || running() == Some(1));
            node.ask(&["SETEX", &key(&caller), "60", "revoked"]).unwrap();
            assert_eq!(call.join().unwrap().refusal(), (401, "token_revoked".to_owned()));
        });
        eventually("the call is cancelled", || running() == Some(0));
    }
}

#[test]
fn what_is_revoked_here_is_on_the_blacklist() {
    for house in House::all(1, &[]) {
        let (access, _) = house.servers[0].admin();
        let ours = house.servers[0].sign_in("admin", crate::server::PASSWORD).text("access_token");
        let ask = Ask::post("/api/v1/auth/revoke").bearer(&access).json(&json!({ "token": ours }));
        assert_eq!(house.ask(0, &ask).status, 200);
        let held = house.node.ask(&["GET", &key(&ours)]).unwrap().into_text().unwrap();
        assert_eq!(held, "revoked");
    }
}

#[test]
fn doctor_tells_of_what_others_blacklist() {
    for house in House::all(1, &[]) {
        let doctor = || {
            let variables = [("MCP_STORE_URL", house.url.as_str()), ("MCP_JWT_SECRET", SECRET)];
            let directory = house.servers[0].directory.path();
            let told = command(directory, &variables, &["doctor"]).output().unwrap();
            String::from_utf8(told.stdout).unwrap()
        };
        let (access, _) = house.servers[0].admin();
        let ask =
            Ask::post("/api/v1/auth/revoke").bearer(&access).json(&json!({ "token": access }));
        assert_eq!(house.ask(0, &ask).status, 200);
        let quiet = doctor();
        assert!(!quiet.contains("blacklist"), "what is ours is known: {quiet}");
        house.node.ask(&["SETEX", &key("of another service"), "60", "revoked"]).unwrap();
        let told = doctor();
        assert!(told.contains("others have put 1 tokens on the blacklist"), "{told}");
    }
}
