//! Refresh tokens that race, and such as come back.

use std::collections::HashSet;
use std::thread;

use serde_json::json;

use crate::client::Ask;
use crate::server::Server;

fn refresh(token: &str) -> Ask {
    Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token }))
}

#[test]
fn fifty_clients_with_one_token_get_one_successor() {
    let server = Server::start();
    let (_, first) = server.admin();
    let (ask, address) = (refresh(&first), server.address);
    let racing: Vec<_> = (0..50)
        .map(|_| {
            let ask = ask.clone();
            thread::spawn(move || ask.send(address))
        })
        .collect();
    let answers: Vec<_> = racing.into_iter().map(|it| it.join().unwrap()).collect();
    assert!(answers.iter().all(|it| it.status == 200), "each of them is served: {answers:?}");
    let successors: HashSet<_> = answers.iter().map(|it| it.text("refresh_token")).collect();
    assert_eq!(successors.len(), 1, "one successor, whoever asked");
    let next = refresh(successors.iter().next().unwrap()).send(address);
    assert_eq!(next.status, 200, "and it is good: {next:?}");
}

#[test]
fn a_grandparent_that_comes_back_ends_the_sign_in() {
    let server = Server::start();
    let (_, first) = server.admin();
    let second = server.ask(&refresh(&first));
    let third = server.ask(&refresh(&second.text("refresh_token")));
    let access = third.text("access_token");
    assert_eq!(server.ask(&Ask::get("/api/v1/auth/me").bearer(&access)).status, 200);

    let stolen = server.ask(&refresh(&first));
    assert_eq!(stolen.refusal(), (401, "token_revoked".into()));
    assert!(server.audit().contains("\"event\":\"refresh_reused\""));
    let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&access));
    assert_eq!(me.refusal(), (401, "token_revoked".into()));
    let last = server.ask(&refresh(&third.text("refresh_token")));
    assert_eq!(last.refusal(), (401, "token_revoked".into()));
}

#[test]
fn only_a_refresh_token_refreshes() {
    let server = Server::start();
    let (access, token) = server.admin();
    assert_eq!(server.ask(&refresh(&access)).refusal(), (401, "token_type_mismatch".into()));
    let nothing = server.ask(&Ask::post("/api/v1/auth/refresh"));
    assert_eq!(nothing.refusal(), (401, "token_missing".into()));
    let as_access = server.ask(&Ask::get("/api/v1/auth/me").bearer(&token));
    assert_eq!(as_access.refusal(), (401, "token_type_mismatch".into()));
    let in_header = server.ask(&Ask::post("/api/v1/auth/refresh").bearer(&token));
    assert_eq!(in_header.status, 200, "{in_header:?}");
}

/// Whoever stands in between and reads one of them must not see another token than the server.
#[test]
fn a_token_comes_in_one_header_only() {
    let server = Server::start();
    let (access, token) = server.admin();
    let headers = Ask::post("/api/v1/auth/refresh").bearer(&token).bearer(&access);
    let cases = [
        headers.clone(),
        Ask::post("/api/v1/auth/refresh").bearer(&token).bearer(&token),
        headers.json(&json!({ "refresh_token": token })),
    ];
    for ask in cases {
        let refused = server.ask(&ask);
        assert_eq!(refused.refusal(), (400, "bad_request".into()), "{ask:?}");
    }
    let nothing = Ask::post("/api/v1/auth/refresh").bearer(&token).json(&json!({}));
    let refreshed = server.ask(&nothing);
    assert_eq!(refreshed.status, 200, "a body without a token is none");
    // Clients with a session send their access token with every request.
    let token = refreshed.text("refresh_token");
    assert_eq!(server.ask(&refresh(&token).bearer(&access)).status, 200);
}

#[test]
fn a_role_that_was_taken_is_gone_at_once() {
    let server = Server::start();
    let root = server.token_of("root", mcp_auth::roles::Role::Superadmin);
    let (access, token) = server.admin();
    let change = Ask::new("PATCH", "/api/v1/auth/users/admin").bearer(&root);
    assert_eq!(server.ask(&change.json(&json!({ "role": "user" }))).status, 200);
    let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&access));
    assert_eq!(me.refusal(), (401, "token_revoked".into()));
    assert_eq!(server.ask(&refresh(&token)).refusal(), (401, "token_revoked".into()));
    let (access, _) = server.admin();
    assert_eq!(server.ask(&Ask::get("/api/v1/auth/me").bearer(&access)).text("role"), "user");
}

/// Each is written down, so whoever does nothing else must not keep the disk busy.
#[test]
fn one_sign_in_is_refreshed_so_often() {
    let server = Server::with(&[("MCP_REFRESH_RATE_LIMIT", "2/hour")]);
    let (_, first) = server.admin();
    let second = server.ask(&refresh(&first)).text("refresh_token");
    let form = format!("grant_type=refresh_token&refresh_token={second}");
    let third = server.ask(&Ask::post("/api/v1/auth/token").form(&form));
    assert_eq!(third.status, 200, "both routes count: {third:?}");
    let refused = server.ask(&refresh(&third.text("refresh_token")));
    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    assert_eq!(refused.text("detail"), "Rate limit exceeded: 2 per 1 hour");
    assert!(refused.header("retry-after").is_some_and(|it| it.parse::<u32>().unwrap() >= 1));
    let (_, other) = server.admin();
    assert_eq!(server.ask(&refresh(&other)).status, 200, "another sign-in counts for itself");
    let stolen = server.ask(&refresh(&first));
    assert_eq!(stolen.refusal(), (401, "token_revoked".into()), "a thief hides behind no limit");
    assert!(server.audit().contains("\"event\":\"refresh_reused\""));
}
