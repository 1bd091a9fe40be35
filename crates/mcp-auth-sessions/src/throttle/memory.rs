//! Attempts in memory.

use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::{Attempt, ThrottleState, ThrottleStore, Throttled, milliseconds};
use crate::bounded::{BoundedCounters, Counter, EXACT};

/// Attempts of this process, in at most [`MAX_BYTES`](Self::MAX_BYTES) (10 MiB). When more than 57,344 keys are remembered,
/// further keys share counters.
#[derive(Debug)]
pub struct MemoryThrottles(Mutex<BoundedCounters<ThrottleState>>);

impl Counter for ThrottleState {
    fn is_idle(&self, now: u64) -> bool {
        self.is_forgotten(now)
    }
}

impl MemoryThrottles {
    /// The most bytes it takes, whatever names and addresses come.
    pub const MAX_BYTES: usize = BoundedCounters::<ThrottleState>::max_bytes(EXACT);

    /// No attempts.
    pub fn new() -> Self {
        Self(Mutex::new(BoundedCounters::new()))
    }

    // Counters are replaced whole, so a poisoned lock still guards sound data.
    fn counters(&self) -> MutexGuard<'_, BoundedCounters<ThrottleState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, attempt: &Attempt, now: Timestamp) -> Option<Duration> {
        let mut counters = self.counters();
        let judged = |one: &Throttled| match counters.own(&one.key) {
            Some(own) => one.policy.begin(Some(*own), now),
            None => one.policy.begin_shared(counters.get(&one.key).copied(), now),
        };
        let judge = |one: &Throttled| (one.key, judged(one));
        let verdicts: Vec<_> = keys(attempt).map(judge).collect();
        let wait = verdicts.iter().filter_map(|(_, verdict)| verdict.err()).max();
        if wait.is_none() {
            counters.make_room(milliseconds(now.since_epoch()));
            let counted = verdicts.into_iter().filter_map(|(key, state)| Some((key, state.ok()?)));
            counted.for_each(|(key, state)| counters.put(&key, state));
        }
        wait
    }

    fn clear(&self, attempt: &Attempt) {
        let mut counters = self.counters();
        let cleared = counters.forget(&attempt.account.key);
        let shared = (!cleared).then_some(attempt.account);
        for one in shared.into_iter().chain(attempt.address) {
            if let Some(state) = counters.get(&one.key).copied() {
                counters.put(&one.key, state.give_back());
            }
        }
    }
}

impl Default for MemoryThrottles {
    fn default() -> Self {
        Self::new()
    }
}

fn keys(attempt: &Attempt) -> impl Iterator<Item = &Throttled> {
    std::iter::once(&attempt.account).chain(&attempt.address)
}

impl ThrottleStore for MemoryThrottles {
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>> {
        Box::pin(ready(Ok(self.count(attempt, now))))
    }

    fn succeeded<'a>(&'a self, attempt: &'a Attempt, _: Timestamp) -> StoreFuture<'a, ()> {
        self.clear(attempt);
        Box::pin(ready(Ok(())))
    }
}
