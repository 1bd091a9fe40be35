//! How failures become delay, for one key.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::milliseconds;

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

/// A place in the line for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Milliseconds since 1970 at which the attempt's turn comes: now, where nobody waits.
    pub(super) turn: u64,
    /// The account's state with this attempt.
    pub(super) account: ThrottleState,
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

    /// How far ahead turns are given: with [`ACCOUNT`](Self::ACCOUNT) to 5,760 networks at once.
    pub const LONGEST_LINE: Duration = Duration::from_hours(24);

    /// Counts one attempt on top of `held`: the new state, or how long to wait.
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
        Ok(self.counted(attempts, now))
    }

    /// Counts one attempt at the end of the line that `held` tells of, whenever its turn is.
    ///
    /// # Errors
    /// The milliseconds until the line has room; nothing is counted.
    pub(super) fn line_up(&self, held: Option<ThrottleState>, now: u64) -> Result<Place, u64> {
        let held = held.filter(|held| !held.is_forgotten(now));
        let wait = self.line(held, now);
        match wait.saturating_sub(milliseconds(Self::LONGEST_LINE)) {
            0 => {
                let turn = now.saturating_add(wait);
                let attempts = held.map_or(1, |held| held.attempts.saturating_add(1));
                Ok(Place { turn, account: self.counted(attempts, turn) })
            }
            full => Err(full),
        }
    }

    /// How many milliseconds the line is long that `held` tells of. A longer one than so many attempts make was there before
    /// the clock was set back, and counts as none.
    pub(super) fn line(&self, held: Option<ThrottleState>, now: u64) -> u64 {
        let Some(held) = held else { return 0 };
        let wait = held.next_at.saturating_sub(now);
        let delay = self.delay(held.attempts);
        let longest = Self::LONGEST_LINE.saturating_add(delay);
        let longest = delay.saturating_mul(held.attempts).min(longest);
        if wait <= milliseconds(longest) { wait } else { 0 }
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

    fn delay_of(&self, held: ThrottleState) -> u64 {
        milliseconds(self.delay(held.attempts))
    }

    /// The state after so many attempts, the last of them at `at`.
    fn counted(&self, attempts: u32, at: u64) -> ThrottleState {
        let next_at = at.saturating_add(milliseconds(self.delay(attempts)));
        let forget_at = next_at.saturating_add(milliseconds(self.forget_after));
        ThrottleState { attempts, next_at, forget_at }
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

    pub(crate) fn is_forgotten(&self, now: u64) -> bool {
        self.forget_at <= now
    }
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

    #[test]
    fn a_line_has_an_end() {
        let now = 1_000_000_000;
        let (mut held, mut turns) = (None, 0_u64);
        let full = loop {
            match ThrottlePolicy::ACCOUNT.line_up(held, now) {
                Ok(place) => held = Some(place.account),
                Err(full) => break full,
            }
            turns += 1;
        };
        assert_eq!(turns, 5_769, "5 at once, then 5 that come sooner, then one in 15 s for 24 h");
        assert!(full <= 15_000, "{full} ms");
        let later = now + full;
        assert!(ThrottlePolicy::ACCOUNT.line_up(held, later).is_ok(), "it has room when it said");
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
