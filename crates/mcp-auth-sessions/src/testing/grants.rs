//! The contract of [`GrantStore`].

use std::sync::Arc;

use mcp_auth::clock::Timestamp;

use super::{AT_ONCE, count_at_once, date, ok};
use crate::client::Client;
use crate::grant::{Grant, GrantStore, TokenPairIds};

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`GrantStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn grant_contract(fresh: impl AsyncFn() -> Arc<dyn GrantStore>, now: Timestamp) {
    rows_come_back_unchanged(&*fresh().await, now).await;
    rotations_compare_counters(&*fresh().await, now).await;
    replays_are_counted(&*fresh().await, now).await;
    what_ended_is_gone(&*fresh().await, now).await;
    the_live_ones_are_listed(&*fresh().await, now).await;
    the_dead_ones_are_purged(&*fresh().await, now).await;
    one_of_many_rotations_is_written(&fresh().await, now).await;
    no_replay_is_lost(&fresh().await, now).await;
}

fn grant(session_id: &str, user_id: &str, now: Timestamp) -> Grant {
    let start = now.unix_seconds();
    Grant {
        session_id: session_id.to_owned(),
        user_id: user_id.to_owned(),
        counter: 0,
        current: TokenPairIds {
            refresh_id: format!("{session_id}-r0"),
            access_id: format!("{session_id}-a0"),
            issued_at: date(start),
            refresh_expires_at: date(start + 1_000),
            access_expires_at: date(start + 100),
        },
        parent_id: None,
        replays: 0,
        started_at: date(start),
        ends_at: date(start + 3_000),
        client: Client::default(),
    }
}

fn next(held: &Grant, by: u32) -> Grant {
    let counter = held.counter + 1;
    let current = TokenPairIds {
        refresh_id: format!("{}-r{counter}-{by}", held.session_id),
        access_id: format!("{}-a{counter}-{by}", held.session_id),
        ..held.current.clone()
    };
    let parent_id = Some(held.current.refresh_id.clone());
    let client = Client::new(Some([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()), Some("curl/8 é\"';"));
    Grant { counter, current, parent_id, client, ..held.clone() }
}

async fn create(store: &dyn GrantStore, grant: &Grant) {
    assert!(ok(store.create(grant).await), "a new grant is taken");
}

async fn rows_come_back_unchanged(store: &dyn GrantStore, now: Timestamp) {
    let first = grant("s", "alice", now);
    assert_eq!(ok(store.get("s").await), None, "an empty store has no grant");
    create(store, &first).await;
    assert_eq!(ok(store.get("s").await), Some(first.clone()), "a grant comes back");
    assert!(!ok(store.create(&grant("s", "bob", now)).await), "a `sid` is one grant");
    let second = next(&first, 0);
    assert!(ok(store.rotate(&second).await), "the next row is taken");
    assert_eq!(ok(store.get("s").await), Some(second.clone()), "every field comes back");
    let v4 = Client::new(Some([192, 0, 2, 1].into()), None);
    let third = Grant { client: v4, replays: 3, ..next(&second, 0) };
    assert!(ok(store.rotate(&third).await), "and the next");
    assert_eq!(ok(store.get("s").await), Some(third), "with an IPv4 address as well");
}

async fn rotations_compare_counters(store: &dyn GrantStore, now: Timestamp) {
    let first = grant("s", "alice", now);
    assert!(!ok(store.rotate(&next(&first, 0)).await), "no grant, no rotation");
    assert!(!ok(store.rotate(&first).await), "nor one to the first counter");
    create(store, &first).await;
    let second = next(&first, 0);
    assert!(ok(store.rotate(&second).await), "from the held counter");
    for wrong in [first.clone(), next(&first, 1), next(&next(&second, 1), 1)] {
        assert!(!ok(store.rotate(&wrong).await), "and from no other");
    }
    assert_eq!(ok(store.get("s").await), Some(second), "a refused rotation changes nothing");
}

async fn replays_are_counted(store: &dyn GrantStore, now: Timestamp) {
    assert!(!ok(store.count_replay("s", 0, 9).await), "no grant, no replay");
    let first = grant("s", "alice", now);
    create(store, &first).await;
    assert!(!ok(store.count_replay("s", 1, 9).await), "nor of another counter");
    for _ in 0..2 {
        assert!(ok(store.count_replay("s", 0, 2).await), "up to the limit");
    }
    assert!(!ok(store.count_replay("s", 0, 2).await), "and not beyond");
    assert_eq!(
        ok(store.get("s").await),
        Some(Grant { replays: 2, ..first.clone() }),
        "both counted"
    );
    assert!(ok(store.rotate(&next(&first, 0)).await), "a replay does not stop the next rotation");
}

async fn what_ended_is_gone(store: &dyn GrantStore, now: Timestamp) {
    let first = grant("s", "alice", now);
    create(store, &first).await;
    create(store, &grant("t", "alice", now)).await;
    create(store, &grant("u", "bob", now)).await;
    create(store, &grant("v", "alice", now)).await;
    assert!(ok(store.end("s").await), "a grant ends");
    assert!(!ok(store.end("s").await), "once");
    assert_eq!(ok(store.get("s").await), None, "it is gone");
    assert!(!ok(store.rotate(&next(&first, 0)).await), "and does not come back");
    assert_eq!(ok(store.end_of_user("alice").await), 2, "all of a user end");
    assert_eq!(ok(store.end_of_user("alice").await), 0, "once");
    assert!(ok(store.get("u").await).is_some(), "and nobody else's");
}

async fn the_live_ones_are_listed(store: &dyn GrantStore, now: Timestamp) {
    let start = now.unix_seconds();
    for (id, user, started) in
        [("s", "alice", 0), ("t", "alice", 2), ("u", "bob", 0), ("r", "alice", 0)]
    {
        let started_at = date(start + started);
        create(store, &Grant { started_at, ..grant(id, user, now) }).await;
    }
    let mut ending = grant("x", "alice", now);
    ending.ends_at = date(start + 500);
    create(store, &ending).await;
    let ids = async |seconds, limit| -> Vec<String> {
        let at = Timestamp::from_unix_seconds(start + seconds);
        let live = ok(store.live_of_user("alice", at, limit).await);
        live.into_iter().map(|row| row.session_id).collect()
    };
    assert_eq!(ids(0, 9).await, ["t", "r", "s", "x"], "a user's grants, the newest first");
    assert_eq!(ids(0, 2).await, ["t", "r"], "up to the limit");
    assert_eq!(ids(500, 9).await, ["t", "r", "s"], "not beyond the end of a grant");
    assert_eq!(ids(1_000, 9).await, [""; 0], "nor of its refresh token");
}

async fn the_dead_ones_are_purged(store: &dyn GrantStore, now: Timestamp) {
    create(store, &grant("s", "alice", now)).await;
    let mut longer = grant("t", "alice", now);
    longer.current.refresh_expires_at = date(now.unix_seconds() + 2_000);
    create(store, &longer).await;
    let at = |seconds| Timestamp::from_unix_seconds(now.unix_seconds() + seconds);
    assert_eq!(ok(store.purge(at(999)).await), 0, "what is live stays");
    assert_eq!(ok(store.purge(at(1_000)).await), 1, "what is not is forgotten");
    assert_eq!(ok(store.get("s").await), None, "it is gone");
    assert_eq!(ok(store.get("t").await), Some(longer), "and nothing else");
}

async fn one_of_many_rotations_is_written(store: &Arc<dyn GrantStore>, now: Timestamp) {
    let first = grant("s", "alice", now);
    create(&**store, &first).await;
    let won = count_at_once(store, |store, n| {
        let next = next(&first, n);
        async move { matches!(store.rotate(&next).await, Ok(true)) }
    });
    assert_eq!(won.await, 1, "of several rotations from one counter, one is written");
    assert_eq!(ok(store.get("s").await).map(|row| row.counter), Some(1), "and counts as one");
}

async fn no_replay_is_lost(store: &Arc<dyn GrantStore>, now: Timestamp) {
    create(&**store, &grant("s", "alice", now)).await;
    let limit = AT_ONCE - 10;
    let counted = count_at_once(store, |store, _| async move {
        matches!(store.count_replay("s", 0, limit).await, Ok(true))
    });
    assert_eq!(counted.await, 40, "of several replays at once, none is lost and none is beyond");
}
