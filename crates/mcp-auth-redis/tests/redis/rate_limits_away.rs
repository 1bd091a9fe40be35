//! Rate limits while the engine is away: each process counts its share, by the same strategy, until the engine counts again.

use std::time::Duration;

use anyhow::ensure;
use mcp_auth::clock::Timestamp;
use mcp_auth_redis::RedisRateLimits;
use mcp_auth_rig::{Engine, until};
use mcp_auth_sessions::rate_limit::{Hit, Strategy};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::common::{Place, now};
use crate::rate_limits::{LONG, Two, hit, passed, two_of_each};

/// Until a request is counted by the engine again. Nobody else uses the key.
fn counts_again(limits: &RedisRateLimits) {
    let runtime = Handle::current();
    block_in_place(|| {
        until("the engine counts again", LONG, || {
            let _: Hit = runtime.block_on(hit(limits, "nobody", "9999/day", now()));
            ensure!(!limits.is_local(), "it counts for itself");
            Ok(())
        })
    })
    .unwrap();
}

/// How many pass of so many that are asked of one process and as many of another.
async fn passed_both(both: &Two, name: &str, text: &str, requests: u32) -> u32 {
    let [one, other] = both;
    passed(one, name, text, requests).await + passed(other, name, text, requests).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_lets_its_share_pass_and_the_engine_counts_on_after_its_return() {
    for engine in Engine::all() {
        let mut place = Place::hasty(&engine);
        let all = two_of_each(&place);
        for (strategy, both) in &all {
            assert_eq!(passed_both(both, "alice", "10/day", 2).await, 4, "{strategy}");
        }
        place.node.kill9();
        for limits in all.iter().flat_map(|(_, both)| both) {
            assert_eq!(passed(limits, "alice", "10/day", 20).await, 5, "half of it");
            assert_eq!(passed(limits, "bob", "1/day", 20).await, 1, "and at least one");
            assert!(limits.is_local());
            let refused = hit(limits, "alice", "10/day", now()).await;
            let Hit::Refused { limit, .. } = refused else { panic!("{refused:?}") };
            assert_eq!(limit.to_string(), "10 per 1 day", "the limit is told, not the share");
        }
        place.node.restart().unwrap();
        for (strategy, both) in &all {
            both.iter().for_each(counts_again);
            let left = passed_both(both, "alice", "10/day", 20).await;
            assert_eq!(left, 6, "{strategy}: the engine has not forgotten what it counted");
            let fresh = passed_both(both, "carol", "10/day", 6).await;
            assert_eq!(fresh, 10, "{strategy}: all together again");
        }
    }
}

/// As [`hit`], with the milliseconds to wait where it is refused.
async fn wait(limits: &RedisRateLimits, text: &str, start: Timestamp, after: u64) -> Option<u64> {
    match hit(limits, "alice", text, start.plus(Duration::from_millis(after))).await {
        Hit::Allowed { .. } => None,
        Hit::Refused { retry_after, .. } => Some(u64::try_from(retry_after.as_millis()).unwrap()),
    }
}

/// When the next request is due, and the one after, where five of ten a minute have passed: three at once, two six seconds later.
fn due(strategy: Strategy) -> [u64; 5] {
    match strategy {
        // All at once when the window closes.
        Strategy::FixedWindow => [60_000; 5],
        // As they came, one minute later.
        Strategy::MovingWindow => [60_000, 60_000, 60_000, 66_000, 66_000],
        // One in twelve seconds.
        Strategy::Gcra => [12_000, 24_000, 36_000, 48_000, 60_000],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_is_counted_by_the_same_strategy() {
    for engine in Engine::all() {
        let mut place = Place::hasty(&engine);
        let all = two_of_each(&place);
        place.node.kill9();
        for (strategy, [limits, _other]) in all {
            let (limits, start) = (limits.by_callers_clock(), now());
            for at in [0, 0, 0, 6_000, 6_000] {
                assert_eq!(wait(&limits, "10/minute", start, at).await, None, "five pass");
            }
            let mut at = 6_000;
            for due in due(strategy) {
                let told = wait(&limits, "10/minute", start, at).await;
                assert_eq!(told, (due > at).then(|| due - at), "{strategy}, at {at}");
                at = due;
                if told.is_some() {
                    assert_eq!(wait(&limits, "10/minute", start, at).await, None, "{strategy}");
                }
            }
            assert!(limits.is_local(), "{strategy}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_refused_without_asking() {
    for engine in Engine::all() {
        let mut place = Place::hasty(&engine);
        place.open_ahead(Strategy::ALL.len());
        let all = Strategy::ALL.map(|strategy| RedisRateLimits::new(&place.fresh(), strategy));
        for limits in &all {
            assert_eq!(passed(limits, "alice", "3/day", 5).await, 3);
        }
        place.node.pause().unwrap();
        for limits in &all {
            assert_eq!(passed(limits, "alice", "3/day", 5).await, 0);
            assert!(!limits.is_local(), "nobody noticed that the engine is away");
            assert_eq!(passed(limits, "bob", "3/day", 5).await, 3, "others are counted");
            assert!(limits.is_local(), "and here, since the engine does not answer");
        }
        place.node.resume().unwrap();
        for limits in &all {
            counts_again(limits);
            assert_eq!(passed(limits, "carol", "3/day", 5).await, 3, "by the engine again");
        }
    }
}
