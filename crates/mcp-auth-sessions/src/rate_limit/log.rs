//! The moving window: each request counts for one window from when it was made, so that no span of that length holds more
//! than the limit, wherever it begins.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{Limit, Window, length, milliseconds};

/// The requests that count: those that stop counting soonest first, at most [`Log::LENGTH`] entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log(Box<[Window]>);

impl Log {
    /// Most entries of a log. A limit up to this amount has one for each request.
    pub const LENGTH: u32 = 64;

    /// To how many milliseconds the moments of a log are rounded up. It is 1 where each request may have an entry of its
    /// own. Above, requests share entries, and each counts for up to a 62nd of the window longer than it should.
    pub fn grain(limit: &Limit) -> u64 {
        // Where a window begins and ends within a grain it touches one more; and one entry may come from elsewhere.
        let grains = u64::from(Self::LENGTH) - 2;
        if limit.amount() <= Self::LENGTH { 1 } else { length(limit).div_ceil(grains) }
    }

    /// The entries.
    pub fn entries(&self) -> &[Window] {
        &self.0
    }

    /// Counts one request on top of `held`: the new log, or how long to wait. A pure function, which every store computes in
    /// one step with reading and writing.
    ///
    /// # Errors
    /// The time until enough requests have stopped counting; nothing is counted.
    pub fn hit(held: Option<&Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        let (now, grain) = (milliseconds(now), Self::grain(limit));
        let live = held.map_or(&[][..], |log| log.live(now));
        let surplus = (sum(live) + 1).saturating_sub(limit.amount().into());
        if surplus > 0 {
            // Where longer limits count in it too, some may count for longer.
            let longest = length(limit) + grain - 1;
            let wait = end_of(live, surplus).saturating_sub(now).min(longest);
            return Err(Duration::from_millis(wait));
        }
        Ok(with_one_more(live, latest(limit, now)))
    }

    /// What is left of it by a clock that was set back since: no request counts for longer than one that is made now. `None`
    /// where none does. See [`Window::settled`].
    pub fn settled(&self, limit: &Limit, now: Timestamp) -> Option<Self> {
        let latest = latest(limit, milliseconds(now));
        let sooner = |entry: &Window| Window { ends_at: entry.ends_at.min(latest), ..*entry };
        let is_late = self.0.last().is_some_and(|last| last.ends_at > latest);
        is_late.then(|| Self(self.0.iter().map(sooner).collect()))
    }

    /// How many requests count.
    pub(super) fn count(&self, now: Timestamp) -> u64 {
        sum(self.live(milliseconds(now)))
    }

    /// Whether none counts any more.
    pub(super) fn is_idle(&self, now: u64) -> bool {
        self.live(now).is_empty()
    }

    /// The same in one entry, which is no looser: all of them count as long as the last one.
    pub(super) fn in_one_entry(&self) -> Self {
        let count = u32::try_from(sum(&self.0)).unwrap_or(u32::MAX);
        let last = self.0.last().map(|last| Window { count, ..*last });
        Self(last.into_iter().collect())
    }

    fn live(&self, now: u64) -> &[Window] {
        let ended = self.0.partition_point(|entry| entry.ends_at <= now);
        self.0.get(ended..).unwrap_or_default()
    }
}

/// Until when a request counts that is made now.
fn latest(limit: &Limit, now: u64) -> u64 {
    let end = now.saturating_add(length(limit));
    end.checked_next_multiple_of(Log::grain(limit)).unwrap_or(u64::MAX)
}

fn sum(entries: &[Window]) -> u64 {
    entries.iter().map(|entry| u64::from(entry.count)).sum()
}

/// When so many requests have stopped counting.
fn end_of(entries: &[Window], requests: u64) -> u64 {
    let mut ended = 0;
    let enough = entries.iter().find(|entry| {
        ended += u64::from(entry.count);
        ended >= requests
    });
    enough.map_or(0, |entry| entry.ends_at)
}

/// Where one counts for longer already, the new one counts as long, so that the order holds.
fn with_one_more(live: &[Window], end: u64) -> Log {
    let mut entries = Vec::with_capacity(live.len() + 1);
    entries.extend_from_slice(live);
    match entries.last_mut() {
        Some(last) if last.ends_at >= end => last.count = last.count.saturating_add(1),
        _ => entries.push(Window { count: 1, ends_at: end }),
    }
    Log(entries.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::Limits;

    fn limit(text: &str) -> Limit {
        *text.parse::<Limits>().unwrap().iter().next().unwrap()
    }

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_millis(milliseconds))
    }

    /// When requests passed and when they were refused, and that no log was too long.
    fn walk(limit: &Limit, steps: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let (mut held, mut now) = (None, 1_000_000_u64);
        let (mut passed, mut refused) = (Vec::new(), Vec::new());
        for step in steps {
            now += step;
            match Log::hit(held.as_ref(), limit, at(now)) {
                Ok(log) => {
                    assert!(log.0.len() <= 64 && log.0.is_sorted_by_key(|entry| entry.ends_at));
                    passed.push(now);
                    held = Some(log);
                }
                Err(_) => refused.push(now),
            }
        }
        (passed, refused)
    }

    #[test]
    fn small_limits_are_exact_and_large_ones_nearly() {
        assert_eq!(Log::grain(&limit("64/day")), 1);
        assert_eq!(Log::grain(&limit("65/62seconds")), 1_000);
        assert_eq!(Log::grain(&limit("65/second")), 17);
        assert_eq!(Log::grain(&limit("4294967295/100years")), 50_167_741_936);
    }

    #[test]
    fn a_log_in_one_entry_is_no_looser() {
        let limit = limit("3/second");
        let first = Log::hit(None, &limit, at(0)).unwrap();
        let both = Log::hit(Some(&first), &limit, at(600)).unwrap();
        assert_eq!(both.entries().len(), 2);
        let one = both.in_one_entry();
        assert_eq!(one.entries(), [Window { count: 2, ends_at: 1_600 }]);
        assert_eq!((both.count(at(1_599)), one.count(at(1_599))), (1, 2));
        assert_eq!((one.count(at(1_600)), one.is_idle(1_600)), (0, true));
    }

    #[test]
    fn moments_at_the_end_of_time_do_not_panic() {
        let (limit, end) = (limit("65/second"), Timestamp::default().plus(Duration::MAX));
        let log = Log::hit(None, &limit, end).unwrap();
        assert!(Log::hit(Some(&log), &limit, Timestamp::default()).is_ok());
    }

    proptest! {
        /// No span of one window holds more than the limit, and what is refused has a reason.
        #[test]
        fn no_span_of_one_window_holds_more_than_the_limit(
            small in proptest::collection::vec(0_u64..700, 1..200),
            large in proptest::collection::vec(0_u64..9, 1..900),
        ) {
            for (text, steps) in [("3/second", small), ("80/second", large)] {
                let limit = limit(text);
                let amount = usize::try_from(limit.amount()).unwrap();
                let (passed, refused) = walk(&limit, &steps);
                for span in passed.windows(amount + 1) {
                    prop_assert!(span[amount] - span[0] >= 1_000, "{} within a second", span.len());
                }
                for now in refused {
                    let recent = |then: &&u64| **then <= now && **then + 1_000 + Log::grain(&limit) > now;
                    prop_assert!(passed.iter().filter(recent).count() >= amount, "at {}", now);
                }
            }
        }
    }
}
