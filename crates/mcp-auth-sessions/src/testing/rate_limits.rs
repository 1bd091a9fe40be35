//! The contract of [`RateLimitStore`].

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{count_at_once, ok};
use crate::key::CounterKey;
use crate::rate_limit::{Hit, Limits, RateLimitStore};

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`RateLimitStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn rate_limit_contract(fresh: impl AsyncFn() -> Arc<dyn RateLimitStore>, now: Timestamp) {
    windows_open_at_the_first_request(&*fresh().await, now).await;
    each_key_and_limit_counts_alone(&*fresh().await, now).await;
    all_limits_count_or_none(&*fresh().await, now).await;
    a_clock_set_back_locks_nobody_out(&*fresh().await, now).await;
    requests_at_once_see_each_other(&fresh().await, now).await;
}

#[expect(clippy::expect_used, reason = "the contract's own limits are legal")]
fn limits(text: &str) -> Limits {
    text.parse().expect("a rate limit")
}

/// `Ok` with what remains, or the limit that was reached and the milliseconds to wait.
async fn hit(
    store: &dyn RateLimitStore,
    (key, text): (&str, &str),
    now: Timestamp,
    after: u64,
) -> Result<u32, (String, u128)> {
    let (key, limits) = (CounterKey::of("test", key), limits(text));
    match ok(store.hit(key, &limits, now.plus(Duration::from_millis(after))).await) {
        Hit::Allowed { remaining } => Ok(remaining),
        Hit::Refused { limit, retry_after } => Err((limit.to_string(), retry_after.as_millis())),
    }
}

async fn windows_open_at_the_first_request(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("alice", "3/minute");
    for (at, remaining) in [(0, 2), (30_000, 1), (59_000, 0)] {
        assert_eq!(hit(store, ours, now, at).await, Ok(remaining), "three are allowed");
    }
    let limit = "3 per 1 minute".to_owned();
    assert_eq!(hit(store, ours, now, 59_001).await, Err((limit.clone(), 999)), "a fourth is not");
    assert_eq!(
        hit(store, ours, now, 59_999).await,
        Err((limit, 1)),
        "as long as the window is open"
    );
    assert_eq!(hit(store, ours, now, 60_000).await, Ok(2), "then a new one opens");
    assert_eq!(hit(store, ours, now, 119_999).await, Ok(1), "with its own end");
}

async fn each_key_and_limit_counts_alone(store: &dyn RateLimitStore, now: Timestamp) {
    assert_eq!(hit(store, ("alice", "1/hour"), now, 0).await, Ok(0), "one");
    assert!(hit(store, ("alice", "1/hour"), now, 0).await.is_err(), "and no more");
    assert_eq!(hit(store, ("bob", "1/hour"), now, 0).await, Ok(0), "another key is another");
    assert_eq!(hit(store, ("alice", "1/day"), now, 0).await, Ok(0), "another limit is another");
}

async fn all_limits_count_or_none(store: &dyn RateLimitStore, now: Timestamp) {
    let both = ("alice", "2/second; 3/hour");
    assert_eq!(hit(store, both, now, 0).await, Ok(1), "the fewest that remain");
    assert_eq!(hit(store, both, now, 0).await, Ok(0), "the fewest that remain");
    for _ in 0..9 {
        let refused = hit(store, both, now, 0).await;
        assert_eq!(refused, Err(("2 per 1 second".to_owned(), 1_000)), "the shorter is reached");
    }
    assert_eq!(hit(store, both, now, 1_000).await, Ok(0), "what was refused was counted nowhere");
    let refused = hit(store, both, now, 1_000).await;
    assert_eq!(refused, Err(("3 per 1 hour".to_owned(), 3_599_000)), "the longer is reached");
}

async fn a_clock_set_back_locks_nobody_out(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("alice", "1/minute");
    assert_eq!(hit(store, ours, now, 1_000_000).await, Ok(0), "one");
    let refused = hit(store, ours, now, 0).await;
    assert_eq!(refused, Err(("1 per 1 minute".to_owned(), 60_000)), "nobody waits for longer");
}

async fn requests_at_once_see_each_other(store: &Arc<dyn RateLimitStore>, now: Timestamp) {
    let allowed = count_at_once(store, |store, _| async move {
        let (key, limits) = (CounterKey::of("test", "alice"), limits("7/minute"));
        matches!(store.hit(key, &limits, now).await, Ok(Hit::Allowed { .. }))
    });
    assert_eq!(allowed.await, 7, "of many requests at once, as many pass as the limit says");
}
