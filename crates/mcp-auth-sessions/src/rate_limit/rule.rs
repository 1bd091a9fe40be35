//! What the store in memory asks of each strategy.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{Arrival, Limit, Log, Window};
use crate::bounded::Counter;

/// One strategy, by what it holds of a key and a limit.
pub(super) trait Rule: Counter + Sized {
    /// Counts one request on top of `held`.
    ///
    /// # Errors
    /// How long to wait; nothing is counted.
    fn hit(held: Option<&Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration>;

    /// How many requests may follow at once.
    fn remaining(&self, limit: &Limit, now: Timestamp) -> u32;

    /// The same where other keys and limits count too, in little room: never looser for any of them.
    fn shared(self, limit: &Limit, now: Timestamp) -> Self;
}

impl Counter for Window {
    fn is_idle(&self, now: u64) -> bool {
        self.ends_at <= now
    }
}

impl Rule for Window {
    fn hit(held: Option<&Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        Self::hit(held.copied(), limit, now)
    }

    fn remaining(&self, limit: &Limit, _: Timestamp) -> u32 {
        limit.amount().saturating_sub(self.count)
    }

    fn shared(self, limit: &Limit, now: Timestamp) -> Self {
        self.open_for_all_of(limit, now)
    }
}

impl Counter for Log {
    fn is_idle(&self, now: u64) -> bool {
        self.is_idle(now)
    }
}

impl Rule for Log {
    fn hit(held: Option<&Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        Self::hit(held, limit, now)
    }

    fn remaining(&self, limit: &Limit, now: Timestamp) -> u32 {
        let left = u64::from(limit.amount()).saturating_sub(self.count(now));
        u32::try_from(left).unwrap_or_default()
    }

    fn shared(self, _: &Limit, _: Timestamp) -> Self {
        self.in_one_entry()
    }
}

impl Counter for Arrival {
    fn is_idle(&self, now: u64) -> bool {
        self.at <= now.saturating_mul(1_000)
    }
}

impl Rule for Arrival {
    fn hit(held: Option<&Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        Self::hit(held.copied(), limit, now)
    }

    fn remaining(&self, limit: &Limit, now: Timestamp) -> u32 {
        Self::remaining(*self, limit, now)
    }

    /// Each request moves an arrival on, whoever made it, so it is never sooner than that of one key alone.
    fn shared(self, _: &Limit, _: Timestamp) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::Limits;

    const START: u64 = 1_000_000;

    fn limits() -> Vec<Limit> {
        "3/second; 7/second; 80/second".parse::<Limits>().unwrap().iter().copied().collect()
    }

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_millis(milliseconds))
    }

    /// What is refused is due after the wait and not before; what passes now would pass later as well.
    fn waits_are_exact<R: Rule>(limit: &Limit, steps: &[u64]) {
        let (mut held, mut now) = (None, START);
        let passes = |held: &Option<R>, then| R::hit(held.as_ref(), limit, at(then)).is_ok();
        for step in steps {
            now += step;
            match R::hit(held.as_ref(), limit, at(now)) {
                Ok(counted) => {
                    assert!(passes(&held, now + 1 + step), "later is never stricter");
                    held = Some(counted);
                }
                Err(wait) => {
                    let wait = u64::try_from(wait.as_millis()).unwrap();
                    assert!((1..1_100).contains(&wait), "{wait} ms");
                    assert!(passes(&held, now + wait) && !passes(&held, now + wait - 1));
                }
            }
        }
    }

    /// While the clock shows no more than at the first request, no more pass than the limit says.
    fn a_clock_set_back_lets_nothing_pass<R: Rule>(limit: &Limit, back: &[u64]) {
        let (mut held, mut passed) = (None, 0);
        for back in std::iter::once(&0).chain(back) {
            match R::hit(held.as_ref(), limit, at(START - back)) {
                Ok(counted) => (passed, held) = (passed + 1, Some(counted)),
                Err(wait) => assert!(wait < Duration::from_millis(1_100), "{wait:?}"),
            }
        }
        assert!(passed <= limit.amount(), "{passed} passed");
    }

    /// As many follow at once as are said to remain.
    fn what_remains_passes<R: Rule>(limit: &Limit, steps: &[u64]) {
        let (mut held, mut now) = (None::<R>, START);
        for step in steps {
            now += step;
            held = R::hit(held.as_ref(), limit, at(now)).ok().or(held);
        }
        now += 1_100;
        let mut counted = R::hit(held.as_ref(), limit, at(now)).unwrap();
        for _ in 0..counted.remaining(limit, at(now)) {
            counted = R::hit(Some(&counted), limit, at(now)).unwrap();
        }
        assert!(R::hit(Some(&counted), limit, at(now)).is_err());
    }

    fn keeps_all<R: Rule>(steps: &[u64], back: &[u64]) {
        for limit in limits() {
            waits_are_exact::<R>(&limit, steps);
            a_clock_set_back_lets_nothing_pass::<R>(&limit, back);
            what_remains_passes::<R>(&limit, steps);
        }
    }

    proptest! {
        #[test]
        fn every_strategy_keeps_what_all_have_in_common(
            steps in proptest::collection::vec(0_u64..90, 1..300),
            back in proptest::collection::vec(0_u64..START, 1..200),
        ) {
            keeps_all::<Window>(&steps, &back);
            keeps_all::<Log>(&steps, &back);
            keeps_all::<Arrival>(&steps, &back);
        }
    }
}
