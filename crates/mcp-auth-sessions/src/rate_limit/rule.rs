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

    /// What is left of one key's by a clock that was set back since, where that is less.
    fn settled(&self, limit: &Limit, now: Timestamp) -> Option<Self>;

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

    fn settled(&self, limit: &Limit, now: Timestamp) -> Option<Self> {
        Self::settled(*self, limit, now)
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

    fn settled(&self, limit: &Limit, now: Timestamp) -> Option<Self> {
        self.settled(limit, now)
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

    fn settled(&self, limit: &Limit, now: Timestamp) -> Option<Self> {
        Self::settled(*self, limit, now)
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

    /// A clock that is set back and goes on from there gives nobody more than the limit, and lets all in again in time.
    fn a_clock_set_back_frees_and_locks_out_nobody<R: Rule>(limit: &Limit, back: u64) {
        let hit = |held: &mut Option<R>, now| {
            let settled = held.as_ref().and_then(|held| held.settled(limit, at(now)));
            *held = settled.or(held.take());
            let counted = R::hit(held.as_ref(), limit, at(now));
            counted.map(|counted| *held = Some(counted)).is_ok()
        };
        let mut held = None;
        while hit(&mut held, START) {}
        let set_back = START - back;
        let passed: Vec<_> = (0..1_100).filter(|after| hit(&mut held, set_back + after)).collect();
        let too_early = passed.iter().filter(|after| **after < 1_000).count();
        assert!(too_early <= usize::try_from(limit.amount()).unwrap(), "{too_early} passed");
        assert!(!passed.is_empty(), "nobody is let in for {back} ms");
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

    fn keeps_all<R: Rule>(steps: &[u64], back: u64) {
        for limit in limits() {
            waits_are_exact::<R>(&limit, steps);
            a_clock_set_back_frees_and_locks_out_nobody::<R>(&limit, back);
            what_remains_passes::<R>(&limit, steps);
        }
    }

    proptest! {
        #[test]
        fn every_strategy_keeps_what_all_have_in_common(
            steps in proptest::collection::vec(0_u64..90, 1..300),
            back in 0..START,
        ) {
            keeps_all::<Window>(&steps, back);
            keeps_all::<Log>(&steps, back);
            keeps_all::<Arrival>(&steps, back);
        }
    }
}
