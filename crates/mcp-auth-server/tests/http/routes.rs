//! Every route of the OpenAPI document is tried with every kind of bad token, or is on the list of exceptions.

use mcp_auth::clock::NumericDate;
use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::server::Server;

/// Routes that answer without an access token, and why.
const OPEN: &[(&str, &str)] = &[
    ("POST /api/v1/auth/token", "a name and a password are the credential"),
    ("POST /api/v1/auth/refresh", "a refresh token is the credential"),
    ("GET /health", "probes have no token"),
    ("GET /ready", "probes have no token"),
    ("GET /metrics", "public on a loopback address; see `metrics_can_be_closed`"),
    ("GET /openapi.json", "the interface is no secret"),
];

/// Routes that any access token will do for, and why.
const FOR_EVERYBODY: &[(&str, &str)] = &[
    ("POST /api/v1/auth/logout", "ends the own sign-in"),
    ("POST /api/v1/auth/revoke", "own tokens; see `what_is_anothers_takes_an_admin`"),
    ("GET /api/v1/auth/me", "the caller"),
    ("GET /api/v1/auth/tokens", "the caller's tokens"),
    ("GET /api/v1/mcp/servers", "shows what the policy allows"),
    ("GET /api/v1/mcp/tools", "shows what the policy allows"),
    ("GET /api/v1/mcp/tools/{name}", "the policy decides about each tool"),
    ("GET /api/v1/mcp/health", "shows what the policy allows"),
    ("GET /api/v1/mcp/servers/{name}/health", "the policy decides about each server"),
    ("POST /api/v1/mcp/tools/{name}/execute", "the policy decides about each tool"),
];

/// All routes, as `METHOD /path`.
fn routes(server: &Server) -> Vec<String> {
    let document = server.ask(&Ask::get("/openapi.json")).json();
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| -> Vec<_> {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

fn ask(server: &Server, route: &str, token: Option<&str>) -> Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace("{user_id}", "admin").replace("{name}", "demo");
    let ask = Ask::new(method, &path).json(&json!({ "role": "user" }));
    server.ask(&token.iter().fold(ask, |ask, token| ask.bearer(token)))
}

#[test]
fn every_route_refuses_every_bad_token() {
    let server = Server::start();
    let date = |seconds| NumericDate::new(seconds).unwrap();
    let admin = NewToken::access("ops").with_role(Role::Admin);
    let expired = admin.clone().with_identity("old", date(1_700_000_000), date(1_700_003_600));
    let revoked = server.mint(&admin);
    let out = server
        .ask(&Ask::post("/api/v1/auth/revoke").bearer(&revoked).json(&json!({ "token": revoked })));
    assert_eq!(out.status, 200, "{out:?}");
    let bad = [
        (None, "token_missing"),
        (Some("no.token.atall".to_owned()), "token_malformed"),
        (Some(server.mint(&NewToken::refresh("ops"))), "token_type_mismatch"),
        (Some(server.mint(&expired)), "token_expired"),
        (Some(revoked), "token_revoked"),
    ];
    let routes = routes(&server);
    assert!(routes.len() >= 15, "{routes:?}");
    for route in routes.iter().filter(|route| !OPEN.iter().any(|(open, _)| open == route)) {
        for (token, code) in &bad {
            let answer = ask(&server, route, token.as_deref());
            assert_eq!(answer.refusal(), (401, (*code).to_owned()), "{route}");
        }
    }
}

#[test]
fn every_route_for_admins_refuses_users() {
    let server = Server::start();
    let user = server.token_of("ci", Role::User);
    let custom = server.token_of("ci", "pipeline".parse().unwrap());
    let listed = |route: &str| OPEN.iter().chain(FOR_EVERYBODY).any(|(open, _)| *open == route);
    for route in routes(&server).iter().filter(|route| !listed(route)) {
        for token in [&user, &custom] {
            let answer = ask(&server, route, Some(token));
            assert_eq!(answer.refusal(), (403, "permission_denied".to_owned()), "{route}");
        }
    }
}

#[test]
fn the_exceptions_are_routes() {
    let server = Server::start();
    let routes = routes(&server);
    for (exception, why) in OPEN.iter().chain(FOR_EVERYBODY) {
        assert!(routes.iter().any(|route| route == exception), "{exception} is gone ({why})");
    }
}

#[test]
fn the_document_describes_every_answer() {
    let server = Server::start();
    let document = server.ask(&Ask::get("/openapi.json")).json();
    assert_eq!(document["openapi"], "3.1.0");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["Refusal", "RefusalCode", "Tokens", "User", "Me", "Server", "Tool", "ToolResult"] {
        assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys());
    }
    let text = document.to_string();
    for part in text.split("\"$ref\":\"").skip(1) {
        let reference = part.split('"').next().unwrap();
        let name = reference.strip_prefix("#/components/schemas/").expect(reference);
        assert!(schemas.contains_key(name), "{reference} leads nowhere");
    }
    let me = &document["paths"]["/api/v1/auth/me"]["get"];
    for status in ["200", "400", "401", "403", "500", "503"] {
        assert!(me["responses"][status].is_object(), "{status}: {me}");
    }
    assert_eq!(me["security"], json!([{ "bearer": [] }]));
}

#[test]
fn metrics_can_be_closed() {
    let server = Server::with(&[("MCP_METRICS_PUBLIC", "false")]);
    let asked = |token: Option<String>| ask(&server, "GET /metrics", token.as_deref());
    assert_eq!(asked(None).refusal(), (401, "token_missing".into()));
    let user = server.token_of("ci", Role::User);
    assert_eq!(asked(Some(user)).refusal(), (403, "permission_denied".into()));
    let admin = server.token_of("ops", Role::Admin);
    let metrics = asked(Some(admin));
    assert_eq!(metrics.status, 200);
    for line in [
        "mcp_auth_refusals_total{code=\"token_missing\"} 1",
        "mcp_auth_requests_total{method=\"GET\",route=\"/metrics\",status=\"403\"} 1",
        "mcp_auth_audit_writable 1",
    ] {
        assert!(metrics.body.contains(line), "{line}: {}", metrics.body);
    }
}
