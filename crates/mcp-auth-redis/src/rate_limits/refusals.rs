//! Who is refused until when, so that a flood of one key costs no questions.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::rate_limit::Hit;

use super::decision::{Question, milliseconds, refused};

/// Counters that are remembered at most; one takes the place of another where both have the same.
const PLACES: usize = 8_192;

/// Full counters, and when they empty. In 256 KiB, whatever keys come.
#[derive(Debug)]
pub(super) struct Refusals(Mutex<Places>);

/// Each with a full counter, and the moment at which it empties.
type Places = Box<[Option<(CounterKey, u64)>]>;

impl Refusals {
    pub(super) fn new() -> Self {
        Self(Mutex::new(vec![None; PLACES].into_boxed_slice()))
    }

    /// The counter is full until then. Moments are milliseconds of one clock.
    pub(super) fn remember(&self, counter: CounterKey, until: u64) {
        if let Some(place) = self.places().get_mut(place(counter)) {
            *place = Some((counter, until));
        }
    }

    /// The refusal of a request, where one of its counters is known to be full.
    pub(super) fn hit(&self, question: &Question, now: u64) -> Option<Hit> {
        let places = self.places();
        let full = question.counters.iter().filter_map(|(counter, limit)| {
            let (held, until) = places.get(place(*counter)).copied().flatten()?;
            // A clock that was set back must not keep anybody out for longer than the window.
            let wait = until.saturating_sub(now).min(milliseconds(limit.window()));
            (held == *counter && wait > 0).then_some((wait, *limit))
        });
        full.max().map(|(wait, limit)| refused(limit, wait))
    }

    // Places are replaced whole, so a poisoned lock still guards sound data.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys are hashes already.
fn place(counter: CounterKey) -> usize {
    let [first, second, ..] = *counter.as_bytes();
    usize::from(u16::from_le_bytes([first, second])) % PLACES
}

#[cfg(test)]
mod tests {
    use mcp_auth_sessions::rate_limit::{Limits, Strategy};

    use super::*;

    fn question(name: &str) -> Question {
        let limits: Limits = "1/second; 1/minute".parse().unwrap();
        Question::new(Strategy::default(), CounterKey::of("test", name), &limits)
    }

    #[test]
    fn a_full_counter_refuses_until_it_empties() {
        let (refusals, alice) = (Refusals::new(), question("alice"));
        assert_eq!(refusals.hit(&alice, 0), None);
        let [(short, second), (long, minute)] = alice.counters[..] else { panic!("two") };
        refusals.remember(short, 1_000);
        assert_eq!(refusals.hit(&alice, 1), Some(refused(second, 999)));
        refusals.remember(long, 1_500);
        assert_eq!(refusals.hit(&alice, 1), Some(refused(minute, 1_499)), "the longest wait");
        assert_eq!(refusals.hit(&alice, 1_499), Some(refused(minute, 1)));
        assert_eq!(refusals.hit(&alice, 1_500), None);
        assert_eq!(refusals.hit(&question("bob"), 1), None);
    }

    #[test]
    fn who_has_the_place_of_another_is_not_taken_for_it() {
        let refusals = Refusals::new();
        let alice = question("alice");
        let (counter, _) = alice.counters[0];
        let same_place = (0..).map(|n: u32| question(&n.to_string()));
        let mut same_place =
            same_place.filter(|other| place(other.counters[0].0) == place(counter));
        let other = same_place.next().unwrap();
        refusals.remember(other.counters[0].0, 1_000);
        assert_eq!(refusals.hit(&alice, 1), None);
        refusals.remember(counter, 1_000);
        assert!(refusals.hit(&alice, 1).is_some());
        assert_eq!(refusals.hit(&other, 1), None, "which asks again, and no more");
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_longer_than_the_window() {
        let (refusals, alice) = (Refusals::new(), question("alice"));
        let (counter, second) = alice.counters[0];
        refusals.remember(counter, 1_000_000);
        assert_eq!(refusals.hit(&alice, 0), Some(refused(second, 1_000)));
    }
}
