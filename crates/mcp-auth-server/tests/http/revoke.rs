//! What is revoked, and by whom.

use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::issue::NewToken;
use mcp_auth::roles::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::server::{Server, program};

fn revoke(server: &Server, token: &str, what: &Value) -> Answer {
    server.ask(&Ask::post("/api/v1/auth/revoke").bearer(token).json(what))
}

fn me(server: &Server, token: &str) -> Answer {
    server.ask(&Ask::get("/api/v1/auth/me").bearer(token))
}

#[test]
fn own_tokens_are_revoked_without_being_an_admin() {
    let server = Server::start();
    let (first, second) = (server.token_of("ci", Role::User), server.token_of("ci", Role::User));
    let revoked = revoke(&server, &first, &json!({ "token": second }));
    assert_eq!((revoked.status, revoked.text("status")), (200, "revoked".into()), "{revoked:?}");
    assert!(revoked.json()["durability"].is_string() && revoked.json()["bound_ms"].is_u64());
    assert_eq!(me(&server, &second).refusal(), (401, "token_revoked".into()));
    assert_eq!(me(&server, &first).status, 200);
    assert_eq!(revoke(&server, &first, &json!({ "token": second })).status, 200, "again is fine");

    let jti = me(&server, &first).json()["token"]["jti"].clone();
    assert_eq!(revoke(&server, &first, &json!({ "jti": jti })).status, 200);
    assert_eq!(me(&server, &first).refusal(), (401, "token_revoked".into()));
    assert!(server.audit().contains("\"event\":\"token_revoked\""));
}

/// Another server of the store may allow more: there it must be refused for having been revoked.
#[test]
fn what_is_too_old_here_is_revoked_all_the_same() {
    let server = Server::start();
    let admin = server.token_of("ops", Role::Admin);
    let now = SystemClock.now().unix_seconds();
    let [issued, expires] = [now - 7_200, now + 79_200].map(|at| NumericDate::new(at).unwrap());
    let daily = NewToken::access("pipeline").with_identity("daily", issued, expires);
    let old = server.mint(&daily);
    assert_eq!(me(&server, &old).refusal(), (401, "token_too_old".into()));
    let revoked = revoke(&server, &admin, &json!({ "token": old }));
    assert!(revoked.status == 200 && revoked.json()["durability"].is_string(), "{revoked:?}");
    let verdict = program(server.directory.path(), &[("MCP_MAX_TOKEN_AGE", "86400")])
        .args(["token", "explain", "--token", &old])
        .output()
        .unwrap();
    assert_eq!(verdict.status.code(), Some(5), "{verdict:?}");
}

#[test]
fn what_is_anothers_takes_an_admin() {
    let server = Server::start();
    let (user, admin) = (server.token_of("ci", Role::User), server.token_of("ops", Role::Admin));
    let other = server.token_of("bob", Role::User);
    for what in
        [json!({ "token": other }), json!({ "jti": "unknown" }), json!({ "user_id": "bob" })]
    {
        let refused = revoke(&server, &user, &what);
        assert_eq!(refused.refusal(), (403, "permission_denied".into()), "{what}");
    }
    let root = server.token_of("root", Role::Superadmin);
    let refused = revoke(&server, &admin, &json!({ "token": root }));
    assert_eq!(refused.refusal(), (403, "permission_denied".into()));
    assert_eq!(revoke(&server, &admin, &json!({ "token": other })).status, 200);
    assert_eq!(me(&server, &other).refusal(), (401, "token_revoked".into()));
}

#[test]
fn everything_of_a_user_goes_at_once() {
    let server = Server::start();
    let (access, refresh) = server.admin();
    let unnumbered = server.token_of("admin", Role::Admin);
    assert_eq!(revoke(&server, &access, &json!({ "user_id": "admin" })).status, 200);
    for token in [&access, &unnumbered] {
        assert_eq!(me(&server, token).refusal(), (401, "token_revoked".into()));
    }
    let refreshed = server.ask(&Ask::post("/api/v1/auth/refresh").bearer(&refresh));
    assert_eq!(refreshed.refusal(), (401, "token_revoked".into()));
    assert_eq!(me(&server, &server.admin().0).status, 200, "signing in goes on");
}

#[test]
fn one_thing_is_revoked_at_a_time() {
    let server = Server::start();
    let token = server.token_of("ci", Role::User);
    for what in
        [json!({}), json!({ "jti": "a", "user_id": "ci" }), json!({ "token": "no.token.ofours" })]
    {
        assert_eq!(
            revoke(&server, &token, &what).refusal(),
            (422, "unprocessable".into()),
            "{what}"
        );
    }
}

/// A name that no line of the audit could hold must not be revoked without one.
#[test]
fn only_names_that_a_token_can_have_are_revoked() {
    let server = Server::start();
    let (token, _) = server.admin();
    for what in [
        json!({"jti": "z".repeat(70_000)}),
        json!({"user_id": "z".repeat(257)}),
        json!({"user_id": ""}),
    ] {
        assert_eq!(revoke(&server, &token, &what).refusal(), (422, "unprocessable".into()));
    }
    assert_eq!(revoke(&server, &token, &json!({"user_id": "z".repeat(256)})).status, 200);
}

/// Each is written to the store and to the audit, also where it changes nothing.
#[test]
fn one_sign_in_asks_for_so_many_revocations() {
    let server = Server::with(&[("MCP_REVOKE_RATE_LIMIT", "2/hour")]);
    let (user, other) = (server.token_of("ci", Role::User), server.token_of("ci", Role::User));
    let spent = server.token_of("ci", Role::User);
    for _ in 0..2 {
        assert_eq!(revoke(&server, &user, &json!({ "token": spent })).status, 200);
    }
    let refused = revoke(&server, &user, &json!({ "token": spent }));
    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    assert_eq!(refused.text("detail"), "Rate limit exceeded: 2 per 1 hour");
    assert!(refused.header("retry-after").is_some_and(|it| it.parse::<u32>().unwrap() >= 1));
    let thief = json!({ "token": user });
    assert_eq!(revoke(&server, &other, &thief).status, 200, "a thief keeps nobody from revoking");
    let user = server.token_of("ci", Role::User);
    let out = Ask::post("/api/v1/auth/logout").bearer(&user);
    assert_eq!(server.ask(&out).status, 200, "whoever has asked too often can still sign out");
}
