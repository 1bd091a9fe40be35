//! Revocations that have not arrived yet.

use serde_json::json;

use crate::client::{Answer, Ask};
use crate::house::House;
use crate::server::eventually;

/// The lease outlasts what is asked while the engine is away. A new server waits for as long before it admits anybody.
const LEASE: (&str, &str) = ("MCP_REVOCATION_BOUND_MS", "10000");

fn revoke(house: &House, caller: &str, token: &str) -> Answer {
    let ask = Ask::post("/api/v1/auth/revoke").bearer(caller);
    house.ask(0, &ask.json(&json!({ "token": token })))
}

/// How far it has got, as the answer says.
#[track_caller]
fn is_on_its_way(answer: &Answer) {
    assert_eq!((answer.status, answer.text("durability")), (202, "local".to_owned()), "{answer:?}");
    assert_eq!(answer.text("status"), "revoked");
    assert!(answer.json()["bound_ms"].is_null(), "nobody can promise that: {answer:?}");
}

fn sign_out(house: &House, token: &str) -> Answer {
    house.ask(0, &Ask::post("/api/v1/auth/logout").bearer(token))
}

#[test]
fn who_asks_is_told_how_far_it_has_got_also_when_they_ask_again() {
    for mut house in House::all(1, &[LEASE]) {
        let [caller, first, access, second] = [0; 4].map(|_| house.servers[0].admin());
        let arrived = sign_out(&house, &first.0);
        assert_eq!((arrived.status, arrived.text("durability")), (200, "all".to_owned()));
        assert_eq!(arrived.json()["bound_ms"], 10_000);

        house.node.kill9();
        for _ in 0..2 {
            let answer = revoke(&house, &caller.0, &access.0);
            is_on_its_way(&answer);
            assert_eq!(answer.text("message"), "Successfully revoked");
        }
        let answer = sign_out(&house, &second.0);
        is_on_its_way(&answer);
        assert_eq!(answer.text("message"), "Successfully logged out");
        is_on_its_way(&revoke(&house, &caller.0, &second.1));

        house.node.restart().unwrap();
        eventually("all of it arrives", || revoke(&house, &caller.0, &access.0).status == 200);
        let answer = revoke(&house, &caller.0, &access.0);
        assert!(answer.text("message").contains("nothing is left to revoke"), "{answer:?}");
    }
}

#[test]
fn the_document_has_both_answers() {
    for house in House::all(1, &[]).take(1) {
        let document = house.ask(0, &Ask::get("/openapi.json")).json();
        for path in ["/api/v1/auth/logout", "/api/v1/auth/revoke"] {
            let answers = &document["paths"][path]["post"]["responses"];
            let schema = |status: &str| &answers[status]["content"]["application/json"]["schema"];
            assert!(schema("202").is_object() && schema("200") == schema("202"), "{answers:#}");
        }
    }
}
