//! Finding lines again.

use mcp_auth::audit::{AuditEvent, AuditKind};
use mcp_auth::clock::Timestamp;
use mcp_auth_audit::{Entry, Filter, Order, find_error_id, search};

use crate::house::{House, event};

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn house() -> House {
    let house = House::new();
    let log = house.open();
    for (number, user) in (0_u64..).zip(["alice", "bob", "alice", "carol", "alice"]) {
        let jti = format!("jti-{number}");
        let mut event =
            AuditEvent::new(AuditKind::TokenRevoked, Timestamp::from_unix_seconds(1_000 + number));
        (event.user_id, event.jti) = (Some(user), Some(jti.as_str()));
        (event.tool_name, event.request_id) = (Some("read_file"), Some("request"));
        log.append_blocking(&event).unwrap();
    }
    house
}

#[test]
fn lines_are_found_by_what_they_say() {
    let house = house();
    let find =
        |filter: &Filter| seqs(&search(&house.path(), filter, Order::OldestFirst, 10).unwrap());
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default();
    assert_eq!(find(&Filter { user_id: text("alice"), ..all.clone() }), [2, 4, 6]);
    assert!(find(&Filter { user_id: text("alic"), ..all.clone() }).is_empty());
    assert_eq!(find(&Filter { jti: text("jti-1"), ..all.clone() }), [3]);
    assert_eq!(find(&Filter { tool: text("read_file"), user_id: text("bob"), ..all.clone() }), [3]);
    assert_eq!(find(&Filter { event: text("audit_log_created"), ..all.clone() }), [1]);
    assert_eq!(find(&Filter { request_id: text("request"), ..all.clone() }), [2, 3, 4, 5, 6]);
    assert!(find(&Filter { code: text("token_expired"), ..all.clone() }).is_empty());
    let at = |seconds| Some(Timestamp::from_unix_seconds(seconds));
    assert_eq!(find(&Filter { since: at(1_001), until: at(1_003), ..all }), [3, 4]);
}

#[test]
fn the_newest_or_the_oldest_come_first_up_to_the_limit() {
    let house = house();
    let find = |order, limit| {
        let filter = Filter { user_id: Some("alice".into()), ..Filter::default() };
        seqs(&search(&house.path(), &filter, order, limit).unwrap())
    };
    assert_eq!(find(Order::NewestFirst, 2), [6, 4]);
    assert_eq!(find(Order::OldestFirst, 2), [2, 4]);
    assert_eq!(find(Order::NewestFirst, 9), [6, 4, 2]);
    assert!(find(Order::NewestFirst, 0).is_empty());
    assert!(find(Order::OldestFirst, 0).is_empty());
}

/// An error id comes from a gate only, so the line is found by what was really written.
#[test]
fn a_refusal_is_found_by_the_id_that_the_client_was_told() {
    use std::sync::Arc;

    use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
    use mcp_auth::secret::Secret;
    use mcp_auth::validate::{Rules, Validator};
    use mcp_auth::{Gate, Origin};

    let house = House::new();
    let log = Arc::new(house.open());
    let secret = Secret::from_text("3d1f0b7c9e8a4625b1c0d9e8f7a6b5c4").unwrap();
    let keys = KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap());
    let gate = Gate::new(Validator::new(Arc::new(keys), Rules::default())).with_audit(log.clone());
    let refused = gate.authenticate(None, &Origin::default()).unwrap_err();
    log.append_blocking(&event("after")).unwrap();
    let found = find_error_id(&house.path(), &refused.error_id.to_string()).unwrap();
    assert_eq!(seqs(&found), [2]);
    assert_eq!(found[0].event["event"], "mcp_authentication_failed");
    assert!(find_error_id(&house.path(), "0000000000000000").unwrap().is_empty());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let house = House::new();
    let error = find_error_id(&house.path(), "x").unwrap_err().to_string();
    assert!(error.contains("audit.log") && error.contains("check the path"), "{error}");
}
