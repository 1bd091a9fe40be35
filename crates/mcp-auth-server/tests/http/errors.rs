//! The five errors of the guide's troubleshooting section, as curl meets them.

use mcp_auth::clock::NumericDate;
use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::server::{Server, curl, mint};

const OTHER_SECRET: &str = "b81f9a5cf1e7c0d94f2a6e38d7b5041cb81f9a5cf1e7c0d94f2a6e38d7b5041c";

/// What a client gets for these headers; `None` where there is no curl.
fn answered(server: &Server, path: &str, headers: &[String]) -> Option<Value> {
    let url = format!("http://{}{path}", server.address);
    let headers = headers.iter().flat_map(|header| ["--header", header]);
    let arguments: Vec<_> = headers.chain([url.as_str()]).collect();
    Some(serde_json::from_str(&curl(&arguments)?).unwrap())
}

#[test]
fn the_errors_of_the_guide_read_as_in_the_guide() {
    let server = Server::start();
    let user = server.token_of("user123", Role::User);
    let date = |seconds| NumericDate::new(seconds).unwrap();
    let old = NewToken::access("admin").with_role(Role::Admin);
    let expired = server.mint(&old.with_identity("old", date(1_700_000_000), date(1_700_003_600)));
    let foreign = mint(OTHER_SECRET, &NewToken::access("admin").with_role(Role::Admin));
    let bearer = |token: &str| vec![format!("Authorization: Bearer {token}")];
    let (servers, users) = ("/api/v1/mcp/servers", "/api/v1/auth/users");
    let cases = [
        ("wrong secret", servers, bearer(&foreign), "Could not validate credentials", 401),
        (
            "no token at all",
            servers,
            bearer("invalid.token.here"),
            "Could not validate credentials",
            401,
        ),
        ("expired", servers, bearer(&expired), "Token has expired", 401),
        ("no header", servers, vec![], "Not authenticated", 401),
        (
            "wrong scheme",
            servers,
            vec![format!("Authorization: Token {user}")],
            "Not authenticated",
            401,
        ),
        ("wrong header", servers, vec![format!("Bearer: {user}")], "Not authenticated", 401),
        ("role too low", users, bearer(&user), "User does not have permission", 403),
    ];
    for (what, path, headers, detail, status) in cases {
        let Some(body) = answered(&server, path, &headers) else { return };
        assert_eq!(
            (&body["detail"], &body["status_code"]),
            (&json!(detail), &json!(status)),
            "{what}"
        );
        assert!(body["code"].is_string() && body["error_id"].is_string(), "{what}: {body}");
    }
    assert_eq!(answered(&server, servers, &bearer(&user)), Some(json!([])));
}

#[test]
fn a_refusal_challenges_and_its_reason_is_on_the_audit_only() {
    let server = Server::start();
    let missing = server.ask(&Ask::get("/api/v1/auth/me"));
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let foreign = mint(OTHER_SECRET, &NewToken::access("admin"));
    let wrong = server.ask(&Ask::get("/api/v1/auth/me").bearer(&foreign));
    let challenge = wrong.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert!(!wrong.body.contains("key"), "{wrong:?}");
    let id = wrong.text("error_id");
    crate::server::eventually("the refusal is on the audit", || server.audit().contains(&id));
    assert!(server.audit().contains("no configured key made the signature"));
    assert!(server.log().contains(&id));
}
