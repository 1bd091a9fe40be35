//! Addresses that have signed in before, in memory.

use std::collections::HashMap;

use super::policy::ThrottleState;
use crate::key::CounterKey;

/// Addresses held: what fills 16,384 places of a hash table to seven eighths.
pub(super) const CAPACITY: usize = 14_336;

/// The addresses that have signed in, and until when they are known. Only who signs in is added, so strangers cannot make it
/// full; when it is, the one that is known least long from now on makes room.
#[derive(Debug)]
pub(super) struct Known {
    until: HashMap<CounterKey, ThrottleState>,
    capacity: usize,
}

impl Known {
    /// The most bytes it takes. Keys that come and go can make the table double its places once, and both tables are there
    /// while it does.
    pub(super) const MAX_BYTES: usize =
        3 * (CAPACITY / 7 * 8) * (size_of::<(CounterKey, ThrottleState)>() + 1) + 4_096;

    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { until: HashMap::with_capacity(capacity), capacity }
    }

    pub(super) fn get(&self, key: &CounterKey) -> Option<ThrottleState> {
        self.until.get(key).copied()
    }

    pub(super) fn put(&mut self, key: CounterKey, known: ThrottleState) {
        if self.until.len() >= self.capacity && !self.until.contains_key(&key) {
            let oldest = self.until.iter().min_by_key(|(_, known)| known.forget_at);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.until.remove(&oldest);
            }
        }
        self.until.insert(key, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(forget_at: u64) -> ThrottleState {
        ThrottleState { attempts: 0, next_at: 0, forget_at }
    }

    #[test]
    fn a_full_one_forgets_who_is_known_least_long() {
        let [one, two, three] = ["1", "2", "3"].map(|name| CounterKey::of("test", name));
        let mut known = Known::with_capacity(2);
        known.put(one, until(10));
        known.put(two, until(11));
        known.put(one, until(12));
        known.put(three, until(13));
        assert_eq!(known.get(&two), None);
        assert_eq!(known.get(&one), Some(until(12)));
        assert_eq!(known.get(&three), Some(until(13)));
    }
}
