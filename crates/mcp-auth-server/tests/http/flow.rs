//! From signing in to signing out.

use serde_json::json;

use crate::attempt::jti;
use crate::client::Ask;
use crate::server::{PASSWORD, Server};

#[test]
fn a_user_signs_in_asks_refreshes_and_signs_out() {
    let server = Server::start();
    let signed_in = server.sign_in("admin", PASSWORD);
    assert_eq!(signed_in.status, 200);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
    assert_eq!(signed_in.header("pragma"), Some("no-cache"));
    let tokens = signed_in.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(3600)));

    let access = signed_in.text("access_token");
    let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&access));
    assert_eq!(
        (me.status, me.text("user_id"), me.text("role")),
        (200, "admin".into(), "admin".into())
    );

    let body = json!({ "refresh_token": signed_in.text("refresh_token") });
    let refreshed = server.ask(&Ask::post("/api/v1/auth/refresh").json(&body));
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let (access, refresh) = (refreshed.text("access_token"), refreshed.text("refresh_token"));

    let out = server.ask(&Ask::post("/api/v1/auth/logout").bearer(&access));
    assert_eq!((out.status, out.text("message")), (200, "Successfully logged out".into()));
    for token in [&access, &signed_in.text("access_token")] {
        let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(token));
        assert_eq!(me.refusal(), (401, "token_revoked".into()));
        assert_eq!(me.text("detail"), "Token has been revoked");
    }
    let again = server.ask(&Ask::post("/api/v1/auth/refresh").bearer(&refresh));
    assert_eq!(again.refusal(), (401, "token_revoked".into()));

    let audit = server.audit();
    for event in ["login_succeeded", "mcp_token_generated", "token_refreshed", "logged_out"] {
        assert!(audit.contains(&format!("\"event\":\"{event}\"")), "{event}: {audit}");
    }
    for secret in [&access, &refresh, PASSWORD] {
        assert!(!audit.contains(secret) && !server.log().contains(secret));
    }
}

#[test]
fn forms_and_the_grant_type_of_oauth_are_understood() {
    let server = Server::start();
    let form =
        format!("grant_type=password&username=admin&password={}", PASSWORD.replace(' ', "+"));
    let tokens = server.ask(&Ask::post("/api/v1/auth/token").form(&form));
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let form = format!("grant_type=refresh_token&refresh_token={}", tokens.text("refresh_token"));
    let refreshed = server.ask(&Ask::post("/api/v1/auth/token").form(&form));
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let other = server.ask(&Ask::post("/api/v1/auth/token").form("grant_type=implicit"));
    assert_eq!(other.refusal(), (422, "unprocessable".into()));
}

#[test]
fn records_hold_hashes_and_where_they_were_asked_for() {
    let server = Server::start();
    let (access, refresh) = server.admin();
    let asked = Ask::get("/api/v1/auth/tokens").bearer(&access);
    let records = server.ask(&asked);
    assert!(!records.body.contains(&access) && !records.body.contains(&refresh));
    let records = records.json();
    assert_eq!(records["tokens"].as_array().unwrap().len(), 2);
    assert_eq!(records["tokens"][0]["ip_address"], "127.0.0.1");
    assert_eq!(records["tokens"][0]["token_hash"].as_str().unwrap().len(), 64);
    assert_eq!(records["grants"].as_array().unwrap().len(), 1);
    assert_eq!(records["grants"][0]["current"], true);
}

#[test]
fn only_tokens_that_stand_are_shown() {
    let server = Server::start();
    let shown = |access: &str| -> Vec<String> {
        let records = server.ask(&Ask::get("/api/v1/auth/tokens").bearer(access)).json();
        let tokens = records["tokens"].as_array().unwrap().iter();
        let mut ids: Vec<_> = tokens.map(|it| it["jti"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let of = |tokens: &[&str]| {
        let mut ids: Vec<_> = tokens.iter().map(|token| jti(token)).collect();
        ids.sort();
        ids
    };
    let (first, refresh) = server.admin();
    let next = server.ask(&Ask::post("/api/v1/auth/refresh").bearer(&refresh));
    let (second, refresh) = (next.text("access_token"), next.text("refresh_token"));
    assert_eq!(shown(&first), of(&[&first, &second, &refresh]), "not what was exchanged");
    let one = Ask::post("/api/v1/auth/revoke").bearer(&second).json(&json!({ "token": first }));
    assert_eq!(server.ask(&one).status, 200);
    assert_eq!(shown(&second), of(&[&second, &refresh]), "nor what was revoked");
    let users = "/api/v1/auth/users/admin";
    let own = Ask::new("PATCH", users).bearer(&second);
    assert_eq!(server.ask(&own.json(&json!({ "password": "another password" }))).status, 200);
    let again = server.sign_in("admin", "another password");
    let (access, refresh) = (again.text("access_token"), again.text("refresh_token"));
    assert_eq!(shown(&access), of(&[&access, &refresh]), "nor what ended with the password");
}

#[test]
fn failed_sign_ins_look_alike_and_are_written_down() {
    let server = Server::start();
    let (access, _) = server.admin();
    let new = json!({ "username": "disabled", "password": PASSWORD });
    let users = "/api/v1/auth/users";
    assert_eq!(server.ask(&Ask::post(users).bearer(&access).json(&new)).status, 201);
    let off = Ask::new("PATCH", "/api/v1/auth/users/disabled").bearer(&access);
    assert_eq!(server.ask(&off.json(&json!({ "active": false }))).status, 200);
    let cases = [("admin", "wrong password"), ("nobody", PASSWORD), ("disabled", PASSWORD)];
    for (username, password) in cases {
        let refused = server.sign_in(username, password);
        assert_eq!(refused.refusal(), (401, "login_failed".into()));
        assert_eq!(refused.text("detail"), "Incorrect username or password");
        let id = refused.text("error_id");
        assert!(server.audit().contains(&id), "{id} is on disk before the answer");
    }
    let audit = server.audit();
    for why in ["the password is wrong", "no account has this name", "the account is disabled"] {
        assert!(audit.contains(why), "{why}");
    }
}

#[test]
fn guessing_is_slowed_down() {
    let server = Server::start();
    let mut answers = (0..8).map(|_| server.sign_in("admin", "a wrong password"));
    let slowed = answers.find(|answer| answer.status != 401).expect("guesses are counted");
    assert_eq!(slowed.refusal(), (429, "rate_limited".into()));
    assert!(slowed.header("retry-after").is_some_and(|it| it.parse::<u32>().unwrap() >= 1));
}

/// How soon the next one is due, is another question for each strategy.
#[test]
fn one_address_may_sign_in_so_often() {
    let cases = [(None, 3_600), (Some("moving-window"), 3_600), (Some("gcra"), 1_800)];
    for (strategy, longest) in cases {
        let mut variables = vec![("MCP_LOGIN_RATE_LIMIT", "2/hour")];
        variables.extend(strategy.map(|strategy| ("MCP_RATE_LIMIT_STRATEGY", strategy)));
        let server = Server::with(&variables);
        assert_eq!(server.sign_in("a", "wrong").status, 401);
        assert_eq!(server.sign_in("b", "wrong").status, 401);
        let refused = server.sign_in("admin", PASSWORD);
        assert_eq!(refused.refusal(), (429, "rate_limited".into()));
        assert_eq!(refused.text("detail"), "Rate limit exceeded: 2 per 1 hour");
        let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((longest - 120..=longest).contains(&wait), "{strategy:?}: {wait} s");
    }
}
