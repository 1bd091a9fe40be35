//! Clients choose the names in their requests: none is too long for the audit.

use mcp_auth::roles::Role;
use serde_json::json;

use crate::client::{Answer, Ask};
use crate::server::{PASSWORD, Server};

/// As long as a head may be. In JSON each is twice as long or more.
fn long_names() -> [String; 3] {
    ["\"".repeat(31_000), "%01".repeat(10_300), "%22".repeat(10_300)]
}

fn assert_short(refused: &Answer, status: u16) {
    assert_eq!(refused.status, status, "{refused:?}");
    assert!(refused.body.len() < 400, "{refused:?}");
}

#[test]
fn long_names_neither_stop_the_audit_nor_stand_on_it() {
    let server = Server::start();
    let (admin, _) = server.admin();
    let user = server.token_of("mallory", Role::User);
    let ask =
        |method: &str, path: &str, token: &str| server.ask(&Ask::new(method, path).bearer(token));
    let mut quoted = Vec::new();
    for name in long_names() {
        for (method, path, token, status) in [
            ("GET", "mcp/tools/", &user, 404),
            ("GET", "mcp/tools?server_name=", &user, 422),
            ("GET", "auth/users/", &admin, 404),
            ("GET", "auth/users?after=", &admin, 422),
            ("DELETE", "auth/users/", &admin, 404),
        ] {
            // No query holds one that is not encoded.
            if path.ends_with('=') && name.contains('"') {
                continue;
            }
            let refused = ask(method, &format!("/api/v1/{path}{name}"), token);
            assert_short(&refused, status);
            quoted.push(refused.text("error_id"));
        }
        for path in ["connect", "disconnect", "health"] {
            let method = if path == "health" { "GET" } else { "POST" };
            let refused = ask(method, &format!("/api/v1/mcp/servers/{name}/{path}"), &user);
            assert_short(&refused, 404);
            quoted.push(refused.text("error_id"));
        }
    }
    let body = json!({ "username": "\u{1}".repeat(100_000), "password": PASSWORD });
    assert_short(&server.ask(&Ask::post("/api/v1/auth/token").json(&body)), 422);
    assert_short(&server.ask(&Ask::post("/api/v1/auth/users").bearer(&admin).json(&body)), 422);

    assert_eq!(server.ask(&Ask::get("/ready")).status, 200);
    assert_eq!(server.sign_in("admin", PASSWORD).status, 200);
    let audit = server.audit();
    assert!(quoted.iter().all(|id| audit.contains(id)), "{audit}");
    assert!(!audit.contains("audit_interrupted"), "{audit}");
    assert!(audit.lines().chain(server.log().lines()).all(|line| line.len() < 2_000));
}
