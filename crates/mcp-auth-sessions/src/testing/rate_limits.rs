//! The contract of [`RateLimitStore`].

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{count_at_once, ok};
use crate::key::CounterKey;
use crate::rate_limit::{Hit, Limits, RateLimitStore, Strategy};

/// Checks that the store which `fresh` makes, with nothing in it, keeps the contract of [`RateLimitStore`] when it counts by
/// `strategy`.
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn rate_limit_contract(
    strategy: Strategy,
    fresh: impl AsyncFn() -> Arc<dyn RateLimitStore>,
    now: Timestamp,
) {
    let store = fresh().await;
    each_key_and_limit_counts_alone(&*store, now).await;
    all_limits_count_or_none(&*store, strategy, now).await;
    the_wait_that_is_told_is_right(&*store, now).await;
    a_clock_set_back_unlimits_nobody_and_locks_nobody_out(&*store, now).await;
    requests_at_once_see_each_other(&store, now).await;
    match strategy {
        Strategy::FixedWindow => windows_open_at_the_first_request(&*store, now).await,
        Strategy::MovingWindow => {
            requests_leave_a_moving_window_one_by_one(&*store, now).await;
            large_limits_are_moving_windows_too(&*store, now).await;
        }
        Strategy::Gcra => requests_pass_at_an_even_rate_after_a_burst(&*store, now).await,
    }
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
) -> Result<u32, (String, u64)> {
    let (key, limits) = (CounterKey::of("test", key), limits(text));
    match ok(store.hit(key, &limits, now.plus(Duration::from_millis(after))).await) {
        Hit::Allowed { remaining } => Ok(remaining),
        Hit::Refused { limit, retry_after } => {
            Err((limit.to_string(), u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX)))
        }
    }
}

async fn each_key_and_limit_counts_alone(store: &dyn RateLimitStore, now: Timestamp) {
    assert_eq!(hit(store, ("alice", "1/hour"), now, 0).await, Ok(0), "one");
    assert!(hit(store, ("alice", "1/hour"), now, 0).await.is_err(), "and no more");
    assert_eq!(hit(store, ("bob", "1/hour"), now, 0).await, Ok(0), "another key is another");
    assert_eq!(hit(store, ("alice", "1/day"), now, 0).await, Ok(0), "another limit is another");
}

async fn all_limits_count_or_none(store: &dyn RateLimitStore, strategy: Strategy, now: Timestamp) {
    let (short, long) = match strategy {
        Strategy::FixedWindow | Strategy::MovingWindow => (60_000, 3_540_000),
        Strategy::Gcra => (30_000, 1_140_000),
    };
    let both = ("carol", "2/minute; 3/hour");
    assert_eq!(hit(store, both, now, 0).await, Ok(1), "the fewest that remain");
    assert_eq!(hit(store, both, now, 0).await, Ok(0), "the fewest that remain");
    for _ in 0..9 {
        let refused = hit(store, both, now, 0).await;
        assert_eq!(refused, Err(("2 per 1 minute".to_owned(), short)), "the shorter is reached");
    }
    assert_eq!(hit(store, both, now, 60_000).await, Ok(0), "what was refused was counted nowhere");
    let refused = hit(store, both, now, 60_000).await;
    assert_eq!(refused, Err(("3 per 1 hour".to_owned(), long)), "the longer is reached");
}

async fn the_wait_that_is_told_is_right(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("dave", "3/minute; 7/hour");
    let mut at = 0;
    for _ in 0..12 {
        if let Err((limit, wait)) = hit(store, ours, now, at).await {
            let early = hit(store, ours, now, at + wait - 1).await;
            assert_eq!(early, Err((limit, 1)), "not before the time that was told");
            at += wait;
            assert!(hit(store, ours, now, at).await.is_ok(), "but then");
        }
    }
    assert!(at >= 60_000, "some were refused");
}

async fn a_clock_set_back_unlimits_nobody_and_locks_nobody_out(
    store: &dyn RateLimitStore,
    now: Timestamp,
) {
    let ours = ("erin", "1/minute");
    let refused = |wait| Err(("1 per 1 minute".to_owned(), wait));
    assert_eq!(hit(store, ours, now, 1_000_000).await, Ok(0), "one");
    for (at, wait) in [(0, 60_000), (1, 59_999), (59_999, 1)] {
        assert_eq!(hit(store, ours, now, at).await, refused(wait), "as long as a window");
    }
    assert_eq!(hit(store, ours, now, 60_000).await, Ok(0), "and no longer");
}

async fn requests_at_once_see_each_other(store: &Arc<dyn RateLimitStore>, now: Timestamp) {
    let allowed = count_at_once(store, |store, _| async move {
        let (key, limits) = (CounterKey::of("test", "frank"), limits("7/minute"));
        matches!(store.hit(key, &limits, now).await, Ok(Hit::Allowed { .. }))
    });
    assert_eq!(allowed.await, 7, "of many requests at once, as many pass as the limit says");
}

async fn windows_open_at_the_first_request(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("grace", "3/minute");
    for (at, remaining) in [(0, 2), (30_000, 1), (59_000, 0)] {
        assert_eq!(hit(store, ours, now, at).await, Ok(remaining), "three are allowed");
    }
    let refused = |wait| Err(("3 per 1 minute".to_owned(), wait));
    assert_eq!(hit(store, ours, now, 59_001).await, refused(999), "a fourth is not");
    assert_eq!(hit(store, ours, now, 59_999).await, refused(1), "as long as the window is open");
    assert_eq!(hit(store, ours, now, 60_000).await, Ok(2), "then a new one opens");
    assert_eq!(hit(store, ours, now, 119_999).await, Ok(1), "with its own end");
}

async fn requests_leave_a_moving_window_one_by_one(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("grace", "3/minute");
    for (at, remaining) in [(0, 2), (30_000, 1), (59_000, 0)] {
        assert_eq!(hit(store, ours, now, at).await, Ok(remaining), "three are allowed");
    }
    let refused = |wait| Err(("3 per 1 minute".to_owned(), wait));
    assert_eq!(hit(store, ours, now, 59_999).await, refused(1), "a fourth is not");
    assert_eq!(hit(store, ours, now, 60_000).await, Ok(0), "until the first one leaves");
    assert_eq!(hit(store, ours, now, 60_001).await, refused(29_999), "and the second");
    assert_eq!(hit(store, ours, now, 119_000).await, Ok(1), "two have left, one counts");
    let set_back = ("ivan", "2/minute");
    assert_eq!(hit(store, set_back, now, 1_000_000).await, Ok(1), "one");
    assert_eq!(hit(store, set_back, now, 0).await, Ok(0), "and one by a clock that was set back");
    let refused = Err(("2 per 1 minute".to_owned(), 1));
    assert_eq!(hit(store, set_back, now, 59_999).await, refused, "both count as long");
    assert_eq!(hit(store, set_back, now, 60_000).await, Ok(1), "and no longer");
}

/// A limit this large need not be counted exactly. It may be stricter, by no more than a 62nd of the window.
async fn large_limits_are_moving_windows_too(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("heidi", "80/62second");
    for n in 0..80 {
        let left = u32::try_from(79 - n).unwrap_or_default();
        assert_eq!(hit(store, ours, now, n * 100).await, Ok(left), "eighty are allowed");
    }
    let refused = hit(store, ours, now, 8_000).await;
    let wait = refused.map_or_else(|(_, wait)| wait, |_| 0);
    assert!(
        (54_000..55_000).contains(&wait),
        "the first one leaves after 62 to 63 s, not {wait} ms"
    );
    let early = hit(store, ours, now, 8_000 + wait - 1).await;
    assert_eq!(early, Err(("80 per 62 second".to_owned(), 1)), "not before");
    let first_grain = hit(store, ours, now, 8_000 + wait).await;
    assert!(first_grain.is_ok_and(|left| left < 10), "few have left");
}

async fn requests_pass_at_an_even_rate_after_a_burst(store: &dyn RateLimitStore, now: Timestamp) {
    let ours = ("grace", "3/minute");
    for remaining in [2, 1, 0] {
        assert_eq!(hit(store, ours, now, 0).await, Ok(remaining), "three are allowed at once");
    }
    let refused = |wait| Err(("3 per 1 minute".to_owned(), wait));
    assert_eq!(hit(store, ours, now, 0).await, refused(20_000), "a fourth is not");
    assert_eq!(hit(store, ours, now, 19_999).await, refused(1), "until its third of a minute");
    assert_eq!(hit(store, ours, now, 20_000).await, Ok(0), "then one");
    assert_eq!(hit(store, ours, now, 20_000).await, refused(20_000), "and no more");
    assert_eq!(hit(store, ours, now, 80_000).await, Ok(2), "after a minute's rest, three");
    let uneven = ("heidi", "7/minute");
    for remaining in (0..7).rev() {
        assert_eq!(hit(store, uneven, now, 0).await, Ok(remaining), "seven are allowed at once");
    }
    let refused = Err(("7 per 1 minute".to_owned(), 8_572));
    assert_eq!(hit(store, uneven, now, 0).await, refused, "intervals are rounded up");
}
