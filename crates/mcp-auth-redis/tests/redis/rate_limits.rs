//! Rate limits, on every engine, while it is there and while it is not.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use mcp_auth::clock::Timestamp;
use mcp_auth_redis::RedisRateLimits;
use mcp_auth_rig::{Engine, until};
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Hit, Limits, RateLimitStore, Strategy};
use mcp_auth_sessions::testing::rate_limit_contract;

use crate::common::{Place, now};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn rate_limits_keep_the_contract() {
    for place in Place::all() {
        place.open_ahead(1);
        let store = async || {
            let limits = RedisRateLimits::new(&place.fresh()).by_callers_clock();
            Arc::new(limits) as Arc<dyn RateLimitStore>
        };
        rate_limit_contract(Strategy::FixedWindow, store, now()).await;
    }
}

/// Two processes that share the limits of one store.
fn two(place: &Place) -> [RedisRateLimits; 2] {
    let namespace = place.namespace();
    let both = [(); 2].map(|()| RedisRateLimits::new(&place.open(&namespace)));
    until("both are counted", LONG, || {
        let counted = both.each_ref().map(RedisRateLimits::processes);
        ensure!(counted == [2, 2], "{counted:?} processes are counted");
        Ok(())
    })
    .unwrap();
    both
}

async fn hit(limits: &RedisRateLimits, name: &str, text: &str, now: Timestamp) -> Hit {
    let limit: Limits = text.parse().unwrap();
    limits.hit(CounterKey::of("test", name), &limit, now).await.unwrap()
}

/// How many of these requests pass.
async fn passed(limits: &RedisRateLimits, name: &str, text: &str, requests: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..requests {
        let allowed = matches!(hit(limits, name, text, now()).await, Hit::Allowed { .. });
        passed += u32::from(allowed);
    }
    passed
}

#[tokio::test]
async fn processes_whose_clocks_differ_share_a_limit() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let [one, other] = two(&place);
        let (early, late) = (Timestamp::from_unix_seconds(1), now().plus(100 * LONG));
        let mut allowed = 0;
        for _ in 0..10 {
            for (limits, now) in [(&one, early), (&other, late)] {
                let hit = hit(limits, "alice", "7/day; 100/month", now).await;
                allowed += u32::from(matches!(hit, Hit::Allowed { .. }));
            }
        }
        assert_eq!(allowed, 7, "{}", engine.name());
        assert!(!one.is_local() && !other.is_local());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_engine_is_away_each_process_lets_its_share_pass() {
    for engine in Engine::all() {
        let mut place = Place::on(&engine);
        let both = two(&place);
        place.node.kill9();
        for limits in &both {
            assert_eq!(passed(limits, "alice", "10/day", 20).await, 5, "half of the limit");
            assert_eq!(passed(limits, "bob", "1/day", 20).await, 1, "and at least one");
            assert!(limits.is_local());
            let refused = hit(limits, "alice", "10/day", now()).await;
            let Hit::Refused { limit, .. } = refused else { panic!("{refused:?}") };
            assert_eq!(limit.to_string(), "10 per 1 day", "the limit is told, not the share");
        }
        place.node.restart().unwrap();
        let [one, other] = &both;
        for limits in [one, other] {
            let runtime = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| {
                until("the engine counts again", LONG, || {
                    let _: Hit = runtime.block_on(hit(limits, "nobody", "9999/day", now()));
                    ensure!(!limits.is_local(), "it counts for itself");
                    Ok(())
                })
            })
            .unwrap();
        }
        let counted =
            passed(one, "carol", "10/day", 6).await + passed(other, "carol", "10/day", 6).await;
        assert_eq!(counted, 10, "all together again");
    }
}

#[tokio::test]
async fn what_was_refused_is_refused_without_asking() {
    for engine in Engine::all() {
        let mut place = Place::on(&engine);
        let limits = RedisRateLimits::new(&place.fresh());
        assert_eq!(passed(&limits, "alice", "3/day", 5).await, 3);
        place.node.pause().unwrap();
        assert_eq!(passed(&limits, "alice", "3/day", 5).await, 0);
        assert!(!limits.is_local(), "nobody noticed that the engine is away");
        assert_eq!(passed(&limits, "bob", "3/day", 5).await, 3, "who was not refused is counted");
        assert!(limits.is_local(), "and here, since the engine does not answer");
        place.node.resume().unwrap();
    }
}
