//! The contract of [`ThrottleStore`].

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{count_at_once, ok};
use crate::key::CounterKey;
use crate::throttle::{Attempt, Here, ThrottlePolicy, ThrottleStore, Throttled};

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
    nobody_takes_the_turn_of_another(&*fresh().await, now).await;
    a_turn_is_for_one_attempt(&*fresh().await, now).await;
    success_ends_the_line(&*fresh().await, now).await;
    a_known_address_waits_for_itself_alone(&*fresh().await, now).await;
    a_known_address_delays_nobody_else(&*fresh().await, now).await;
    an_address_is_known_for_a_while(&*fresh().await, now).await;
}

const ACCOUNT: ThrottlePolicy = ThrottlePolicy {
    free: 2,
    first: Duration::from_millis(1_500),
    cap: Duration::from_secs(5),
    forget_after: Duration::from_secs(100),
};

const ADDRESS: ThrottlePolicy = ThrottlePolicy { free: 3, ..ACCOUNT };

const KNOWN_FOR: Duration = Duration::from_secs(1_000);

fn attempt(name: &str) -> Attempt {
    let account = Throttled { key: CounterKey::of("name", name), policy: ACCOUNT };
    Attempt { account, address: None, here: Here::new(&account.key, None, KNOWN_FOR) }
}

/// Names an address by one character.
fn attempt_from(name: &str, address: char) -> Attempt {
    let ip_address = IpAddr::V4(Ipv4Addr::from(u32::from(address)));
    let address = CounterKey::of_address("address", ip_address);
    let alone = attempt(name);
    Attempt {
        address: Some(Throttled { key: address, policy: ADDRESS }),
        here: Here::new(&alone.account.key, Some(ip_address), KNOWN_FOR),
        ..alone
    }
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
            begin(store, &attempt_from(name, 'x'), now, 0).await,
            0,
            "an address counts too"
        );
    }
    for _ in 0..9 {
        let wait = begin(store, &attempt_from("victim", 'x'), now, 0).await;
        assert_eq!(wait, 1_500, "an address waits, whatever the account");
    }
    for _ in 0..3 {
        let wait = begin(store, &attempt_from("victim", 'y'), now, 0).await;
        assert_eq!(wait, 0, "what was refused for the address was not counted for the account");
    }
}

async fn success_clears_the_account(store: &dyn ThrottleStore, now: Timestamp) {
    let own = attempt_from("own", 'x');
    for _ in 0..3 {
        assert_eq!(begin(store, &own, now, 0).await, 0, "free attempts");
    }
    ok(store.succeeded(&own, now).await);
    for _ in 0..2 {
        assert_eq!(begin(store, &attempt_from("own", 'y'), now, 0).await, 0, "forgotten by name");
    }
    assert_eq!(begin(store, &attempt_from("a", 'x'), now, 0).await, 0, "the address got one back");
    assert_eq!(begin(store, &attempt_from("b", 'x'), now, 0).await, 0, "and no more than one");
    assert_eq!(begin(store, &attempt_from("c", 'x'), now, 0).await, 1_500, "its failures stand");
    ok(store.succeeded(&attempt_from("unknown", 'z'), now).await);
}

async fn success_makes_no_neighbour_wait(store: &dyn ThrottleStore, now: Timestamp) {
    for name in ["a", "b", "c", "d"] {
        assert_eq!(begin(store, &attempt_from(name, 'x'), now, 0).await, 0, "the last one delays");
    }
    ok(store.succeeded(&attempt_from("d", 'x'), now).await);
    assert_eq!(begin(store, &attempt_from("e", 'x'), now, 0).await, 0, "unless it succeeds");
    assert_eq!(begin(store, &attempt_from("f", 'x'), now, 0).await, 1_500, "and the next delays");
}

async fn attempts_are_forgotten(store: &dyn ThrottleStore, now: Timestamp) {
    let alice = attempt("alice");
    for _ in 0..3 {
        begin(store, &alice, now, 0).await;
    }
    assert_eq!(begin(store, &alice, now, 101_499).await, 0, "counted until they are forgotten");
    assert_eq!(begin(store, &alice, now, 101_499).await, 3_000, "so the delay has doubled");
    for _ in 0..3 {
        let wait = begin(store, &alice, now, 101_499 + 108_000).await;
        assert_eq!(wait, 0, "and forgotten that long after the last delay");
    }
}

async fn a_clock_set_back_locks_nobody_out(store: &dyn ThrottleStore, now: Timestamp) {
    let (alice, later) = (attempt("alice"), 1_000_000);
    for _ in 0..3 {
        begin(store, &alice, now, later).await;
    }
    assert_eq!(begin(store, &alice, now, later).await, 1_500, "the delay of the last attempt");
    assert_eq!(begin(store, &alice, now, 0).await, 0, "one attempt, as if nobody had waited");
    assert_ne!(begin(store, &alice, now, 0).await, 0, "and the next delay");

    let known = attempt_from("own", 'x');
    ok(store.succeeded(&known, now.plus(Duration::from_millis(later))).await);
    for _ in 0..3 {
        begin(store, &known, now, later).await;
    }
    for back in [1, later] {
        assert_eq!(begin(store, &known, now, later - back).await, 0, "one attempt");
        assert_ne!(begin(store, &known, now, later - back).await, 0, "and the next delay");
    }
}

async fn attempts_at_once_see_each_other(store: &Arc<dyn ThrottleStore>, now: Timestamp) {
    let counted = count_at_once(store, |store, _| async move {
        matches!(store.begin(&attempt_from("alice", 'x'), now).await, Ok(None))
    });
    assert_eq!(counted.await, 3, "many attempts at once are many attempts");
}

/// Three attempts at the account from `a` to `c`, after which others wait 1.5 s, 4.5 s, 9.5 s and so on.
async fn make_a_line(store: &dyn ThrottleStore, name: &str, now: Timestamp) {
    for address in ['a', 'b', 'c'] {
        assert_eq!(begin(store, &attempt_from(name, address), now, 0).await, 0, "free attempts");
    }
}

async fn nobody_takes_the_turn_of_another(store: &dyn ThrottleStore, now: Timestamp) {
    make_a_line(store, "alice", now).await;
    // (who, when, how long to wait): each has one turn, which does not move, however often they ask.
    let steps = [
        ('s', 0, 1_500),
        ('o', 0, 4_500),
        ('s', 1_499, 1),
        ('t', 1_500, 8_000),
        ('s', 1_500, 0),
        ('s', 1_500, 13_000),
        ('t', 4_500, 5_000),
        ('u', 4_500, 15_000),
        ('s', 4_500, 10_000),
        ('o', 4_499, 1),
        ('o', 4_500, 0),
        ('t', 9_500, 0),
    ];
    for (address, at, wait) in steps {
        let attempt = attempt_from("alice", address);
        assert_eq!(begin(store, &attempt, now, at).await, wait, "the turn of {address} at {at} ms");
    }
}

async fn a_turn_is_for_one_attempt(store: &dyn ThrottleStore, now: Timestamp) {
    make_a_line(store, "alice", now).await;
    let late = attempt_from("alice", 'l');
    assert_eq!(begin(store, &late, now, 0).await, 1_500, "its turn");
    assert_eq!(begin(store, &late, now, 101_499).await, 0, "is kept until it is forgotten");
    assert_eq!(begin(store, &late, now, 101_499).await, 0, "and the line is empty by now");
    assert_eq!(begin(store, &late, now, 101_499).await, 5_000, "but what was counted stands");

    let gone = attempt_from("bob", 'g');
    make_a_line(store, "bob", now).await;
    assert_eq!(begin(store, &gone, now, 0).await, 1_500, "its turn");
    assert_eq!(begin(store, &attempt_from("bob", 'h'), now, 101_500).await, 0, "another's attempt");
    assert_eq!(begin(store, &gone, now, 101_500).await, 5_000, "is not kept for ever");
}

async fn success_ends_the_line(store: &dyn ThrottleStore, now: Timestamp) {
    make_a_line(store, "alice", now).await;
    for (address, wait) in [('s', 1_500), ('o', 4_500), ('t', 9_500)] {
        assert_eq!(begin(store, &attempt_from("alice", address), now, 0).await, wait, "a turn");
    }
    assert_eq!(begin(store, &attempt_from("alice", 's'), now, 1_500).await, 0, "the first of them");
    let success = now.plus(Duration::from_millis(1_500));
    ok(store.succeeded(&attempt_from("alice", 's'), success).await);
    for address in ['o', 't', 'u'] {
        let wait = begin(store, &attempt_from("alice", address), now, 1_500).await;
        assert_eq!(wait, 0, "attempts are free again, and counted");
    }
    assert_eq!(begin(store, &attempt_from("alice", 'v'), now, 1_500).await, 1_500, "a new line");
}

async fn a_known_address_waits_for_itself_alone(store: &dyn ThrottleStore, now: Timestamp) {
    let own = attempt_from("own", 'x');
    begin(store, &own, now, 0).await;
    ok(store.succeeded(&own, now).await);
    for address in ['a', 'b', 'c', 'd', 'e'] {
        begin(store, &attempt_from("own", address), now, 0).await;
    }
    for name in ["a", "b", "c", "d", "e"] {
        begin(store, &attempt_from(name, 'x'), now, 0).await;
    }
    assert_ne!(begin(store, &attempt_from("own", 'f'), now, 0).await, 0, "the account waits");
    assert_ne!(begin(store, &attempt_from("f", 'x'), now, 0).await, 0, "the address waits");
    for wait in [0, 0, 0, 1_500, 1_500] {
        assert_eq!(begin(store, &own, now, 0).await, wait, "the account at its own address");
    }
    assert_eq!(begin(store, &own, now, 1_500).await, 0, "until the delay is over");
    ok(store.succeeded(&own, now).await);
    assert_eq!(begin(store, &own, now, 1_500).await, 0, "a success forgets");
    assert_ne!(begin(store, &attempt_from("own", 'g'), now, 0).await, 0, "and not for others");
}

async fn a_known_address_delays_nobody_else(store: &dyn ThrottleStore, now: Timestamp) {
    ok(store.succeeded(&attempt_from("own", 'x'), now).await);
    for wait in [0, 0, 0, 1_500, 1_500] {
        assert_eq!(begin(store, &attempt_from("own", 'x'), now, 0).await, wait, "its own mistakes");
    }
    assert_eq!(begin(store, &attempt_from("own", 'y'), now, 0).await, 0, "another address");
    for name in ["a", "b", "c", "d"] {
        assert_eq!(begin(store, &attempt_from(name, 'x'), now, 0).await, 0, "another account");
    }
}

async fn an_address_is_known_for_a_while(store: &dyn ThrottleStore, now: Timestamp) {
    let own = attempt_from("own", 'x');
    ok(store.succeeded(&own, now).await);
    let later = now.plus(KNOWN_FOR.saturating_sub(Duration::from_millis(1)));
    make_a_line(store, "own", later).await;
    assert_eq!(begin(store, &own, later, 0).await, 0, "it is known");
    assert_eq!(begin(store, &own, later, 1).await, 1_499, "and is a stranger from then on");
}
