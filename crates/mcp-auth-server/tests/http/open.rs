//! With authentication switched off: for this machine only, and for nothing that lasts.

use serde_json::json;

use crate::client::Ask;
use crate::server::{PASSWORD, Server, eventually};

#[test]
fn only_this_machine_is_answered_and_accounts_are_closed() {
    let server = Server::with(&[("MCP_AUTH_ENABLED", "false")]);
    assert_eq!(server.ask(&Ask::get("/health")).status, 200);
    let foreign = [
        Ask::get("/health").header("Host", "evil.example"),
        Ask::get("/health").header("Origin", "http://evil.example"),
        Ask::get("/health").header("Origin", "null"),
    ];
    for ask in foreign {
        assert_eq!(server.ask(&ask).refusal(), (403, "permission_denied".into()), "{ask:?}");
    }
    let local = Ask::get("/health").header("Origin", "http://localhost:5173");
    assert_eq!(server.ask(&local).status, 200);

    let servers = server.ask(&Ask::get("/api/v1/mcp/servers"));
    assert_eq!((servers.status, servers.json()), (200, json!([])), "nobody in particular may look");
    let program = json!({ "transport": "stdio", "endpoint": "true" });
    let login = json!({ "username": "admin", "password": PASSWORD });
    let closed = [
        Ask::post("/api/v1/auth/token").json(&login),
        Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": "x" })),
        Ask::post("/api/v1/auth/logout"),
        Ask::post("/api/v1/auth/revoke").json(&json!({ "user_id": "admin" })),
        Ask::get("/api/v1/auth/me"),
        Ask::get("/api/v1/auth/tokens"),
        Ask::get("/api/v1/auth/users"),
        Ask::new("DELETE", "/api/v1/auth/users/admin"),
        Ask::post("/api/v1/mcp/servers/mine/connect").json(&program),
        Ask::post("/api/v1/mcp/servers/mine/disconnect"),
        Ask::post("/api/v1/mcp/reload-config"),
    ];
    for ask in closed {
        assert_eq!(server.ask(&ask).refusal(), (403, "permission_denied".into()), "{ask:?}");
    }

    let unknown = server.ask(&Ask::get("/api/v1/mcp/tools/no_such_tool"));
    assert_eq!(unknown.refusal(), (404, "not_found".into()));
    eventually("each refusal names its caller, whoever made it", || {
        let audit = server.audit();
        let is_named = |line: &str| line.contains(r#""user_id":"anonymous""#);
        ["connect mine", "no_such_tool"]
            .iter()
            .all(|what| audit.lines().any(|line| line.contains(what) && is_named(line)))
    });
}
