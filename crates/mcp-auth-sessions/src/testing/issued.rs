//! The contract of [`IssuedStore`].

use std::sync::Arc;

use mcp_auth::claims::TokenType;
use mcp_auth::clock::Timestamp;
use mcp_auth::store::TokenDigest;

use super::{date, ok};
use crate::client::Client;
use crate::issued::{IssuedRecord, IssuedStore};

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`IssuedStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn issued_contract(fresh: impl AsyncFn() -> Arc<dyn IssuedStore>, now: Timestamp) {
    records_come_back_unchanged(&*fresh().await, now).await;
    the_first_record_of_a_digest_stays(&*fresh().await, now).await;
    one_id_may_be_two_texts(&*fresh().await, now).await;
    the_live_ones_are_listed(&*fresh().await, now).await;
    the_dead_ones_are_purged(&*fresh().await, now).await;
}

fn record(name: &str, now: Timestamp) -> IssuedRecord {
    IssuedRecord {
        digest: TokenDigest::of(name.as_bytes()),
        token_id: name.to_owned(),
        session_id: "s".to_owned(),
        user_id: "alice".to_owned(),
        token_type: TokenType::Access,
        issued_at: date(now.unix_seconds()),
        expires_at: date(now.unix_seconds() + 100),
        client: Client::default(),
    }
}

async fn records_come_back_unchanged(store: &dyn IssuedStore, now: Timestamp) {
    let client = Client::new(Some([0xfe80, 0, 0, 0, 0, 0, 0, 1].into()), Some("Mozilla/5.0 é\"'"));
    let full = IssuedRecord { token_type: TokenType::Refresh, client, ..record("a", now) };
    let pair = [full.clone(), record("b", now)];
    assert_eq!(ok(store.by_token_id("a").await), None, "an empty store has no record");
    ok(store.record(&[]).await);
    ok(store.record(&pair).await);
    for record in pair {
        assert_eq!(ok(store.by_token_id(&record.token_id).await), Some(record.clone()), "by `jti`");
        assert_eq!(ok(store.by_digest(record.digest).await), Some(record), "by digest");
    }
    assert_eq!(ok(store.by_digest(TokenDigest::of(b"c")).await), None, "and no other");
    assert_eq!(ok(store.by_token_id("A").await), None, "byte for byte");
}

async fn the_first_record_of_a_digest_stays(store: &dyn IssuedStore, now: Timestamp) {
    let first = record("a", now);
    let again = IssuedRecord { client: Client::new(None, Some("other")), ..first.clone() };
    ok(store.record(std::slice::from_ref(&first)).await);
    ok(store.record(&[again, record("b", now)]).await);
    assert_eq!(ok(store.by_digest(first.digest).await), Some(first), "a digest is kept once");
    assert!(ok(store.by_token_id("b").await).is_some(), "beside new ones");
}

async fn one_id_may_be_two_texts(store: &dyn IssuedStore, now: Timestamp) {
    let first = record("a", now);
    let second = IssuedRecord {
        digest: TokenDigest::of(b"another signature"),
        issued_at: date(now.unix_seconds() + 1),
        ..first.clone()
    };
    ok(store.record(std::slice::from_ref(&second)).await);
    ok(store.record(std::slice::from_ref(&first)).await);
    assert_eq!(ok(store.by_token_id("a").await), Some(second.clone()), "the newest of one `jti`");
    let all = ok(store.live_of_grant("s", now, 9).await);
    assert_eq!(all, [second, first], "and both in the lists");
}

async fn the_live_ones_are_listed(store: &dyn IssuedStore, now: Timestamp) {
    let (start, mut records) = (now.unix_seconds(), Vec::new());
    for (name, age, life) in [("a", 3, 50), ("b", 1, 100), ("c", 2, 100)] {
        let (issued_at, expires_at) = (date(start - age), date(start + life));
        records.push(IssuedRecord { issued_at, expires_at, ..record(name, now) });
    }
    records.push(IssuedRecord { session_id: "t".into(), ..record("d", now) });
    records.push(IssuedRecord {
        user_id: "bob".into(),
        session_id: "u".into(),
        ..record("e", now)
    });
    ok(store.record(&records).await);
    let names = |found: Vec<IssuedRecord>| -> Vec<String> {
        found.into_iter().map(|record| record.token_id).collect()
    };
    let at = |seconds| Timestamp::from_unix_seconds(start + seconds);
    let of_user = async |when, limit| names(ok(store.live_of_user("alice", when, limit).await));
    let of_grant = async |when, limit| names(ok(store.live_of_grant("s", when, limit).await));
    assert_eq!(of_user(at(0), 9).await, ["d", "b", "c", "a"], "of a user, the newest first");
    assert_eq!(of_grant(at(0), 9).await, ["b", "c", "a"], "of a grant, the newest first");
    assert_eq!(of_user(at(0), 2).await, ["d", "b"], "up to the limit");
    assert_eq!(of_grant(at(0), 1).await, ["b"], "up to the limit");
    assert_eq!(of_user(at(49), 9).await, ["d", "b", "c", "a"], "until `exp`");
    assert_eq!(of_grant(at(50), 9).await, ["b", "c"], "and not from then on");
    assert_eq!(of_user(at(100), 9).await, [""; 0], "until none is left");
}

async fn the_dead_ones_are_purged(store: &dyn IssuedStore, now: Timestamp) {
    let expires_at = date(now.unix_seconds() + 200);
    let longer = IssuedRecord { expires_at, ..record("b", now) };
    ok(store.record(&[record("a", now), longer]).await);
    let at = |seconds| Timestamp::from_unix_seconds(now.unix_seconds() + seconds);
    assert_eq!(ok(store.purge(at(99)).await), 0, "what is live stays");
    assert_eq!(ok(store.purge(at(100)).await), 1, "what is not is forgotten");
    assert_eq!(ok(store.by_token_id("a").await), None, "it is gone");
    assert!(ok(store.by_token_id("b").await).is_some(), "and nothing else");
}
