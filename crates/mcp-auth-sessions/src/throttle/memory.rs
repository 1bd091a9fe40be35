//! Attempts in memory.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::known::Known;
use super::{Attempt, Change, Held, ThrottleState, ThrottleStore, Throttled, milliseconds};
use crate::bounded::{BoundedCounters, Counter, EXACT};
use crate::key::CounterKey;

/// Attempts of this process, in at most [`MAX_BYTES`](Self::MAX_BYTES) (12 MiB). When more than 57,344 keys are remembered,
/// further keys share counters and get no turns. The 14,336 addresses that signed in last are known.
#[derive(Debug)]
pub struct MemoryThrottles(Mutex<States>);

#[derive(Debug)]
struct States {
    counters: BoundedCounters<ThrottleState>,
    known: Known,
}

/// Keys that one attempt adds at most: the account, the address and a turn.
const KEYS: usize = 3;

impl Counter for ThrottleState {
    fn is_idle(&self, now: u64) -> bool {
        self.is_forgotten(now)
    }
}

impl MemoryThrottles {
    /// The most bytes it takes, whatever names and addresses come.
    pub const MAX_BYTES: usize =
        BoundedCounters::<ThrottleState>::max_bytes(EXACT) + Known::MAX_BYTES;

    /// No attempts.
    pub fn new() -> Self {
        Self(Mutex::new(States { counters: BoundedCounters::new(), known: Known::new() }))
    }

    // States are replaced whole, so a poisoned lock still guards sound data.
    fn states(&self) -> MutexGuard<'_, States> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryThrottles {
    fn default() -> Self {
        Self::new()
    }
}

impl States {
    fn begin(&mut self, attempt: &Attempt, now: Timestamp) -> Option<Duration> {
        self.counters.make_room(milliseconds(now.since_epoch()));
        let held = self.held(attempt);
        let shared = self.shared_wait(attempt, held.is_known(now), now);
        if shared.is_some() {
            return shared;
        }
        let verdict = attempt.judge(&held, now);
        self.write(attempt, verdict.changes);
        verdict.wait
    }

    fn succeeded(&mut self, attempt: &Attempt, now: Timestamp) {
        let changes = attempt.success(&self.held(attempt), now);
        self.write(attempt, changes);
    }

    fn held(&self, attempt: &Attempt) -> Held {
        let turn = self.counters.own(&attempt.here.turn).copied();
        let state = |key: &CounterKey| Ok::<_, Infallible>(self.counters.get(key).copied());
        let Ok(held) = Held::read(attempt, state);
        Held {
            known: self.known.get(&attempt.here.known),
            turn,
            has_room: self.counters.has_room_for(KEYS),
            ..held
        }
    }

    /// How long to wait for keys that share a counter with others, whose delays may be longer.
    fn shared_wait(&self, attempt: &Attempt, is_known: bool, now: Timestamp) -> Option<Duration> {
        let Throttled { key, policy } = attempt.account;
        let here = Throttled { key: attempt.here.counter, policy };
        let account = Throttled { key, policy };
        let of_all = std::iter::once(account).chain(attempt.address).filter(|_| !is_known);
        let of_here = std::iter::once(here).filter(|_| is_known);
        let wait = |one: Throttled| {
            let shared = self.counters.own(&one.key).is_none();
            let held = self.counters.get(&one.key).filter(|_| shared)?;
            let wait = Duration::from_millis(held.next_at).saturating_sub(now.since_epoch());
            (!wait.is_zero()).then_some(wait.min(one.policy.cap))
        };
        of_all.chain(of_here).filter_map(wait).max()
    }

    fn write(&mut self, attempt: &Attempt, changes: Vec<Change>) {
        for (key, state) in changes {
            match state {
                Some(state) if key == attempt.here.known => self.known.put(key, state),
                Some(state) => self.counters.put(&key, state),
                None => self.forget(&key),
            }
        }
    }

    /// A counter that others share gets one attempt back.
    fn forget(&mut self, key: &CounterKey) {
        if self.counters.forget(key) {
            return;
        }
        if let Some(state) = self.counters.get(key).copied() {
            self.counters.put(key, state.give_back());
        }
    }
}

impl ThrottleStore for MemoryThrottles {
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>> {
        Box::pin(ready(Ok(self.states().begin(attempt, now))))
    }

    fn succeeded<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> StoreFuture<'a, ()> {
        self.states().succeeded(attempt, now);
        Box::pin(ready(Ok(())))
    }
}
