//! The generic cell rate algorithm (ITU-T I.371, annex A): requests pass at an even rate, and as many as the limit says at
//! once after a rest.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::Limit;

/// When the next request would be due if all had come at the even rate: the "theoretical arrival time". It moves on by one
/// interval with each request, and how far it may be ahead of the clock is the burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// In microseconds since 1970.
    pub at: u64,
}

impl Arrival {
    /// Microseconds between requests at the even rate. Rounded up, so that the rate of the limit is never exceeded; one at
    /// least, so that no more than a million requests pass in a second for good.
    pub fn interval(limit: &Limit) -> u64 {
        window(limit).div_ceil(limit.amount().into())
    }

    /// How many microseconds the arrival may be ahead of the clock: as many intervals as the limit has requests.
    pub fn burst(limit: &Limit) -> u64 {
        Self::interval(limit).saturating_mul(limit.amount().into())
    }

    /// Counts one request on top of `held`: the new arrival, or how long to wait. A pure function, which every store computes
    /// in one step with reading and writing.
    ///
    /// # Errors
    /// The time until a request is due, in whole milliseconds, rounded up; nothing is counted.
    pub fn hit(held: Option<Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        let next = Self { at: Self::start(held, now).saturating_add(Self::interval(limit)) };
        let burst = Self::burst(limit);
        let early = next.ahead(now).saturating_sub(burst);
        // Where longer limits count in it too, it may be further ahead.
        let wait = Duration::from_millis(early.min(burst).div_ceil(1_000));
        if early == 0 { Ok(next) } else { Err(wait) }
    }

    /// What is left of it by a clock that was set back since: no arrival is further ahead than the burst. `None` where it is
    /// not. See [`Window::settled`](super::Window::settled).
    pub fn settled(self, limit: &Limit, now: Timestamp) -> Option<Self> {
        let latest = microseconds(now).saturating_add(Self::burst(limit));
        (self.at > latest).then_some(Self { at: latest })
    }

    /// How many requests may follow at once.
    pub(super) fn remaining(self, limit: &Limit, now: Timestamp) -> u32 {
        let room = Self::burst(limit).saturating_sub(self.ahead(now));
        u32::try_from(room / Self::interval(limit).max(1)).unwrap_or(u32::MAX)
    }

    /// Rest is not saved up: an arrival that lies behind begins at the clock.
    fn start(held: Option<Self>, now: Timestamp) -> u64 {
        let now = microseconds(now);
        held.map_or(now, |held| held.at.max(now))
    }

    /// Microseconds that it lies ahead of the clock.
    fn ahead(self, now: Timestamp) -> u64 {
        self.at.saturating_sub(microseconds(now))
    }
}

fn window(limit: &Limit) -> u64 {
    limit.window().as_secs().saturating_mul(1_000_000)
}

fn microseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.since_epoch().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::Limits;

    fn limit(text: &str) -> Limit {
        *text.parse::<Limits>().unwrap().iter().next().unwrap()
    }

    fn at(microseconds: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_micros(microseconds))
    }

    #[test]
    fn intervals_are_never_too_short() {
        let both = |text: &str| (Arrival::interval(&limit(text)), Arrival::burst(&limit(text)));
        assert_eq!(both("10/minute"), (6_000_000, 60_000_000));
        assert_eq!(both("7/minute"), (8_571_429, 60_000_003));
        assert_eq!(both("4294967295/second"), (1, 4_294_967_295));
    }

    #[test]
    fn after_the_burst_one_passes_each_interval() {
        let limit = limit("3/minute");
        let mut held = None;
        for left in [2, 1, 0] {
            held = Some(Arrival::hit(held, &limit, at(5)).unwrap());
            assert_eq!(held.unwrap().remaining(&limit, at(5)), left);
        }
        assert_eq!(Arrival::hit(held, &limit, at(5)), Err(Duration::from_secs(20)));
        assert_eq!(Arrival::hit(held, &limit, at(6)), Err(Duration::from_secs(20)), "rounded up");
        held = Some(Arrival::hit(held, &limit, at(20_000_005)).unwrap());
        assert!(Arrival::hit(held, &limit, at(20_000_005)).is_err(), "and no more");
        assert_eq!(held.unwrap().remaining(&limit, at(20_000_005)), 0);
        assert_eq!(held.unwrap().remaining(&limit, at(80_000_005)), 3, "after a rest, all of it");
    }

    #[test]
    fn moments_at_the_end_of_time_do_not_panic() {
        let (limit, end) = (limit("7/second"), Timestamp::default().plus(Duration::MAX));
        let arrival = Arrival::hit(None, &limit, end).unwrap();
        let wait = Arrival::hit(Some(arrival), &limit, Timestamp::default()).unwrap_err();
        assert_eq!(wait, Duration::from_millis(1_001), "no longer than the burst");
    }

    proptest! {
        /// In any span no more pass than the burst and what the rate brings.
        #[test]
        fn no_span_holds_more_than_burst_and_rate(
            steps in proptest::collection::vec(0_u64..400_000, 1..300)
        ) {
            let limit = limit("7/second");
            let (mut held, mut now, mut passed) = (None, 1_000_000_000_u64, Vec::new());
            for step in steps {
                now += step;
                if let Ok(arrival) = Arrival::hit(held, &limit, at(now)) {
                    passed.push(now);
                    held = Some(arrival);
                }
            }
            for (from, first) in passed.iter().enumerate() {
                for (until, last) in passed.iter().enumerate().skip(from) {
                    let count = u64::try_from(until - from + 1).unwrap();
                    // Multiplied by a second, so that nothing is rounded.
                    prop_assert!(count * 1_000_000 <= 7 * 1_000_000 + 7 * (last - first));
                }
            }
        }
    }
}
