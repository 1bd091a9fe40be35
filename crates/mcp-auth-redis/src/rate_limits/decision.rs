//! One decision: what the engine is asked, and what its answer means.

use std::time::Duration;

use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::{Arrival, Hit, Limit, Limits, Log, Strategy};

use crate::keys::Group;
use crate::script::{Ask, FIXED_WINDOW, GCRA, MOVING_WINDOW, Program, one_call};
use crate::slot::Slot;

/// A request, and the counters by which it is judged.
#[derive(Debug)]
pub(super) struct Question {
    strategy: Strategy,
    key: CounterKey,
    pub(super) counters: Vec<(CounterKey, Limit)>,
}

/// What becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) hit: Hit,
    /// The counters that are full, and for how many milliseconds.
    pub(super) full: Vec<(CounterKey, u64)>,
}

impl Question {
    pub(super) fn new(strategy: Strategy, key: CounterKey, limits: &Limits) -> Self {
        let counters = limits.iter().map(|limit| (limit.key(key), *limit)).collect();
        Self { strategy, key, counters }
    }

    /// The call of the program, and where to send it: each key has a slot of its own, so that a cluster's nodes share the work.
    /// Without `now`, in microseconds since 1970, the engine's clock counts.
    pub(super) fn ask(&self, namespace: &str, now: Option<u64>) -> (Slot, Ask) {
        let keys = Group::new(namespace, &format!("limit:{}", hex::encode(self.key.as_bytes())));
        let (program, kind) = program(self.strategy);
        let name = |counter: &CounterKey| format!("{kind}{}", hex::encode(counter.as_bytes()));
        let names: Vec<_> = self.counters.iter().map(|(counter, _)| name(counter)).collect();
        let mut call = keys.call(program, &names.iter().map(String::as_str).collect::<Vec<_>>());
        call.arg(now.map(|now| now.to_string()).unwrap_or_default());
        for (_, limit) in &self.counters {
            call.arg(arguments(self.strategy, limit));
        }
        (keys.slot, one_call(program, call))
    }

    /// Reads an answer; `None` where it is not one of the program.
    pub(super) fn verdict(&self, answer: &[i64]) -> Option<Verdict> {
        if answer.len() != self.counters.len() {
            return None;
        }
        let judged = || self.counters.iter().zip(answer.iter().copied());
        let full = judged().filter(|(_, told)| *told < 0);
        let full: Vec<_> = full.map(|(counter, told)| (*counter, told.unsigned_abs())).collect();
        let longest = full.iter().map(|((_, limit), wait)| (*wait, *limit)).max();
        let hit = match longest {
            Some((wait, limit)) => refused(limit, wait),
            None => Hit::Allowed { remaining: u32::try_from(*answer.iter().min()?).ok()? },
        };
        let full = full.into_iter().map(|((counter, _), wait)| (counter, wait)).collect();
        Some(Verdict { hit, full })
    }
}

/// The program of a strategy, and how the names of its counters begin. They differ, so that no program reads what another
/// wrote when servers change over from one strategy to another.
fn program(strategy: Strategy) -> (&'static Program, &'static str) {
    match strategy {
        Strategy::FixedWindow => (&FIXED_WINDOW, ""),
        Strategy::MovingWindow => (&MOVING_WINDOW, "moving:"),
        Strategy::Gcra => (&GCRA, "gcra:"),
    }
}

/// What the program is told of a limit.
fn arguments(strategy: Strategy, limit: &Limit) -> Vec<u64> {
    let (amount, window) = (u64::from(limit.amount()), milliseconds(limit.window()));
    match strategy {
        Strategy::FixedWindow => vec![amount, window],
        Strategy::MovingWindow => vec![amount, window, Log::grain(limit)],
        Strategy::Gcra => vec![Arrival::interval(limit), Arrival::burst(limit)],
    }
}

/// A refusal for so many milliseconds.
pub(super) fn refused(limit: Limit, wait: u64) -> Hit {
    Hit::Refused { limit, retry_after: Duration::from_millis(wait) }
}

pub(super) fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_told_and_the_fewest_that_remain() {
        let limits: Limits = "5/second; 9/minute; 7/hour".parse().unwrap();
        let question = Question::new(Strategy::Gcra, CounterKey::of("test", "a"), &limits);
        let hit = |answer: &[i64]| question.verdict(answer).map(|verdict| verdict.hit);
        assert_eq!(hit(&[4, 8, 6]), Some(Hit::Allowed { remaining: 4 }));
        let [first, second, _] = limits.iter().collect::<Vec<_>>()[..] else { panic!("three") };
        assert_eq!(hit(&[-3, 0, 6]), Some(refused(*first, 3)));
        assert_eq!(hit(&[-3, -4, 0]), Some(refused(*second, 4)));
        let full = question.verdict(&[-3, -4, 0]).unwrap().full;
        assert_eq!(full, [(first.key(question.key), 3), (second.key(question.key), 4)]);
        for odd in [&[][..], &[1, 2], &[1, 2, 3, 4], &[i64::MAX; 3]] {
            assert_eq!(hit(odd), None, "{odd:?}");
        }
    }
}
