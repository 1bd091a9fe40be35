//! Request counts in memory.

use std::future::ready;
use std::sync::{Mutex, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::rule::Rule;
use super::{Arrival, Hit, Limits, Log, RateLimitStore, Strategy, Window, milliseconds};
use crate::bounded::{BoundedCounters, EXACT, SHARED};
use crate::key::CounterKey;

/// Requests of this process, in bounded memory whatever keys come: [`max_bytes`](Self::max_bytes) says how much. When more
/// than 57,344 counters count something, or 28,672 logs of the moving window, further keys share counters.
#[derive(Debug)]
pub struct MemoryRateLimits(Mutex<Counters>);

#[derive(Debug)]
enum Counters {
    FixedWindow(BoundedCounters<Window>),
    MovingWindow(BoundedCounters<Log>),
    Gcra(BoundedCounters<Arrival>),
}

/// Logs held one by one: half as many as other counters, because each may be fifty times as large.
const LOGS: usize = EXACT / 2;

/// What an allocator adds to an allocation, by a cautious estimate.
const OVERHEAD: usize = 16;

impl MemoryRateLimits {
    /// The most bytes it takes: with fixed windows and GCRA under 8 MiB; with moving windows under 35 MiB, which takes 28,672 keys
    /// with 64 requests each. A log has 16 bytes for each request that counts.
    pub const fn max_bytes(strategy: Strategy) -> usize {
        match strategy {
            Strategy::FixedWindow => BoundedCounters::<Window>::max_bytes(EXACT),
            Strategy::Gcra => BoundedCounters::<Arrival>::max_bytes(EXACT),
            Strategy::MovingWindow => {
                let logs = LOGS * log_bytes(Log::LENGTH as usize) + SHARED * log_bytes(1);
                BoundedCounters::<Log>::max_bytes(LOGS) + logs
            }
        }
    }

    /// No requests, to be counted by this strategy.
    pub fn new(strategy: Strategy) -> Self {
        Self::with_bounds(strategy, EXACT, SHARED)
    }

    fn with_bounds(strategy: Strategy, exact: usize, shared: usize) -> Self {
        Self(Mutex::new(match strategy {
            Strategy::FixedWindow => {
                Counters::FixedWindow(BoundedCounters::with_bounds(exact, shared))
            }
            Strategy::MovingWindow => {
                Counters::MovingWindow(BoundedCounters::with_bounds(exact / 2, shared))
            }
            Strategy::Gcra => Counters::Gcra(BoundedCounters::with_bounds(exact, shared)),
        }))
    }

    fn count(&self, key: CounterKey, limits: &Limits, now: Timestamp) -> Hit {
        // Counters are replaced whole, so a poisoned lock still guards sound data.
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Counters::FixedWindow(counters) => judge(counters, key, limits, now),
            Counters::MovingWindow(counters) => judge(counters, key, limits, now),
            Counters::Gcra(counters) => judge(counters, key, limits, now),
        }
    }
}

/// What the entries of one log take.
const fn log_bytes(entries: usize) -> usize {
    entries * size_of::<Window>() + OVERHEAD
}

fn judge<R: Rule>(
    counters: &mut BoundedCounters<R>,
    key: CounterKey,
    limits: &Limits,
    now: Timestamp,
) -> Hit {
    let (mut passed, mut refused) = (Vec::new(), None);
    for limit in limits.iter() {
        let key = limit.key(key);
        if let Some(settled) = counters.own(&key).and_then(|held| held.settled(limit, now)) {
            counters.put(&key, settled);
        }
        match R::hit(counters.get(&key), limit, now) {
            Ok(counter) => passed.push((key, limit, counter)),
            Err(wait) => refused = refused.max(Some((wait, *limit))),
        }
    }
    if let Some((retry_after, limit)) = refused {
        return Hit::Refused { limit, retry_after };
    }
    let left = passed.iter().map(|(_, limit, counter)| counter.remaining(limit, now));
    let remaining = left.min().unwrap_or_default();
    counters.make_room(milliseconds(now));
    for (key, limit, counter) in passed {
        counters.put_or_share(&key, counter, |counter| counter.shared(limit, now));
    }
    Hit::Allowed { remaining }
}

/// Counts by fixed windows.
impl Default for MemoryRateLimits {
    fn default() -> Self {
        Self::new(Strategy::default())
    }
}

impl RateLimitStore for MemoryRateLimits {
    fn hit<'a>(
        &'a self,
        key: CounterKey,
        limits: &'a Limits,
        now: Timestamp,
    ) -> StoreFuture<'a, Hit> {
        Box::pin(ready(Ok(self.count(key, limits, now))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Whether a request passes that is made so many milliseconds after the first.
    fn passes(limits: &MemoryRateLimits, name: &str, text: &str, at: u64) -> bool {
        let now = Timestamp::default().plus(Duration::from_millis(1_000_000 + at));
        let hit = limits.count(CounterKey::of("test", name), &text.parse().unwrap(), now);
        matches!(hit, Hit::Allowed { .. })
    }

    #[test]
    fn a_counter_that_is_shared_is_never_looser_than_the_longest_limit() {
        let most = [(Strategy::FixedWindow, 3), (Strategy::MovingWindow, 3), (Strategy::Gcra, 6)];
        for (strategy, most) in most {
            let limits = MemoryRateLimits::with_bounds(strategy, 0, 1);
            let both = |second: &u64| {
                let _ = passes(&limits, "alice", "9/second", second * 1_000);
                passes(&limits, "bob", "3/hour", second * 1_000 + 1)
            };
            let passed = (0..3_600).filter(both).count();
            assert!((1..=most).contains(&passed), "{strategy}: {passed} within an hour");
        }
    }

    #[test]
    fn keys_beyond_the_bound_share_until_there_is_room() {
        const MINUTE: u64 = 60_000;
        for strategy in Strategy::ALL {
            let limits = MemoryRateLimits::with_bounds(strategy, 8, 1);
            let passed = |from: u32, at: u64| {
                let pass = |n: &u32| passes(&limits, &n.to_string(), "1/hour", at);
                (from..from + 100).filter(pass).count()
            };
            let alone = if strategy == Strategy::MovingWindow { 4 } else { 8 };
            assert_eq!(passed(0, 0), alone + 1, "{strategy}");
            assert!(passes(&limits, "other", "9/hour", 59 * MINUTE), "{strategy}: looks for room");
            assert_eq!(passed(0, 59 * MINUTE), 0, "{strategy}: what counts is not forgotten");
            assert_eq!(passed(100, 120 * MINUTE), alone + 1, "{strategy}: the rest is");
        }
    }
}
