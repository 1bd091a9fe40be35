//! What two servers know of each other.

use serde_json::json;

use crate::client::Ask;
use crate::house::House;
use crate::server::{PASSWORD, eventually};

#[test]
fn what_one_server_revokes_the_other_refuses() {
    for house in House::all(2, &[]) {
        let (access, refresh) = house.servers[0].admin();
        assert_eq!(house.me(1, &access).status, 200, "an account of all");
        let ask =
            Ask::post("/api/v1/auth/revoke").bearer(&access).json(&json!({ "token": access }));
        let revoked = house.ask(0, &ask);
        assert_eq!((revoked.status, revoked.text("durability")), (200, "all".to_owned()));
        assert_eq!(revoked.json()["bound_ms"], 2_000, "{revoked:?}");
        eventually("the other one refuses", || house.me(1, &access).status == 401);
        assert_eq!(house.me(1, &access).refusal(), (401, "token_revoked".to_owned()));
        let ask = Ask::post("/api/v1/auth/refresh").json(&json!({ "refresh_token": refresh }));
        let next = house.ask(1, &ask);
        assert_eq!(next.status, 200, "the sign-in stands, and any server refreshes it: {next:?}");
        let access = next.text("access_token");
        let out = house.ask(1, &Ask::post("/api/v1/auth/logout").bearer(&access));
        assert_eq!(out.status, 200, "{out:?}");
        eventually("a sign-out holds everywhere", || house.me(0, &access).status == 401);
    }
}

#[test]
fn a_demotion_holds_everywhere() {
    for house in House::all(2, &[]) {
        let (admin, _) = house.servers[0].admin();
        let new = json!({ "username": "alice", "password": PASSWORD, "role": "admin" });
        let made = house.ask(0, &Ask::post("/api/v1/auth/users").bearer(&admin).json(&new));
        assert_eq!(made.status, 403, "an admin makes no admin: {made:?}");
        let new = json!({ "username": "alice", "password": PASSWORD, "role": "user" });
        let made = house.ask(0, &Ask::post("/api/v1/auth/users").bearer(&admin).json(&new));
        assert_eq!(made.status, 201, "{made:?}");
        let token = house.servers[1].sign_in("alice", PASSWORD).text("access_token");
        assert_eq!(house.me(0, &token).status, 200);
        let change = Ask::new("PATCH", "/api/v1/auth/users/alice").bearer(&admin);
        let off = house.ask(0, &change.json(&json!({ "active": false })));
        assert_eq!(off.status, 200, "{off:?}");
        eventually("the other one refuses", || house.me(1, &token).status == 403);
        assert_eq!(house.servers[1].sign_in("alice", PASSWORD).refusal().1, "login_failed");
    }
}

/// So many sign-ins from one address, whichever server is asked.
#[test]
fn rate_limits_are_those_of_all_servers_together() {
    for strategy in ["fixed-window", "moving-window", "gcra"] {
        let variables = [("MCP_LOGIN_RATE_LIMIT", "4/hour"), ("MCP_RATE_LIMIT_STRATEGY", strategy)];
        for house in House::all(2, &variables) {
            let status = |turn: usize| house.servers[turn % 2].sign_in("admin", PASSWORD).status;
            let answers: Vec<_> = (0..6).map(status).collect();
            assert_eq!(answers, [200, 200, 200, 200, 429, 429], "{strategy}");
        }
    }
}

#[test]
fn without_the_engine_nobody_is_admitted_and_it_says_so() {
    for mut house in House::all(1, &[("MCP_REVOCATION_BOUND_MS", "500")]) {
        let (access, _) = house.servers[0].admin();
        house.node.kill9();
        eventually("the lease ends", || house.me(0, &access).status == 503);
        let refused = house.me(0, &access);
        assert_eq!(refused.refusal(), (503, "store_unavailable".to_owned()));
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        let ready = house.ask(0, &Ask::get("/ready"));
        assert_eq!(ready.status, 503);
        assert_eq!(ready.json()["revocations"]["fresh"], false, "{ready:?}");
        assert_eq!(house.servers[0].sign_in("admin", PASSWORD).status, 503);
        house.node.restart().unwrap();
        eventually("it is back", || house.me(0, &access).status == 200);
        let metrics = house.ask(0, &Ask::get("/metrics")).body;
        assert!(metrics.contains("mcp_auth_revocations_fresh 1"), "{metrics}");
    }
}
