//! Request counts in memory.

use std::future::ready;
use std::sync::{Mutex, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::{Hit, Limits, RateLimitStore, Window, milliseconds};
use crate::bounded::{BoundedCounters, Counter, EXACT};
use crate::key::CounterKey;

/// Requests of this process, in at most [`MAX_BYTES`](Self::MAX_BYTES) (8 MiB). When more than 57,344 windows are open, further
/// keys share counters.
#[derive(Debug)]
pub struct MemoryRateLimits(Mutex<BoundedCounters<Window>>);

impl Counter for Window {
    fn is_idle(&self, now: u64) -> bool {
        self.ends_at <= now
    }
}

impl MemoryRateLimits {
    /// The most bytes it takes, whatever keys come.
    pub const MAX_BYTES: usize = BoundedCounters::<Window>::max_bytes(EXACT);

    /// No requests.
    pub fn new() -> Self {
        Self(Mutex::new(BoundedCounters::new()))
    }

    fn count(&self, key: CounterKey, limits: &Limits, now: Timestamp) -> Hit {
        // Counters are replaced whole, so a poisoned lock still guards sound data.
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = Vec::new();
        let mut refused = None;
        for limit in limits.iter() {
            let key = limit.key(key);
            match Window::hit(counters.get(&key).copied(), limit, now) {
                Ok(window) => open.push((key, window, limit)),
                Err(wait) => refused = refused.max(Some((wait, *limit))),
            }
        }
        if let Some((retry_after, limit)) = refused {
            return Hit::Refused { limit, retry_after };
        }
        counters.make_room(milliseconds(now));
        for (key, window, limit) in &open {
            counters.put_or_share(key, *window, |window| window.open_for_all_of(limit, now));
        }
        let left = open.iter().map(|(_, window, limit)| limit.amount() - window.count);
        Hit::Allowed { remaining: left.min().unwrap_or_default() }
    }
}

impl Default for MemoryRateLimits {
    fn default() -> Self {
        Self::new()
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

    /// Where all keys share one counter.
    fn crowded() -> MemoryRateLimits {
        MemoryRateLimits(Mutex::new(BoundedCounters::with_bounds(0, 1)))
    }

    fn passes(limits: &MemoryRateLimits, name: &str, text: &str, at: u64) -> bool {
        let now = Timestamp::default().plus(Duration::from_millis(1_000_000 + at));
        let hit = limits.count(CounterKey::of("test", name), &text.parse().unwrap(), now);
        matches!(hit, Hit::Allowed { .. })
    }

    #[test]
    fn a_counter_that_is_shared_is_never_looser_than_the_longest_limit() {
        let limits = crowded();
        assert!(passes(&limits, "alice", "9/second", 0));
        assert!(passes(&limits, "bob", "3/hour", 1));
        assert!(passes(&limits, "alice", "9/second", 2));
        for at in [3, 1_000, 2_000, 3_600_000] {
            assert!(!passes(&limits, "bob", "3/hour", at), "{at}");
        }
        assert!(passes(&limits, "bob", "3/hour", 3_600_001));
    }
}
