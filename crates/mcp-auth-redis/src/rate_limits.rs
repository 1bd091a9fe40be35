//! Requests counted in the engine, for all machines together; and on this machine while the engine is away.

mod breaker;
mod census;
mod decision;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{StoreError, StoreFuture};
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Hit, Limits, MemoryRateLimits, RateLimitStore, Strategy};
use tokio::time::timeout;

use self::breaker::Breaker;
use self::census::Census;
use self::decision::Question;
use self::refusals::Refusals;
use crate::RedisStore;
use crate::failure::Failure;
use crate::moment::Moment;

/// How long a request waits for the engine to count it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Rate limits that hold for all processes of a store together.
///
/// Each decision is one step in the engine, by the engine's clock, so that machines whose clocks differ agree. What was refused
/// is refused again without asking until the next request is due. When the engine does not answer within 50 ms, this process
/// counts for itself by the same strategy, and lets its share pass: the limit divided by the number of processes that were alive
/// last, one request at least. Every second one request finds out whether the engine is back. Around such a change up to twice as
/// much may pass as the strategy allows; it is never without a limit.
///
/// All processes of a store must count by the same strategy: those of another one count apart.
#[derive(Debug)]
pub struct RedisRateLimits {
    store: RedisStore,
    strategy: Strategy,
    clock: Time,
    refusals: Refusals,
    breaker: Arc<Breaker>,
    here: MemoryRateLimits,
    census: Arc<Census>,
}

/// Whose clock says when requests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Engine,
    Caller,
}

impl RedisRateLimits {
    /// Counts in the engine of this store, by this strategy. The process counts as one of those that share a limit from then on.
    pub fn new(store: &RedisStore, strategy: Strategy) -> Self {
        let census = Arc::<Census>::default();
        if let Some(first) = store.parts().keys.first() {
            let engine = Arc::clone(&store.parts().engine);
            let taking = census::take(Arc::downgrade(&census), engine, first.clone());
            store.parts().worker.spawn(taking);
        }
        Self {
            store: store.clone(),
            strategy,
            clock: Time::Engine,
            refusals: Refusals::new(),
            breaker: Arc::default(),
            here: MemoryRateLimits::new(strategy),
            census,
        }
    }

    /// Judges each request by its `now`, for tests that step time.
    #[must_use]
    pub fn by_callers_clock(self) -> Self {
        Self { clock: Time::Caller, ..self }
    }

    /// Whether the engine is away, so that this process counts for itself.
    pub fn is_local(&self) -> bool {
        self.breaker.is_open()
    }

    /// How many processes shared the limits when the engine was last asked, this one included.
    pub fn processes(&self) -> u32 {
        self.census.count()
    }

    async fn judge(
        &self,
        key: CounterKey,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Hit, StoreError> {
        let question = Question::new(self.strategy, key, limits);
        let asked_at = self.moment(now);
        if let Some(refused) = self.refusals.hit(&question, asked_at) {
            return Ok(refused);
        }
        let answer = self.ask(&question, now).await;
        let Some(verdict) = answer.and_then(|answer| question.verdict(&answer)) else {
            return self.judge_here(key, limits, now).await;
        };
        for (counter, wait) in verdict.full {
            self.refusals.remember(counter, asked_at.saturating_add(wait));
        }
        Ok(verdict.hit)
    }

    /// What the engine says; `None` where it is away. Why does not matter here: the store's status tells it.
    async fn ask(&self, question: &Question, now: Timestamp) -> Option<Vec<i64>> {
        let permit = self.breaker.admit(Moment::now())?;
        let parts = self.store.parts();
        let engine = Arc::clone(&parts.engine);
        let now = (self.clock == Time::Caller).then(|| microseconds(now));
        let (slot, ask) = question.ask(&parts.namespace, now);
        let asked = parts.worker.run(async move {
            // The question goes on when nobody waits for it any more, so that even a slow connection comes about.
            let asking = tokio::spawn(async move { engine.ask_for(slot, &ask).await });
            let answer = timeout(PATIENCE, asking).await.ok().and_then(Result::ok);
            let answer = answer.unwrap_or(Err(Failure::Closed))?;
            permit.succeeded();
            Ok(answer)
        });
        asked.await.ok()
    }

    /// Counts in this process, up to its share.
    async fn judge_here(
        &self,
        key: CounterKey,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Hit, StoreError> {
        let shares = limits.shared_among(self.processes());
        let hit = self.here.hit(key, &shares, now).await?;
        Ok(match hit {
            Hit::Refused { limit, retry_after } => {
                // Who is refused is told the limit, not the share.
                let whole = shares.iter().zip(limits.iter()).find(|(share, _)| **share == limit);
                Hit::Refused { limit: whole.map_or(limit, |(_, whole)| *whole), retry_after }
            }
            allowed @ Hit::Allowed { .. } => allowed,
        })
    }

    /// Now, by the clock by which refusals are remembered.
    fn moment(&self, now: Timestamp) -> u64 {
        match self.clock {
            Time::Engine => Moment::now().0 / 1_000_000,
            Time::Caller => milliseconds(now),
        }
    }
}

impl RateLimitStore for RedisRateLimits {
    fn hit<'a>(
        &'a self,
        key: CounterKey,
        limits: &'a Limits,
        now: Timestamp,
    ) -> StoreFuture<'a, Hit> {
        Box::pin(self.judge(key, limits, now))
    }
}

fn milliseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.since_epoch().as_millis()).unwrap_or(u64::MAX)
}

fn microseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.since_epoch().as_micros()).unwrap_or(u64::MAX)
}
