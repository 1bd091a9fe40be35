//! Rate limits, on every engine.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::ensure;
use mcp_auth::clock::Timestamp;
use mcp_auth_redis::RedisRateLimits;
use mcp_auth_rig::{Engine, until};
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Hit, Limits, MemoryRateLimits, RateLimitStore, Strategy};
use mcp_auth_sessions::testing::rate_limit_contract;

use crate::common::{Place, now};

pub(crate) const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn rate_limits_keep_the_contract() {
    for place in Place::all_hasty() {
        place.open_ahead(Strategy::ALL.len());
        for strategy in Strategy::ALL {
            let store = async || {
                let limits = RedisRateLimits::new(&place.fresh(), strategy).by_callers_clock();
                Arc::new(limits) as Arc<dyn RateLimitStore>
            };
            rate_limit_contract(strategy, store, now()).await;
        }
    }
}

/// Two processes that share the limits of one store.
pub(crate) type Two = [RedisRateLimits; 2];

/// For each strategy a store with two processes. All are opened at once, since each takes as long as its bound.
pub(crate) fn two_of_each(place: &Place) -> [(Strategy, Two); 3] {
    let open = |(strategy, namespace): &(Strategy, String)| {
        RedisRateLimits::new(&place.open(namespace), *strategy)
    };
    let stores = Strategy::ALL.map(|strategy| (strategy, place.namespace()));
    let all = thread::scope(|scope| {
        let opening = stores.each_ref().map(|it| [(); 2].map(|()| scope.spawn(move || open(it))));
        opening.map(|both| both.map(|opening| opening.join().unwrap()))
    });
    until("all are counted", LONG, || {
        let counted = all.as_flattened().iter().map(RedisRateLimits::processes);
        let counted: Vec<_> = counted.collect();
        ensure!(counted == [2; 6], "{counted:?} processes are counted");
        Ok(())
    })
    .unwrap();
    let mut all = all.into_iter();
    Strategy::ALL.map(|strategy| (strategy, all.next().unwrap()))
}

pub(crate) async fn hit(
    limits: &dyn RateLimitStore,
    name: &str,
    text: &str,
    now: Timestamp,
) -> Hit {
    let limit: Limits = text.parse().unwrap();
    limits.hit(CounterKey::of("test", name), &limit, now).await.unwrap()
}

/// How many of these requests pass.
pub(crate) async fn passed(limits: &RedisRateLimits, name: &str, text: &str, requests: u32) -> u32 {
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
        let place = Place::hasty(&engine);
        for (strategy, [one, other]) in two_of_each(&place) {
            let (early, late) = (Timestamp::from_unix_seconds(1), now().plus(100 * LONG));
            let mut allowed = 0;
            for _ in 0..10 {
                for (limits, now) in [(&one, early), (&other, late)] {
                    let hit = hit(limits, "alice", "7/day; 100/month", now).await;
                    allowed += u32::from(matches!(hit, Hit::Allowed { .. }));
                }
            }
            assert!(!one.is_local() && !other.is_local(), "{strategy}: the engine counts");
            assert_eq!(allowed, 7, "{strategy}");
        }
    }
}

#[tokio::test]
async fn programs_judge_as_the_rules_do() {
    for place in Place::all_hasty() {
        place.open_ahead(Strategy::ALL.len());
        for strategy in Strategy::ALL {
            let engine = RedisRateLimits::new(&place.fresh(), strategy).by_callers_clock();
            let rules = MemoryRateLimits::new(strategy);
            for (text, at) in requests() {
                let wanted = hit(&rules, "alice", text, at).await;
                assert_eq!(hit(&engine, "alice", text, at).await, wanted, "{strategy}: {text}");
            }
            assert!(!engine.is_local(), "{strategy}: the engine judged");
        }
    }
}

/// Limits and moments, the same each time. At whole seconds, so that no counter expires in the engine meanwhile.
fn requests() -> impl Iterator<Item = (&'static str, Timestamp)> {
    let (mut at, mut random) = (now(), 1_u64);
    std::iter::repeat_with(move || {
        // The constants of Knuth's MMIX.
        random = random.wrapping_mul(6_364_136_223_846_793_005);
        random = random.wrapping_add(1_442_695_040_888_963_407);
        let [step, limits, ..] = random.to_be_bytes();
        at = at.plus(Duration::from_secs(u64::from(step % 3)));
        let limits = match limits % 3 {
            0 => "3/minute",
            1 => "7/minute; 30/hour",
            _ => "65/4minute; 1000/day",
        };
        (limits, at)
    })
    .take(700)
}

#[tokio::test]
async fn counters_expire_by_the_engines_clock_and_leave_nothing() {
    for engine in Engine::all() {
        let place = Place::hasty(&engine);
        place.open_ahead(Strategy::ALL.len());
        let all = Strategy::ALL.map(|strategy| RedisRateLimits::new(&place.fresh(), strategy));
        for (strategy, limits) in Strategy::ALL.iter().zip(&all) {
            assert_eq!(passed(limits, "alice", "3/3second; 9/3second", 4).await, 3, "{strategy}");
        }
        until("no counter is left", LONG, || {
            let counters = place.node.ask(&["KEYS", "*limit:*"])?;
            ensure!(counters.items().is_empty(), "{counters:?}");
            Ok(())
        })
        .unwrap();
        for (strategy, limits) in Strategy::ALL.iter().zip(&all) {
            assert_eq!(passed(limits, "alice", "3/3second; 9/3second", 3).await, 3, "{strategy}");
            assert!(!limits.is_local(), "the engine counts");
        }
    }
}
