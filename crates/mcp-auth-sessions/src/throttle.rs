//! Slows down guessing: a delay that grows with each failed sign-in, for the account and for the address.
//!
//! An attempt is counted before its password is looked at, so a thousand attempts at once are a thousand attempts. The
//! delay is capped: whoever knows a name can slow its owner down, and cannot lock the owner out.

mod memory;

use std::fmt;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

pub use self::memory::MemoryThrottles;
use crate::key::CounterKey;

/// How failures become delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Attempts without delay.
    pub free: u32,
    /// The delay after the first attempt beyond those; it doubles with each further one.
    pub first: Duration,
    /// The longest delay.
    pub cap: Duration,
    /// How long after the last delay has passed the attempts are forgotten.
    pub forget_after: Duration,
}

impl ThrottlePolicy {
    /// For one account: 5 attempts, then 1 s, 2 s, 4 s and so on to 15 s; forgotten after 15 minutes.
    pub const ACCOUNT: Self = Self {
        free: 5,
        first: Duration::from_secs(1),
        cap: Duration::from_secs(15),
        forget_after: Duration::from_mins(15),
    };

    /// For one address: 20 attempts, then 1 s, 2 s, 4 s and so on to 60 s; forgotten after 15 minutes.
    pub const ADDRESS: Self = Self { free: 20, cap: Duration::from_mins(1), ..Self::ACCOUNT };

    /// Counts one attempt on top of `held`: the new state, or how long to wait. A pure function, which every store
    /// computes in one step with reading and writing.
    ///
    /// # Errors
    /// The time until the next attempt is due; nothing is counted.
    pub fn begin(
        &self,
        held: Option<ThrottleState>,
        now: Timestamp,
    ) -> Result<ThrottleState, Duration> {
        let now = milliseconds(now.since_epoch());
        let held = held.filter(|held| !held.is_forgotten(now));
        let attempts = match held {
            // What is due later than after the last attempt was put off before the clock was set back. Nobody is locked out
            // until it has caught up.
            Some(held) if held.next_at > now && held.next_at - now <= self.delay_of(held) => {
                return Err(Duration::from_millis(held.next_at - now));
            }
            Some(held) => held.attempts.saturating_add(1),
            None => 1,
        };
        let next_at = now.saturating_add(milliseconds(self.delay(attempts)));
        let forget_at = next_at.saturating_add(milliseconds(self.forget_after));
        Ok(ThrottleState { attempts, next_at, forget_at })
    }

    fn delay_of(&self, held: ThrottleState) -> u64 {
        milliseconds(self.delay(held.attempts))
    }

    /// The same for a key that shares `held` with others, whose delays may be longer.
    fn begin_shared(
        &self,
        held: Option<ThrottleState>,
        now: Timestamp,
    ) -> Result<ThrottleState, Duration> {
        let due = held.map_or(0, |held| held.next_at);
        let wait = Duration::from_millis(due).saturating_sub(now.since_epoch());
        if wait.is_zero() { self.begin(held, now) } else { Err(wait.min(self.cap)) }
    }

    /// The delay after this many attempts.
    pub fn delay(&self, attempts: u32) -> Duration {
        match attempts.checked_sub(self.free.saturating_add(1)) {
            None => Duration::ZERO,
            Some(doublings) => {
                self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.cap)
            }
        }
    }
}

/// What is held of one key; times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleState {
    /// Attempts that did not succeed, those under way included.
    pub attempts: u32,
    /// When the next one is due.
    pub next_at: u64,
    /// When the state may be forgotten.
    pub forget_at: u64,
}

impl ThrottleState {
    /// The same without one attempt, which succeeded: the next one need not wait for it.
    #[must_use]
    pub fn give_back(self) -> Self {
        Self { attempts: self.attempts.saturating_sub(1), next_at: 0, ..self }
    }

    fn is_forgotten(&self, now: u64) -> bool {
        self.forget_at <= now
    }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// One key of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Whose attempts are counted.
    pub key: CounterKey,
    /// How.
    pub policy: ThrottlePolicy,
}

/// One attempt to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The account's name, whether or not there is such an account.
    pub account: Throttled,
    /// The client's address, where it is known.
    pub address: Option<Throttled>,
}

/// Counts attempts.
///
/// The contract, which `testing::throttle_contract` checks: [`begin`](Self::begin) judges each key by
/// [`ThrottlePolicy::begin`]; an attempt is counted for all of its keys or, where one must wait, for none; of several
/// attempts at once each sees the others; states are exact to the millisecond. A store of bounded size may count several keys as
/// one when it is full, which only makes it stricter.
pub trait ThrottleStore: fmt::Debug + Send + Sync {
    /// Counts an attempt before it is made: `None`, or how long to wait (the longest of the keys').
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>>;

    /// The attempt succeeded: forgets the account's state and gives one attempt back to the address
    /// ([`ThrottleState::give_back`]), whose other failures stand.
    fn succeeded<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> StoreFuture<'a, ()>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_double_to_the_cap() {
        let seconds = |attempts| ThrottlePolicy::ACCOUNT.delay(attempts).as_secs();
        let delays: Vec<_> = (4..13).map(seconds).collect();
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(seconds(u32::MAX), 15);
        assert_eq!(ThrottlePolicy::ADDRESS.delay(u32::MAX).as_secs(), 60);
    }

    proptest! {
        /// Whatever the clock does, nobody waits longer than the cap, and guessing has a rate.
        #[test]
        fn attempts_have_a_rate_and_waits_have_an_end(
            steps in proptest::collection::vec(0_u64..20_000, 1..200)
        ) {
            let policy = ThrottlePolicy::ACCOUNT;
            let (mut held, mut now, mut counted) = (None, 1_000_000_000_u64, 0_u64);
            for step in &steps {
                now += step;
                match policy.begin(held, Timestamp::default().plus(Duration::from_millis(now))) {
                    Ok(state) => {
                        counted += 1;
                        held = Some(state);
                    }
                    Err(wait) => prop_assert!(wait <= policy.cap && wait > Duration::ZERO),
                }
            }
            // 5 free attempts, the one after them, four delays below the cap, then one attempt in 15 s.
            let span: u64 = steps.iter().sum();
            prop_assert!(counted <= 10 + span / 15_000, "{} in {} ms", counted, span);
        }
    }
}
