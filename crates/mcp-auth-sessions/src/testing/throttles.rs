//! The contract of [`ThrottleStore`].

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{count_at_once, ok};
use crate::key::CounterKey;
use crate::throttle::{Attempt, ThrottlePolicy, ThrottleStore, Throttled};

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`ThrottleStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn throttle_contract(fresh: impl AsyncFn() -> Arc<dyn ThrottleStore>, now: Timestamp) {
    delays_grow_to_the_cap(&*fresh().await, now).await;
    each_key_counts_alone(&*fresh().await, now).await;
    all_keys_count_or_none(&*fresh().await, now).await;
    success_clears_the_account(&*fresh().await, now).await;
    success_makes_no_neighbour_wait(&*fresh().await, now).await;
    attempts_are_forgotten(&*fresh().await, now).await;
    a_clock_set_back_locks_nobody_out(&*fresh().await, now).await;
    attempts_at_once_see_each_other(&fresh().await, now).await;
}

const ACCOUNT: ThrottlePolicy = ThrottlePolicy {
    free: 2,
    first: Duration::from_millis(1_500),
    cap: Duration::from_secs(5),
    forget_after: Duration::from_secs(100),
};

const ADDRESS: ThrottlePolicy = ThrottlePolicy { free: 3, ..ACCOUNT };

fn attempt(name: &str) -> Attempt {
    let key = CounterKey::of("name", name);
    Attempt { account: Throttled { key, policy: ACCOUNT }, address: None }
}

fn attempt_from(name: &str, address: &str) -> Attempt {
    let key = CounterKey::of("address", address);
    Attempt { address: Some(Throttled { key, policy: ADDRESS }), ..attempt(name) }
}

/// Milliseconds to wait, 0 when the attempt was counted.
async fn begin(store: &dyn ThrottleStore, attempt: &Attempt, now: Timestamp, after: u64) -> u128 {
    let now = now.plus(Duration::from_millis(after));
    ok(store.begin(attempt, now).await).map_or(0, |wait| wait.as_millis())
}

async fn delays_grow_to_the_cap(store: &dyn ThrottleStore, now: Timestamp) {
    let alice = attempt("alice");
    for _ in 0..3 {
        assert_eq!(begin(store, &alice, now, 0).await, 0, "the first attempts are free");
    }
    // (when, how long to wait): refused attempts count nothing, and each counted one doubles the delay.
    let steps = [
        (0, 1_500),
        (1_499, 1),
        (1_500, 0),
        (1_500, 3_000),
        (4_500, 0),
        (4_500, 5_000),
        (9_499, 1),
        (9_500, 0),
        (9_500, 5_000),
    ];
    for (at, wait) in steps {
        assert_eq!(begin(store, &alice, now, at).await, wait, "the delay at {at} ms");
    }
}

async fn each_key_counts_alone(store: &dyn ThrottleStore, now: Timestamp) {
    for _ in 0..3 {
        begin(store, &attempt("alice"), now, 0).await;
    }
    assert_ne!(begin(store, &attempt("alice"), now, 0).await, 0, "one account waits");
    assert_eq!(begin(store, &attempt("bob"), now, 0).await, 0, "and another does not");
}

async fn all_keys_count_or_none(store: &dyn ThrottleStore, now: Timestamp) {
    for name in ["a", "b", "c", "d"] {
        assert_eq!(
            begin(store, &attempt_from(name, "x"), now, 0).await,
            0,
            "an address counts too"
        );
    }
    for _ in 0..9 {
        let wait = begin(store, &attempt_from("victim", "x"), now, 0).await;
        assert_eq!(wait, 1_500, "an address waits, whatever the account");
    }
    for _ in 0..3 {
        let wait = begin(store, &attempt_from("victim", "y"), now, 0).await;
        assert_eq!(wait, 0, "what was refused for the address was not counted for the account");
    }
}

async fn success_clears_the_account(store: &dyn ThrottleStore, now: Timestamp) {
    let own = attempt_from("own", "x");
    for _ in 0..3 {
        assert_eq!(begin(store, &own, now, 0).await, 0, "free attempts");
    }
    ok(store.succeeded(&own, now).await);
    for _ in 0..2 {
        assert_eq!(begin(store, &attempt_from("own", "y"), now, 0).await, 0, "forgotten by name");
    }
    assert_eq!(begin(store, &own, now, 0).await, 0, "the address got one attempt back");
    assert_eq!(begin(store, &attempt_from("b", "x"), now, 0).await, 0, "and no more than one");
    assert_eq!(begin(store, &attempt_from("c", "x"), now, 0).await, 1_500, "its failures stand");
    ok(store.succeeded(&attempt_from("unknown", "z"), now).await);
}

async fn success_makes_no_neighbour_wait(store: &dyn ThrottleStore, now: Timestamp) {
    for name in ["a", "b", "c", "d"] {
        assert_eq!(begin(store, &attempt_from(name, "x"), now, 0).await, 0, "the last one delays");
    }
    ok(store.succeeded(&attempt_from("d", "x"), now).await);
    assert_eq!(begin(store, &attempt_from("e", "x"), now, 0).await, 0, "unless it succeeds");
    assert_eq!(begin(store, &attempt_from("f", "x"), now, 0).await, 1_500, "and the next delays");
}

async fn attempts_are_forgotten(store: &dyn ThrottleStore, now: Timestamp) {
    let alice = attempt("alice");
    for _ in 0..3 {
        begin(store, &alice, now, 0).await;
    }
    assert_eq!(begin(store, &alice, now, 101_499).await, 0, "counted until they are forgotten");
    assert_eq!(begin(store, &alice, now, 101_499).await, 3_000, "so the delay has doubled");
    for _ in 0..3 {
        let wait = begin(store, &alice, now, 101_499 + 103_000).await;
        assert_eq!(wait, 0, "and forgotten that long after the last delay");
    }
}

async fn a_clock_set_back_locks_nobody_out(store: &dyn ThrottleStore, now: Timestamp) {
    let (alice, later) = (attempt("alice"), 1_000_000);
    for _ in 0..3 {
        begin(store, &alice, now, later).await;
    }
    assert_eq!(begin(store, &alice, now, later).await, 1_500, "the delay of the last attempt");
    for back in [1, later] {
        assert_eq!(begin(store, &alice, now, later - back).await, 0, "one attempt");
        assert_ne!(begin(store, &alice, now, later - back).await, 0, "and the next delay");
    }
}

async fn attempts_at_once_see_each_other(store: &Arc<dyn ThrottleStore>, now: Timestamp) {
    let counted = count_at_once(store, |store, _| async move {
        matches!(store.begin(&attempt_from("alice", "x"), now).await, Ok(None))
    });
    assert_eq!(counted.await, 3, "many attempts at once are many attempts");
}
